"""New checkout sessions, each with the secret of the link that opens it."""

from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import clock, ids
from portal.billing.checkout import amounts, line_items, offers, ways
from portal.billing.checkout.params import CreateCheckoutSession, PageParams
from portal.billing.configurations.return_urls import refuse_plain_http
from portal.billing.customer_portal import session_secrets
from portal.billing.ledger import locks
from portal.db import scope_of
from portal.errors import InvalidRequest
from portal.models import CheckoutSession, Configuration, Customer
from portal.rules.statuses import CheckoutMode

SHORTEST, LONGEST = 30 * clock.MINUTE, 24 * clock.HOUR
#: What the row has a column for; all other parameters are settings.
_COLUMNS = {
    "after_completion",
    "automatic_tax",
    "cancel_url",
    "client_reference_id",
    "customer",
    "customer_email",
    "discounts",
    "expand",
    "expires_at",
    "inactive_message",
    "line_items",
    "locale",
    "metadata",
    "mode",
    "restrictions",
    "success_url",
    "ui_mode",
}


class NewCheckoutSession(NamedTuple):
    """A session and the secret of its link, which is not stored."""

    session: CheckoutSession
    link_secret: str


def create(db: Session, command: CreateCheckoutSession, *, now: int) -> NewCheckoutSession:
    """Create a session. Raises `InvalidRequest` for parameters that can't be used, or where nothing can be paid by."""
    customer = _find_customer(db, command)
    for name in ("success_url", "cancel_url"):
        refuse_plain_http(scope_of(db), getattr(command, name), name)
    lines = line_items.build(db, command.line_items, command.mode, most=line_items.MOST_LINES, now=now)
    currency = _choose_currency(command, lines)
    refuse_settings(db, command, command.mode)
    secret = session_secrets.new_link_secret()
    session = CheckoutSession(
        id=ids.new("checkout.session"),
        created=now,
        customer_id=customer.id if customer else None,
        mode=command.mode,
        status="open",
        payment_status="unpaid",
        currency=currency,
        lines=lines,
        discounts=offers.build(db, customer, command, now=now),
        settings=keep_settings(command),
        customer_email=command.customer_email,
        client_reference_id=command.client_reference_id,
        locale=command.locale,
        success_url=command.success_url,
        cancel_url=command.cancel_url,
        link_hash=session_secrets.hash_secret(secret),
        wrong_codes=0,
        expires_at=_choose_end(command, now),
        metadata_=dict(command.metadata),
    )
    amounts.compute(db, session, customer)
    refuse_unpayable(db, session)
    session.payment_status = "unpaid" if amounts.amount_total(session) else "no_payment_required"
    db.add(session)
    return NewCheckoutSession(session, secret)


def keep_settings(command: PageParams) -> dict[str, Any]:
    """The parameters that only pages and completion read, as they were sent."""
    return command.model_dump(exclude=_COLUMNS, exclude_unset=True)


def refuse_settings(db: Session, command: PageParams, mode: CheckoutMode) -> None:
    """Raises `InvalidRequest` for settings that don't go with the mode, or for terms that are nowhere to be read."""
    fitting = {"invoice_creation": "payment", "subscription_data": "subscription", "setup_intent_data": "setup"}
    for name, only in fitting.items():
        if getattr(command, name, None) is not None and mode != only:
            raise InvalidRequest(f"You can only send {name} in {only} mode.", param=name)
    if mode == "setup" and command.allow_promotion_codes:
        raise InvalidRequest("A session in setup mode sells nothing.", param="allow_promotion_codes")
    data: Any = getattr(command, "subscription_data", None)
    if data and data.trial_period_days and getattr(data, "trial_end", None):
        raise InvalidRequest("Send trial_end or trial_period_days, not both.", param="subscription_data[trial_end]")
    asked = command.consent_collection
    if asked and asked.terms_of_service == "required" and not find_profile(db).get("terms_of_service_url"):
        raise InvalidRequest(
            "Say where your terms are first: in business_profile[terms_of_service_url] of the default configuration of"
            " the portal.",
            param="consent_collection[terms_of_service]",
        )


def find_profile(db: Session) -> dict[str, Any]:
    """What the merchant says of itself beside the pages: the default configuration's, with its links."""
    found = db.scalar(select(Configuration.business_profile).where(Configuration.is_default))
    return found or {}


def refuse_unpayable(db: Session, session: CheckoutSession) -> None:
    """Raises `InvalidRequest` where something is due that nobody could pay here."""
    wanted = session.settings.get("payment_method_types", [])
    if session.mode != "setup" and not amounts.amount_total(session):
        return
    if not ways.list_ways(db, session.mode, session.currency, wanted):
        raise no_way(session.mode, "payment_method_types" if wanted else "mode")


def no_way(mode: CheckoutMode, param: str) -> InvalidRequest:
    """The error where nobody could pay: which settings of the account there are for it."""
    needed = "direct debits (settings[direct_debit])"
    if mode != "setup":
        needed += " in eur, or bank transfers (settings[invoices][bank_transfer])"
    return InvalidRequest(f"Your account has no way to pay this. Set up {needed} first.", param=param)


def _find_customer(db: Session, command: CreateCheckoutSession) -> Customer | None:
    if command.customer is None:
        if command.customer_update is not None:
            raise InvalidRequest("customer_update goes with customer.", param="customer_update")
        return None
    if command.customer_email is not None:
        raise InvalidRequest(
            "You may only specify one of these parameters: customer, customer_email.", param="customer_email"
        )
    return locks.billable_customer(db, command.customer)


def _choose_currency(command: CreateCheckoutSession, lines: list[dict[str, Any]]) -> str | None:
    found = lines[0]["currency"] if lines else command.currency
    if command.currency not in {None, found}:
        raise InvalidRequest("The prices are in another currency.", param="currency")
    return str(found) if found else None


def _choose_end(command: CreateCheckoutSession, now: int) -> int:
    if command.expires_at is None:
        return now + LONGEST
    # clocks differ by a little
    if not now + SHORTEST - clock.MINUTE <= command.expires_at <= now + LONGEST + clock.MINUTE:
        raise InvalidRequest(
            "The `expires_at` timestamp must be between 30 minutes and 24 hours from now.", param="expires_at"
        )
    return command.expires_at
