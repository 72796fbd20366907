"""Unsubscribing from a kind of mail: a page with a button, and the one click of mail programs (RFC 8058)."""

from flask import Blueprint, abort, render_template, request
from sqlalchemy.orm import Session

from portal.billing.customers import customers, recipients
from portal.db import Scope, find_row
from portal.hosted import frames, languages
from portal.hosted.page import PageResponse
from portal.models import Account, Customer, Tenant
from portal.rules.mails import DOCUMENTS_BY_MAIL, OPTIONAL_MAILS
from portal.web.policies import declare_policy
from portal.web.requests import request_origin
from portal.web.services import services

blueprint = Blueprint("unsubscribing", __name__)


@blueprint.route("/unsubscribe/<token>", methods=["GET", "POST"])
def unsubscribe(token: str) -> PageResponse:
    """Show the page, and do the change on a post; opening it changes nothing, as mail scanners open it too."""
    scope, customer_id, mail, recipient = _parse_token(token)
    if request.method == "POST":
        with services().database.writing(scope, request_origin("customer", customer_id)) as db:
            _set_subscription(db, customer_id, mail, recipient, wanted="subscribe" in request.form)
    with services().database.reading(scope) as db:
        customer = find_row(db, Customer, customer_id, noun="customer")
        account = db.get(Account, scope.account_id) or abort(404)
    frames.use_frame(frames.frame_of_account(account, livemode=scope.livemode))
    languages.use_customer_language(customer)
    ended = _has_ended(customer, mail, recipient)
    return render_template("hosted/unsubscribe.html", mail=mail, ended=ended, is_customer=recipient is None)


def _set_subscription(db: Session, customer_id: str, mail: str, recipient: str | None, *, wanted: bool) -> None:
    if recipient is None:
        customers.set_mail_subscription(db, customer_id, mail, wanted=wanted)
    else:
        recipients.set_document(db, customer_id, recipient, DOCUMENTS_BY_MAIL[mail], wanted=wanted)


def _has_ended(customer: Customer, mail: str, recipient: str | None) -> bool:
    """Whether the customer, or the further recipient with this key, gets such mails no more."""
    if recipient is None:
        return mail in customer.unsubscribed_from
    found = recipients.find(customer, recipient) or abort(404)
    return DOCUMENTS_BY_MAIL[mail] not in found["documents"]


def _parse_token(token: str) -> tuple[Scope, str, str, str | None]:
    """Whose mails of which kind: scope, customer, mail, and the key of a further recipient's address."""
    link = services().links.read(token, "unsubscribe") or abort(404)
    mail, _, rest = link.id.partition(":")
    customer_id, _, recipient = rest.partition(":")
    with services().database.reading() as db:
        tenant = db.get(Tenant, link.tenant_id)
    if tenant is None or mail not in OPTIONAL_MAILS:
        abort(404)
    return Scope.of_tenant(tenant), customer_id, mail, recipient or None


declare_policy("unsubscribing.unsubscribe", "link")
