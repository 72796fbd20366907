"""New checkout sessions, each with the secret of the link that opens it."""

from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from portal import clock, ids
from portal.billing.checkout import amounts, line_items, offers, session_checks, shipping
from portal.billing.checkout.params import CreateCheckoutSession, PageParams
from portal.billing.customer_portal import session_secrets
from portal.billing.intents import chargeable
from portal.errors import InvalidRequest
from portal.models import CheckoutSession

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
    "optional_items",
    "restrictions",
    "shipping_options",
    "success_url",
    "ui_mode",
}


class NewCheckoutSession(NamedTuple):
    """A session and the secret of its link, which is not stored."""

    session: CheckoutSession
    link_secret: str


def create(db: Session, command: CreateCheckoutSession, *, now: int) -> NewCheckoutSession:
    """Create a session. Raises `InvalidRequest` for parameters that can't be used, or where nothing can be paid by."""
    customer = session_checks.find_customer(db, command)
    session_checks.refuse_urls(db, command)
    lines = line_items.build(db, command.line_items, command.mode, most=line_items.MOST_LINES, now=now)
    optional = line_items.build_optional(db, command.optional_items, lines, command.mode, now=now)
    currency = _choose_currency(command, lines)
    session_checks.refuse_settings(db, command, command.mode)
    sent = shipping.build_options(db, command.shipping_options, command.mode, currency, now=now)
    options = {"shipping_options": sent} if sent else {}
    secret = session_secrets.new_link_secret()
    session = CheckoutSession(
        id=ids.new("checkout.session"),
        created=now,
        customer_id=customer.id if customer else None,
        mode=command.mode,
        status="open",
        currency=currency,
        lines=[*lines, *optional],
        discounts=offers.build(db, customer, command, now=now),
        settings={**keep_settings(command), **options, **session_checks.choose_types(db, command)},
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
    wanted = session.settings.get("payment_method_types", [])
    if customer is None or command.mode == "setup" or not chargeable.list_kept(db, customer, currency, wanted, now=now):
        refuse_unpayable(db, session)
    db.add(session)
    return NewCheckoutSession(session, secret)


def keep_settings(command: PageParams) -> dict[str, Any]:
    """The parameters that only pages and completion read, as they were sent."""
    return command.model_dump(exclude=_COLUMNS, exclude_unset=True)


def refuse_unpayable(db: Session, session: CheckoutSession) -> None:
    """Raises `InvalidRequest` where something is due that nobody could pay here."""
    wanted = session.settings.get("payment_method_types", [])
    if session.mode != "setup" and not amounts.amount_total(session) and not _offers_more(session):
        return
    session_checks.refuse_no_way(db, session.mode, session.currency, wanted)


def _offers_more(session: CheckoutSession) -> bool:
    """Whether the customer may add what costs something, or have it sent for that."""
    optional = [line["price"]["price"] for line in session.lines if line_items.is_optional(line)]
    return any(price["unit_amount_decimal"] != "0" for price in optional) or any(
        option["shipping_amount"] for option in shipping.list_options(session.settings)
    )


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
