"""Who calls: the API key of a request, and the account that it may act for."""

import base64
import binascii

from flask import request

from portal import clock
from portal.billing.accounts import keys
from portal.db import Scope
from portal.errors import NotAuthenticated, PortalError
from portal.web.access_log import set_log_scope
from portal.web.rates import count_request
from portal.web.services import services


class ForeignAccount(PortalError):
    """The key is valid, but not for the account that the call names."""

    status = 403
    code = "account_invalid"


def authenticate_caller() -> keys.Caller:
    """The caller by the key of this request. Raises `NotAuthenticated`, `ForeignAccount` or
    `TooManyRequests`.
    """
    secret = _parse_secret_key()
    now = clock.now()
    found = keys.find_caller(services().database.hot, secret, now=now)
    if found is None:
        raise NotAuthenticated(
            f"Invalid API Key provided: {secret[:8]}{'*' * 8}{secret[-4:] if len(secret) > 16 else ''}"
        )
    set_log_scope(found.scope)
    _count_call(found)
    _refuse_other_account(found.scope)
    if found.stale:
        with services().database.writing() as db:
            keys.record_use(db, secret, now=now)
    return found


def _count_call(caller: keys.Caller) -> None:
    """Count reads and writes of the key apart. Raises `TooManyRequests`."""
    settings = services().settings
    usual = settings.rate_limit_live if caller.scope.livemode else settings.rate_limit_test
    kind = "reads" if request.method == "GET" else "writes"
    count_request(f"{caller.key_id}:{kind}", usual if caller.rate_limit is None else caller.rate_limit)


def _refuse_other_account(scope: Scope) -> None:
    """Raise `ForeignAccount` where a header names another account than the key's."""
    for header in ("Stripe-Account", "Stripe-Context"):
        if request.headers.get(header, scope.account_id) != scope.account_id:
            raise ForeignAccount(f"The API key has no access to the account that {header} names.")


def _parse_secret_key() -> str:
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and value.strip():
        return value.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value, validate=True).decode("ascii").partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            raise NotAuthenticated("The Authorization header is not valid Basic authentication.") from None
    raise NotAuthenticated(
        "You did not provide an API key. Send it in the Authorization header, as Bearer or as the user of Basic"
        " authentication (e.g. 'Authorization: Bearer YOUR_SECRET_KEY')."
    )
