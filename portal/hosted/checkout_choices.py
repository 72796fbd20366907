"""How a checkout session can be paid: by ways, by what its customer has kept, or once more after a refusal."""

from sqlalchemy.orm import Session

from portal.billing.checkout import amounts, order_states, ways
from portal.billing.checkout.order_states import OrderState
from portal.billing.intents import chargeable, pages
from portal.db import find_row
from portal.models import CheckoutSession, Customer, Invoice, PaymentMethod


def find_order(db: Session, session: CheckoutSession) -> OrderState | None:
    """How the payment stands of a session that was ordered; None for any other."""
    if not order_states.is_ordered(session):
        return None
    return order_states.find_state(db, find_row(db, Invoice, session.invoice_id or "", noun="invoice"))


def _needs_way(session: CheckoutSession) -> bool:
    """Whether something is to be paid, now or later."""
    later = session.mode == "subscription" and session.settings.get("payment_method_collection") != "if_required"
    return session.mode == "setup" or later or bool(amounts.amount_total(session))


def list_ways(db: Session, session: CheckoutSession) -> list[ways.Way]:
    """The ways to pay; none where nothing is to be paid."""
    if not _needs_way(session):
        return []
    wanted = session.settings.get("payment_method_types", ())
    found = ways.list_ways(db, session.mode, session.currency, wanted)
    # what was ordered by card is not transferred: its subscription waits for the money
    return [way for way in found if way.collects or not order_states.is_ordered(session)]


def list_kept(db: Session, session: CheckoutSession, customer: Customer | None, now: int) -> list[PaymentMethod]:
    """What the session's customer has kept, without a card that it has added itself and that was declined."""
    if customer is None or session.mode == "setup" or not _needs_way(session):
        return []
    wanted, added = session.settings.get("payment_method_types", ()), session.settings.get("added_method")
    return [each for each in chargeable.list_kept(db, customer, session.currency, wanted, now=now) if each.id != added]


def leads_elsewhere(db: Session) -> bool:
    """Whether cards are given on a page of the provider."""
    return pages.has_pages(db)
