"""Why a subscription was canceled: the customer's words and the merchant's options."""

from typing import Any

from sqlalchemy.orm import Session

from portal.billing.configurations import feedback_options
from portal.billing.subscriptions.params import CancellationDetails
from portal.models import Subscription


def add_details(db: Session, subscription: Subscription, sent: CancellationDetails) -> None:
    """Add the customer's feedback and comment to what is stored. Raises `ResourceMissing` for an unknown option."""
    refuse_unknown_option(db, sent)
    subscription.cancellation_details = {
        **subscription.cancellation_details,
        **sent.model_dump(exclude_unset=True),
    }


def refuse_unknown_option(db: Session, sent: CancellationDetails | None) -> None:
    """Raises `ResourceMissing` or `InvalidRequest` for a feedback option that can't be chosen."""
    if sent is not None:
        feedback_options.refuse_unknown(db, sent.feedback_option, "cancellation_details[feedback_option]")


def requested_details(subscription: Subscription, sent: CancellationDetails | None) -> dict[str, Any]:
    """What is stored of a cancellation that was requested, with what was sent about it."""
    given = sent.model_dump(exclude_unset=True) if sent else {}
    return {**subscription.cancellation_details, **given, "reason": "cancellation_requested"}
