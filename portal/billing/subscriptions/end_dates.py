"""The coming end of a subscription: at the end of its period, at a date, or revoked."""

from portal.billing.subscriptions import cancellation_details
from portal.errors import InvalidRequest
from portal.models import Subscription
from portal.wire.moments import PeriodEnd


def set_end_date(
    subscription: Subscription,
    at_period_end: bool | None,
    cancel_at: int | PeriodEnd | None,
    *,
    sent: bool,
    now: int,
) -> None:
    """Set or clear the future end; `sent` says whether `cancel_at` was sent, as null clears it.

    Raises `InvalidRequest` for two ends at once or one in the past.
    """
    if at_period_end and cancel_at is not None:
        raise InvalidRequest("Send cancel_at or cancel_at_period_end, not both.", param="cancel_at")
    if isinstance(cancel_at, str):
        # all items of a subscription share one period
        cancel_at = subscription.current_period_end
    if cancel_at is not None and cancel_at <= now:
        raise InvalidRequest("cancel_at must be in the future.", param="cancel_at")
    if at_period_end:
        _schedule_end(subscription, subscription.current_period_end, now)
        subscription.cancel_at_period_end = True
    elif cancel_at is not None:
        _schedule_end(subscription, cancel_at, now)
        subscription.cancel_at_period_end = False
    elif sent or (at_period_end is False and subscription.cancel_at_period_end):
        subscription.cancel_at = subscription.canceled_at = None
        subscription.cancel_at_period_end = False
        subscription.cancellation_details = {}


def _schedule_end(subscription: Subscription, moment: int, now: int) -> None:
    if subscription.cancel_at != moment:
        subscription.canceled_at = now
    subscription.cancel_at = moment
    subscription.cancellation_details = cancellation_details.requested_details(subscription, None)
