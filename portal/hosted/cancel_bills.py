"""What ends with a cancellation, and what is billed before and after it, as its pages say."""

from sqlalchemy.orm import Session

from portal.billing.customer_portal import cancellation_previews, plan_previews
from portal.billing.customer_portal.bill_previews import BillPreview
from portal.billing.customer_portal.cancellation_previews import CancellationPreview
from portal.hosted.own_subscriptions import lock_own_subscription
from portal.hosted.visits import Visit
from portal.models import Subscription


def preview_ending(db: Session, visit: Visit, subscription: Subscription) -> CancellationPreview:
    """What the configuration of this visit lets end, and when."""
    return cancellation_previews.preview_cancellation(db, subscription, visit.features, now=visit.now)


def preview_bills(visit: Visit, id: str) -> dict[str, BillPreview | None]:
    """`spared`, the next bill if the plan goes on, and `last`, the one to come if it is canceled now.

    None where there is nothing to pay.
    """
    with visit.trying() as db:
        plan = lock_own_subscription(db, visit, id)
        last = cancellation_previews.preview_last_bill(db, plan, visit.features, now=visit.now)
    return {"spared": preview_next_bill(visit, id), "last": _payable(last)}


def preview_next_bill(visit: Visit, id: str) -> BillPreview | None:
    """The next bill of a plan as it is; None where nothing more is to be paid for it."""
    with visit.trying() as db:
        return _payable(plan_previews.preview_next_bill(db, lock_own_subscription(db, visit, id, or_ended_here=True)))


def _payable(bill: BillPreview | None) -> BillPreview | None:
    return bill if bill and bill.amount_due else None
