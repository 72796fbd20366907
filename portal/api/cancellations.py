"""Calls for the cancellations that customers have declared (beyond the reference)."""

from typing import Any

from flask import Blueprint
from sqlalchemy import Select, select

from portal.api.resource import Resource
from portal.billing.customer_portal.cancellation_receipts import ListCancellations
from portal.models import PlanCancellation
from portal.wire.page import equal_conditions


def register(blueprint: Blueprint) -> None:
    """Add the calls of this noun."""
    resource = Resource(blueprint, "billing_portal.cancellation", "billing_portal/cancellations")
    resource.retrieve()
    resource.list(ListCancellations, _select_cancellations)


def _select_cancellations(sent: ListCancellations) -> Select[Any]:
    own = equal_conditions(sent, customer=PlanCancellation.customer_id, subscription=PlanCancellation.subscription_id)
    return select(PlanCancellation).where(*own)
