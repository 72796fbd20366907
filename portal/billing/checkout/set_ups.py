"""Sessions whose card is given on the provider's page before anything is made: for what is charged later, or again.

What the customer has typed waits in the session. Whoever hears first that a card was given completes it: the customer
who comes back, or the provider's webhook.
"""

from dataclasses import asdict

from sqlalchemy.orm import Session

from portal.billing.checkout import completion
from portal.billing.checkout.buyers import Buyer
from portal.billing.checkout.orders import Order
from portal.billing.customers import test_clocks
from portal.billing.intents import notices
from portal.billing.payment_methods.chosen import Payment
from portal.db import find_row, scope_of
from portal.models import CheckoutSession, Customer
from portal.providers.interface import SetUp
from portal.seal import Seal

#: The setting of a session that says what was ordered.
_WAITING = "waiting_order"


def note(db: Session, session: CheckoutSession, order: Order, *, now: int) -> None:
    """Keep an order until its card was given. Raises `SessionOver`."""
    completion.lock(db, session, now=now)
    waiting = {"buyer": asdict(order.buyer), "shown": order.shown, "agreed": order.agreed}
    session.settings = {**session.settings, _WAITING: waiting}


def is_waiting(session: CheckoutSession) -> bool:
    """Whether an order waits for its card."""
    return session.status == "open" and session.invoice_id is None and _WAITING in session.settings


def take(db: Session, given: SetUp, *, seal: Seal, now: int) -> None:
    """Take in what a webhook tells of: the card of a session, or one that a customer has added.

    Raises what `finish` does.
    """
    session = db.get(CheckoutSession, (scope_of(db).tenant_id, given.purpose))
    if session is None:
        notices.keep(db, given, now=now)
    else:
        finish(db, session, given, seal=seal, now=now)


def finish(db: Session, session: CheckoutSession, given: SetUp, *, seal: Seal, now: int) -> None:
    """Complete a session by the card that was given for it. Raises what `completion.complete` does."""
    waiting = session.settings.get(_WAITING)
    if waiting is None or given.purpose != session.id:
        return
    buyer = dict(waiting["buyer"])
    tax_id = buyer.pop("tax_id")
    order = Order(
        Buyer(**buyer, tax_id=(tax_id[0], tax_id[1]) if tax_id else None),
        waiting["shown"],
        Payment(given=given.kept),
        agreed=waiting["agreed"],
    )
    customer = find_row(db, Customer, session.customer_id, noun="customer") if session.customer_id else None
    billed_now = test_clocks.time_for_row(db, customer) if customer else now
    completion.complete(db, session, order, seal=seal, now=now, billed_now=billed_now)
    session.settings = {name: value for name, value in session.settings.items() if name != _WAITING}
