"""Signing in by a code: the login page of a configuration, and the way back into a visit that has ended."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, redirect, render_template, request
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response as AnyResponse

from portal import clock
from portal.billing.customer_portal import codes, logins
from portal.db import Scope, find
from portal.errors import ResourceMissing
from portal.hosted import brand, visits
from portal.hosted.expired import expired, restorable
from portal.hosted.forms import CodeForm, LoginForm
from portal.hosted.page import Answer
from portal.models import Account, LoginCode
from portal.outbox import queue
from portal.web import declare, services

blueprint = Blueprint("login", __name__, url_prefix="/p/login")

#: The browser's proof that it asked for the code; Lax, as a mail program may open the page.
COOKIE = "__Host-portal-login"


@blueprint.route("/<token>", methods=["GET", "POST"])
def ask(token: str) -> Answer:
    """Ask for the address; the answer is the same whoever is behind it."""
    with services().database.reading() as db:
        page = logins.page(db, token)
    if page is None:
        return make_response(render_template("hosted/login_gone.html"), 410)
    _use_frame(page.scope)
    form = LoginForm(meta={"csrf": False}, email=request.args.get("prefilled_email", "")[:254])
    if not form.validate_on_submit():
        return make_response(render_template("hosted/login.html", form=form), 400 if form.errors else 200)
    try:
        return _sent(page.scope, logins.AskLogin(page.configuration_id, form.email.data, _network(), ""))
    except codes.TooManyCodes as error:
        form.form_errors.append(_("Too many codes were asked for. Please try again later."))
        return make_response(render_template("hosted/login.html", form=form), error.status)


@blueprint.post("/again/<session_id>")
def again(session_id: str) -> Answer:
    """Send a code to the customer of a visit that has ended, which is taken up when it is entered."""
    found = restorable(session_id)
    if found is None:
        return expired()
    _use_frame(found.scope)
    session = found.session
    asked = logins.AskLogin(session.configuration_id, found.email, _network(), "", session.id)
    try:
        return _sent(found.scope, asked, customer_id=session.customer_id)
    except codes.TooManyCodes:
        return expired(session_id, too_many=True)


@blueprint.route("/code", methods=["GET", "POST"])
def code() -> Answer:
    """Ask for the code; the right one opens the visit, or asks which customer it is to be."""
    pending = _pending()
    if pending is None:
        return make_response(render_template("hosted/login_gone.html"), 410)
    _use_frame(pending.scope)
    if pending.verified:
        return redirect("choose", 303)
    form = CodeForm(meta={"csrf": False})
    if form.validate_on_submit() and _proven(pending, form):
        return _entered(pending)
    return make_response(render_template("hosted/login_code.html", form=form), 400 if form.errors else 200)


@blueprint.route("/choose", methods=["GET", "POST"])
def choose() -> Answer:
    """Several customers share the address: which of them is it to be?"""
    pending = _pending()
    if pending is None or not pending.verified:
        return make_response(render_template("hosted/login_gone.html"), 410)
    _use_frame(pending.scope)
    if request.method == "POST":
        return _enter(pending, request.form.get("customer", ""))
    with services().database.reading(pending.scope) as db:
        choices = logins.customers(db, find(db, LoginCode, pending.id, noun="login code"))
    return render_template("hosted/login_choose.html", choices=choices)


def _sent(scope: Scope, asked: logins.AskLogin, *, customer_id: str | None = None) -> AnyResponse:
    """Note the code and queue its mail; who reads it is the worker's to find out."""
    parts, now = services(), clock.now()
    fresh = codes.new_code(parts.settings.secret_key)
    asked = logins.AskLogin(asked.configuration_id, asked.email, asked.network, fresh.hash, asked.session_id)
    sealed = parts.seal.close(fresh.digits.encode())
    with parts.database.writing(scope) as db:
        made = logins.ask(db, asked, now=now)
        queue.put(
            db,
            "login_code",
            f"login:{made.code.id}",
            now=now,
            customer_id=customer_id,
            address=asked.email,
            sealed=sealed,
            expires_at=made.code.expires_at,
        )
    response = redirect("/p/login/code", 303)
    response.set_cookie(
        COOKIE, made.browser_secret, max_age=codes.LIVES * 2, secure=True, httponly=True, samesite="Lax", path="/"
    )
    return response


def _pending() -> logins.Pending | None:
    secret = request.cookies.get(COOKIE)
    if not secret:
        return None
    with services().database.reading() as db:
        return logins.pending(db, secret, now=clock.now())


def _proven(pending: logins.Pending, form: CodeForm) -> bool:
    """Every failure takes the same work and reads the same."""
    database, now = services().database, clock.now()
    with database.writing(pending.scope) as db:
        tried = logins.attempt(db, pending.id, now=now)
    right = tried is not None and codes.matches(tried.code_hash, form.code.data, services().settings.secret_key)
    if right:
        with database.writing(pending.scope) as db:
            if logins.verify(db, pending.id, now=now):
                return True
    left = codes.MOST_TRIES - tried.tries if tried else 0
    form.code.errors = [_wrong(left)]
    return False


def _wrong(left: int) -> str:
    if not left:
        return str(_("That is not the code, and it doesn't work any more. Ask for a new one."))
    words = ngettext(
        "That is not the code. You have %(num)s try left.",
        "That is not the code. You have %(num)s tries left.",
        left,
    )
    return str(words)


def _entered(pending: logins.Pending) -> AnyResponse:
    with services().database.reading(pending.scope) as db:
        choices = logins.customers(db, find(db, LoginCode, pending.id, noun="login code"))
    return _enter(pending, choices[0].id) if len(choices) == 1 else redirect("choose", 303)


def _enter(pending: logins.Pending, customer_id: str) -> AnyResponse:
    try:
        with services().database.writing(pending.scope) as db:
            opened = logins.enter(db, pending.id, customer_id, now=clock.now())
    except ResourceMissing:
        return make_response(render_template("hosted/login_gone.html"), 410)
    response = Response(status=303, headers={"Location": f"/p/{opened.session_id}/"})
    visits.set_cookie(response, opened.session_id, opened.cookie_secret)
    visits.delete_cookie(response, COOKIE)
    return response


def _network() -> str:
    return request.remote_addr or ""


def _use_frame(scope: Scope) -> None:
    with services().database.reading() as db:
        account = db.get_one(Account, scope.account_id)
    brand.use(brand.of_account(account, livemode=scope.livemode))


for _name in ("ask", "again", "code", "choose"):
    declare(f"login.{_name}", "link")
