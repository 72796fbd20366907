"""The kinds of records with due steps, and what each step does."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from portal.billing.lifecycle import invoice_steps, next_bills, subscription_steps, upcoming
from portal.billing.quotes import quotes
from portal.billing.schedules import planned_pauses, progress
from portal.models import Customer, Invoice, Quote, Subscription, SubscriptionSchedule
from portal.rules import steps

StepAction = Callable[[Session, Customer, Any, int], None]


@dataclass(frozen=True)
class StepKind:
    """A kind of records with due steps: how the next step is found, and what each verb does.

    `prepare` reads at once what the steps of several records need.
    """

    model: Any
    coming: Callable[[Any], steps.Step | None]
    verbs: dict[str, StepAction]
    prepare: Callable[[Session, Sequence[Any]], None] = lambda db, rows: None


#: In the order of steps at one second.
STEP_KINDS = {
    "subscription schedule": StepKind(
        SubscriptionSchedule,
        steps.next_for_schedule,
        {
            "advance": progress.advance,
            "begin": progress.begin,
            "pause": planned_pauses.pause,
            "resume": planned_pauses.resume,
        },
    ),
    "subscription": StepKind(
        Subscription,
        steps.next_for_subscription,
        {
            "announce": subscription_steps.announce_trial_end,
            "cancel": subscription_steps.cancel,
            "collect": subscription_steps.resume_collection,
            "drop": subscription_steps.drop_pending_update,
            "expire": subscription_steps.expire_incomplete,
            "foretell": upcoming.announce_upcoming_invoice,
            "interim": subscription_steps.bill_pending_items,
            "renew": subscription_steps.renew,
            "resume": subscription_steps.resume,
        },
        next_bills.prepare,
    ),
    "invoice": StepKind(
        Invoice,
        steps.next_for_invoice,
        {
            "finalize": invoice_steps.finalize_draft,
            "fall_due": invoice_steps.mark_overdue,
            "give_up": invoice_steps.give_up_collection,
        },
    ),
    "quote": StepKind(Quote, steps.next_for_quote, {"expire": quotes.expire}),
}
