"""Calls for the cancellations that customers have declared (beyond the reference)."""

from typing import Any

from flask import Blueprint
from sqlalchemy import Select, select

from portal.api.resource import Resource
from portal.billing.customer_portal import notice_matching
from portal.billing.customer_portal.cancellation_notices import HandleNotice, ListCancellationNotices
from portal.billing.customer_portal.cancellation_receipts import ListCancellations
from portal.models import CancellationNotice, PlanCancellation
from portal.wire.page import equal_conditions


def register(blueprint: Blueprint) -> None:
    """Add the calls of this noun."""
    resource = Resource(blueprint, "billing_portal.cancellation", "billing_portal/cancellations")
    resource.retrieve()
    resource.list(ListCancellations, _select_cancellations)
    notice = Resource(blueprint, "billing_portal.cancellation_notice", "billing_portal/cancellation_notices")
    notice.retrieve()
    notice.change(HandleNotice, notice_matching.handle, "handle")
    notice.list(ListCancellationNotices, _select_notices)


def _select_cancellations(sent: ListCancellations) -> Select[Any]:
    own = equal_conditions(sent, customer=PlanCancellation.customer_id, subscription=PlanCancellation.subscription_id)
    return select(PlanCancellation).where(*own)


def _select_notices(sent: ListCancellationNotices) -> Select[Any]:
    own = equal_conditions(
        sent,
        customer=CancellationNotice.customer_id,
        status=CancellationNotice.status,
        subscription=CancellationNotice.subscription_id,
    )
    return select(CancellationNotice).where(*own)
