"""Turns every error into an answer: JSON for the API, a page for customers."""

import logging
import traceback

from flask import Flask, Response, render_template, request
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException, InternalServerError, RequestEntityTooLarge

from portal.errors import Conflict, NotAuthenticated, PortalError, TooManyRequests, Unavailable
from portal.web.limits import RequestTooLarge
from portal.web.requests import is_api_request, request_id
from portal.web.responses import json_response
from portal.wire.errors import render_error

log = logging.getLogger("portal")


class UnexpectedError(PortalError):
    """A fault of the portal. The log has the traceback under the request id."""

    status = 500
    type = "api_error"


def init_app(app: Flask) -> None:
    """Have `app` answer every error here."""
    app.register_error_handler(Exception, _answer_error)


def _answer_error(error: Exception) -> Response:
    known = _as_portal_error(error)
    _log_failure(error, known)
    if is_api_request():
        response = json_response(render_error(known, request_id()), known.status)
    else:
        response = Response(_render_page(known), known.status, mimetype="text/html")
    if known.status == NotAuthenticated.status:
        response.headers["WWW-Authenticate"] = 'Bearer realm="portal"'
    if known.status == Unavailable.status:
        response.headers["Retry-After"] = str(RETRY_AFTER)
    if isinstance(known, TooManyRequests):
        response.headers["Retry-After"] = "1"
        response.headers["Stripe-Rate-Limited-Reason"] = "global-rate"
    if isinstance(known, Conflict | TooManyRequests | Unavailable):
        response.headers["Stripe-Should-Retry"] = "true"
    return response


def _log_failure(error: Exception, known: PortalError) -> None:
    if known.status == Unavailable.status:
        # an outage meets every request, and its cause is in the one line that the driver says
        log.error("request %s is answered 503: %s", request_id(), _first_cause(error))
    elif known.status >= 500:
        log.error("request %s failed: %s", request_id(), "".join(traceback.format_exception(error)))


def _first_cause(error: BaseException) -> str:
    while cause := getattr(error, "original_exception", None) or error.__cause__:
        error = cause
    return f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"


def _render_page(known: PortalError) -> str:
    try:
        return render_template("hosted/error.html", error=known, request_id=request_id())
    except Exception:
        log.exception("the error page of request %s can't be rendered", request_id())
        return _BARE_PAGE.format(status=known.status, request_id=request_id())


#: Seconds after which to ask again what could not be answered.
RETRY_AFTER = 10
#: What is said where even the error page fails.
_BARE_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>We can't answer right now</title>
<h1>We can't answer right now</h1>
<p>Nothing was changed. Please try again in a minute.</p>
<p>Error {status}. If you ask for help, name this reference: {request_id}</p>
"""


def _as_portal_error(error: Exception) -> PortalError:
    if isinstance(error, InternalServerError) and isinstance(error.original_exception, Exception):
        # raised outside of a view, as when a visit is opened
        return _as_portal_error(error.original_exception)
    if isinstance(error, PortalError):
        return error
    if isinstance(error, OperationalError | PoolTimeout):
        return Unavailable("The database can't answer at the moment. Please try again.")
    if isinstance(error, RequestEntityTooLarge):
        return RequestTooLarge()
    if isinstance(error, HTTPException):
        return _from_http_error(error)
    return UnexpectedError("An unexpected error happened. Nothing was changed.")


def _from_http_error(error: HTTPException) -> PortalError:
    if error.code in {404, 405} and is_api_request():
        known = PortalError(
            f"Unrecognized request URL ({request.method}: {request.path[:200]}). This portal serves a part of the "
            "reference's calls, without those that move money; /docs lists them."
        )
        known.status = 404
        return known
    known = PortalError(error.description or error.name)
    known.status = error.code or 500
    return known
