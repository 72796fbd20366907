"""What ends with a cancellation, what is billed before and after it, and what stays to be paid, as its pages say."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from portal.billing.collection.coming_debits import ComingDebit, find_coming_debit
from portal.billing.customer_portal import cancellation_previews, final_bills, plan_previews
from portal.billing.customer_portal.bill_previews import BillPreview
from portal.billing.customer_portal.cancellation_previews import CancellationPreview
from portal.hosted.own_subscriptions import lock_own_subscription
from portal.hosted.visits import Visit
from portal.models import Invoice, Subscription
from portal.models.document_days import day_on
from portal.rules import permissions
from portal.web.services import services


@dataclass(frozen=True)
class UnpaidInvoice:
    """An invoice of a plan that is to be paid, `number` None where it is not issued yet.

    `amount` is what remains to pay in minor units, `link` None where it can't be seen. `debit` is what collects it.
    """

    number: str | None
    amount: int
    currency: str
    due_on: date | None
    overdue: bool
    link: str | None
    debit: ComingDebit | None


def preview_ending(db: Session, visit: Visit, subscription: Subscription) -> CancellationPreview:
    """What the configuration of this visit lets end, and when."""
    return cancellation_previews.preview_cancellation(db, subscription, visit.features)


def preview_bills(visit: Visit, id: str) -> dict[str, object]:
    """`spared`, the next bill if the plan goes on, and `last`, the one to come if it is canceled now.

    Bills are None where there is nothing to pay. `credit` and `charge` are what an end at once settles.
    """
    with visit.trying() as db:
        spared = final_bills.preview_spared_bill(db, lock_own_subscription(db, visit, id), visit.features)
    final = preview_final(visit, id)
    return {
        "spared": _payable(spared),
        "last": _payable(final.last),
        "credit": final.credit,
        "charge": final.charge,
    }


def preview_final(visit: Visit, id: str) -> final_bills.FinalBills:
    """What a cancellation now bills and gives back; nothing of one that is canceled already."""
    with visit.trying() as db:
        plan = lock_own_subscription(db, visit, id, or_ended_here=True)
        if plan.cancel_at is not None or plan.ended_at is not None:
            return final_bills.FinalBills(None)
        return final_bills.preview_final_bills(db, plan, visit.features, now=visit.now)


def preview_next_bill(visit: Visit, id: str) -> BillPreview | None:
    """The next bill of a plan as it is; None where nothing more is to be paid for it."""
    with visit.trying() as db:
        return _payable(plan_previews.preview_next_bill(db, lock_own_subscription(db, visit, id, or_ended_here=True)))


def list_unpaid(db: Session, visit: Visit, subscription: Subscription) -> Sequence[UnpaidInvoice]:
    """The invoices of a plan that stay to be paid after its end, the oldest first: one at once keeps drafts from it."""
    goes_on = subscription.ended_at is None and visit.features["subscription_cancel"]["mode"] != "immediately"
    rows = cancellation_previews.list_unpaid(db, subscription, drafts=goes_on)
    return [_describe(visit, each, find_coming_debit(db, each)) for each in rows]


def _describe(visit: Visit, invoice: Invoice, debit: ComingDebit | None) -> UnpaidInvoice:
    return UnpaidInvoice(
        number=invoice.number,
        amount=invoice.amount_remaining,
        currency=invoice.currency,
        due_on=day_on(invoice, invoice.due_date),
        overdue=invoice.due_date is not None and invoice.due_date < visit.now,
        link=_link(visit, invoice),
        debit=debit,
    )


def _link(visit: Visit, invoice: Invoice) -> str | None:
    """Where the invoice can be seen: visits for one task have no page of it, so there it is the link of mails."""
    if invoice.number is None or not permissions.may_see_invoices(visit.features):
        return None
    if visit.in_flow:
        return services().links_of(visit.scope).document("invoice", invoice.tenant_id, invoice.id)
    return f"{visit.path}invoices/{invoice.id}"


def _payable(bill: BillPreview | None) -> BillPreview | None:
    return bill if bill and bill.amount_due else None
