"""Coming payments of a customer: renewals of plans, due dates of open invoices, and debits under way."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import zones
from portal.billing.accounts import mirrors
from portal.billing.collection.coming_debits import list_coming_debits
from portal.billing.customer_portal import due_amounts, plan_previews
from portal.billing.ledger import parties
from portal.models import Customer, Subscription
from portal.rules import subscriptions as rules

#: A bill is made as it will be and taken back again, so only so many of them.
MOST_RENEWALS = 20


@dataclass(frozen=True)
class ComingPayment:
    """What is to be paid on a day, in minor units: for the subscription, the invoice or the debit with this id."""

    kind: Literal["debit", "due", "renewal"]
    id: str
    day: date
    amount: int
    currency: str


def list_coming(db: Session, customer: Customer) -> list[ComingPayment]:
    """All that is known to come, the next first, in a session that the caller rolls back."""
    debits = list(_list_debits(db, customer))
    due = due_amounts.list_due(db, customer, {each.id: each.amount for each in debits})
    owed = [ComingPayment("due", invoice.id, day, amount, invoice.currency) for invoice, day, amount in due]
    found = [*debits, *owed, *_list_renewals(db, customer)]
    return sorted(found, key=lambda each: (each.day, each.kind, each.id))


def _list_debits(db: Session, customer: Customer) -> Iterator[ComingPayment]:
    for each in list_coming_debits(db, customer.tenant_id, customer.id):
        yield ComingPayment("debit", each.invoice_id, each.collect_on, each.amount, each.currency)


def _list_renewals(db: Session, customer: Customer) -> Iterator[ComingPayment]:
    """In the order in which they are due, as what waits for the next invoice is on the first of them only."""
    if not mirrors.is_billed_here(db):
        return
    zone = parties.account_zone(db)
    running = select(Subscription).where(Subscription.customer_id == customer.id, Subscription.ended_at.is_(None))
    in_order = running.order_by(Subscription.current_period_end, Subscription.created, Subscription.id)
    for each in db.scalars(in_order.limit(MOST_RENEWALS)).all():
        if not rules.has_next_bill(each.status, each.pause_collection):
            continue
        bill = plan_previews.preview_next_bill(db, each)
        if bill is not None and bill.amount_due > 0:
            yield ComingPayment("renewal", each.id, zones.day_of(bill.at, zone), bill.amount_due, bill.currency)
