"""Compares each subscription's next bill, made without being kept, with the one that a file foretells."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.billing.ledger import locks, parties
from portal.billing.lifecycle.preview_shapes import revert_to_draft
from portal.billing.previews import next_bills
from portal.db import Database, Scope, find_row
from portal.errors import PortalError
from portal.models import InvoiceLine, Subscription
from portal.rules.invoices import apply_balance
from portal.transfer.previews import Bill

#: Subscriptions whose bills are made in one transaction, which is then rolled back.
BATCH_SIZE = 50


@dataclass(frozen=True)
class Difference:
    """A subscription whose next bill is another one than was foretold: both in words."""

    subscription: str
    given: str
    here: str

    def __str__(self) -> str:
        return f"{self.subscription}: {self.given} in the file, {self.here} here"


@dataclass
class Verification:
    """How many bills agree, which differ, how many the file doesn't foretell, and their sums here by currency.

    Days in words are those of `timezone`.
    """

    timezone: str
    agreeing: int = 0
    differing: list[Difference] = field(default_factory=list)
    unforetold: int = 0
    totals: dict[str, int] = field(default_factory=dict)

    def compare(self, id: str, given: Bill | None, here: Bill | str) -> None:
        """Take in one subscription; `here` says why where there is no bill."""
        if isinstance(here, Bill):
            self.totals[here.currency] = self.totals.get(here.currency, 0) + here.total
        if given is None:
            self.unforetold += 1
        elif isinstance(here, Bill) and here.agrees(given):
            self.agreeing += 1
        else:
            ends = isinstance(here, Bill) and here.ends_apart(given)
            self.differing.append(
                Difference(id, self._describe(given, with_end=ends), self._describe(here, with_end=ends))
            )

    def as_json(self) -> dict[str, Any]:
        """Everything as JSON."""
        return asdict(self)

    def _describe(self, bill: Bill | str, *, with_end: bool) -> str:
        return bill.with_end(self.timezone) if with_end and isinstance(bill, Bill) else str(bill)


def verify_bills(
    database: Database, scope: Scope, given: Mapping[str, Bill], seen: Callable[[], object] = lambda: None
) -> Verification:
    """Make the next bill of every subscription that goes on, and compare it; nothing of it is kept."""
    with database.reading(scope) as db:
        result, left = Verification(parties.account_zone(db)), dict(given)
    for ids in _running_subscriptions(database, scope):
        with database.dry_run(scope) as db:
            for id in ids:
                result.compare(id, left.pop(id, None), _next_bill(db, id))
                seen()
    for id, bill in left.items():
        result.compare(id, bill, "no such subscription that goes on")
    return result


def _running_subscriptions(database: Database, scope: Scope) -> Iterator[list[str]]:
    last = ""
    own = select(Subscription.id).where(Subscription.ended_at.is_(None)).order_by(Subscription.id).limit(BATCH_SIZE)
    while True:
        with database.reading(scope) as db:
            ids = list(db.scalars(own.where(Subscription.id > last)))
        if not ids:
            return
        yield ids
        last = ids[-1]


def _next_bill(db: Session, id: str) -> Bill | str:
    """The next bill of a subscription, or why there is none; rolled back to how it was before."""
    with db.begin_nested() as savepoint:
        try:
            return _make_bill(db, id)
        except next_bills.NoUpcomingInvoice:
            return "no bill"
        except PortalError as error:
            return f"no bill ({error.message})"
        finally:
            savepoint.rollback()
            db.expunge_all()


def _make_bill(db: Session, id: str) -> Bill:
    subscription = find_row(db, Subscription, id, noun="subscription")
    customer = locks.subscription_with_customer(db, subscription)
    invoice = revert_to_draft(customer, next_bills.next_invoice(db, customer, subscription))
    db.flush()
    lines = db.scalar(select(func.count(InvoiceLine.id)).where(InvoiceLine.invoice_id == invoice.id)) or 0
    due = apply_balance(invoice.total, customer.balance).amount_due
    return Bill(invoice.currency, invoice.total, due, lines, invoice.period_end)
