"""The calendar of coming payments behind its private link, for programs without a visit."""

from flask import Blueprint, Response, abort

from portal.billing.customer_portal import calendar_keys
from portal.db import Scope, find_row
from portal.hosted import calendar_files, frames, languages
from portal.models import Account, Customer, Tenant
from portal.web.policies import declare_policy
from portal.web.services import services

blueprint = Blueprint("calendar_links", __name__)


@blueprint.get("/calendar/<token>.ics")
def subscribed(token: str) -> Response:
    """The file for a calendar program that has the link."""
    link = services().links.read(token, "calendar") or abort(404)
    customer_id, _colon, key = link.id.partition(":")
    with services().database.reading() as db:
        tenant = db.get(Tenant, link.tenant_id) or abort(404)
        account = db.get(Account, tenant.account_id) or abort(404)
    frames.use_frame(frames.frame_of_account(account, livemode=tenant.livemode))
    scope = Scope.of_tenant(tenant)
    with services().database.reading(scope) as db:
        customer = find_row(db, Customer, customer_id, noun="customer")
        if not calendar_keys.opens(db, customer, key):
            abort(404)
    languages.use_customer_language(customer)
    with services().database.dry_run(scope) as db:
        customer = find_row(db, Customer, customer_id, noun="customer")
        return calendar_files.subscribed_response(db, customer, account.business_profile.get("name"))


declare_policy("calendar_links.subscribed", "link")
