"""Webhooks of providers: each only says that there is something to ask for, so twice or late it does no harm."""

from flask import Blueprint, abort, request

from portal import clock
from portal.billing.accounts import accounts, provider_access
from portal.billing.checkout import set_ups
from portal.billing.intents import notices
from portal.db import Scope
from portal.errors import InvalidRequest, ResourceMissing, StalePage
from portal.providers.interface import Access, Notice, RefusedNotice, SetUp
from portal.providers.registry import HOSTED
from portal.web.policies import declare_policy
from portal.web.requests import request_origin
from portal.web.services import services

blueprint = Blueprint("provider_webhooks", __name__)


@blueprint.post("/webhooks/providers/<provider>/<account>/<any(live,test):mode>")
def receive(provider: str, account: str, mode: str) -> tuple[str, int]:
    """Take in a webhook; 400 for one that the provider has not signed, which changes nothing."""
    scope, access = _find(provider, account, livemode=mode == "live")
    try:
        notice = HOSTED[provider].read_webhook(access, request.get_data(), request.headers.get("Stripe-Signature"))
    except RefusedNotice as error:
        raise InvalidRequest(str(error)) from None
    if notice is not None:
        _follow(provider, scope, access, notice)
    return "", 200


def _find(provider: str, account: str, *, livemode: bool) -> tuple[Scope, Access]:
    if provider not in HOSTED:
        abort(404)
    try:
        with services().database.reading() as db:
            scope = Scope.of_tenant(accounts.find_tenant(db, account, livemode=livemode))
    except ResourceMissing:
        abort(404)
    with services().database.reading(scope) as db:
        return scope, provider_access.find_access(db, provider, services().seal) or abort(404)


def _follow(provider: str, scope: Scope, access: Access, notice: Notice) -> None:
    given = HOSTED[provider].finish_set_up(access, notice.id) if notice.kind == "set_up" else None
    if given is not None:
        _take(scope, given)
    elif notice.kind != "set_up":
        with services().database.writing(scope, request_origin("worker")) as db:
            notices.ask_again(db, provider, notice, now=clock.now())


def _take(scope: Scope, given: SetUp) -> None:
    try:
        with services().database.writing(scope, request_origin("worker")) as db:
            set_ups.take(db, given, seal=services().seal, now=clock.now())
    except (InvalidRequest, ResourceMissing, StalePage):
        return  # what it was given for is over, or costs something else by now; the customer's page says so


declare_policy("provider_webhooks.receive", "public")
