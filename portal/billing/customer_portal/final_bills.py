"""What a cancellation by a customer bills and gives back, in a session that is rolled back."""

from collections.abc import Iterable, Set
from dataclasses import dataclass

from sqlalchemy.orm import Session

from portal.billing.customer_portal import plan_cancellations, plan_previews
from portal.billing.customer_portal.bill_previews import BillPreview
from portal.billing.invoices import pending_items
from portal.billing.ledger import locks, totals
from portal.billing.subscriptions import pending_invoices
from portal.billing.subscriptions.params import CancellationDetails
from portal.models import InvoiceLine, Subscription
from portal.rules.discounts import sum_discounts
from portal.rules.permissions import Features


@dataclass(frozen=True)
class SettledAmount:
    """What is given back or billed, in minor units: `amount` with its `tax`."""

    amount: int = 0
    tax: int = 0


@dataclass(frozen=True)
class FinalBills:
    """What a cancellation bills and gives back.

    `last` is the last bill, None where there is none. Where the plan ends at once, `credit` is for its unused time and
    `charge` is what was not billed yet; a bill that is made at once is the difference of the two, and without one both
    wait for the customer's next invoice.
    """

    last: BillPreview | None
    credit: SettledAmount = SettledAmount()
    charge: SettledAmount = SettledAmount()


def preview_final_bills(db: Session, subscription: Subscription, features: Features, *, now: int) -> FinalBills:
    """Cancel the plan, in a session that the caller rolls back, and see what is still billed and given back for it.

    A credit that waits for a later bill is worth there what it is worth on a bill of now.
    """
    waiting = {item.id for item in pending_items.list_pending(db, subscription.customer_id, subscription.id)}
    before = subscription.latest_invoice_id
    plan_cancellations.cancel_plan(db, subscription, features, CancellationDetails(), now=now)
    if subscription.ended_at is None:
        return FinalBills(plan_previews.preview_next_bill(db, subscription))
    last = plan_previews.find_new_bill(db, subscription, before)
    settles = features["subscription_cancel"]["proration_behavior"]
    if settles != "always_invoice":
        customer = locks.subscription_with_customer(db, subscription)
        pending_invoices.invoice_pending(db, customer, subscription, now)
    return FinalBills(last, *sum_new_bill(db, subscription, before, waiting))


def sum_new_bill(
    db: Session, subscription: Subscription, before: str | None, waiting: Set[str]
) -> tuple[SettledAmount, SettledAmount]:
    """What the bill since `before` gives back, and what it charges of the items that were `waiting` before."""
    lines = (
        totals.list_lines(db, subscription.latest_invoice_id or "") if subscription.latest_invoice_id != before else []
    )
    of_items = [line for line in lines if line.invoice_item_id is not None]
    given_back = _sum_lines(line for line in of_items if line.invoice_item_id not in waiting)
    billed = _sum_lines(line for line in of_items if line.invoice_item_id in waiting)
    return SettledAmount(-given_back.amount, -given_back.tax), billed


def preview_spared_bill(db: Session, subscription: Subscription, features: Features) -> BillPreview | None:
    """The next bill if the plan goes on, in a session that the caller rolls back.

    What waits for a bill when the plan ends at once is owed all the same, so it is no part of it.
    """
    if features["subscription_cancel"]["mode"] == "immediately":
        for item in pending_items.list_due_with(db, subscription.customer_id, subscription.id):
            db.delete(item)
        db.flush()
    return plan_previews.preview_next_bill(db, subscription)


def _sum_lines(lines: Iterable[InvoiceLine]) -> SettledAmount:
    """What lines come to, after discounts and with all taxes."""
    amount = tax = 0
    for line in lines:
        inside, on_top = (
            sum(each["amount"] for each in line.taxes if each["inclusive"] is kind) for kind in (True, False)
        )
        amount += line.amount - sum_discounts(line.discount_amounts) + on_top
        tax += inside + on_top
    return SettledAmount(amount, tax)
