"""Calls for what customers were offered instead of canceling, and what they answered (beyond the reference)."""

from typing import Any

from flask import Blueprint
from sqlalchemy import ColumnElement, Select, and_, select

from portal.api.resource import Resource
from portal.billing.customer_portal.offer_params import ListRetentionOffers
from portal.models import RetentionOffer
from portal.wire.page import equal_conditions, range_conditions


def register(blueprint: Blueprint) -> None:
    """Add the calls of this noun."""
    resource = Resource(blueprint, "billing_portal.retention_offer", "billing_portal/retention_offers")
    resource.retrieve()
    resource.list(ListRetentionOffers, _select_offers)


def _select_offers(sent: ListRetentionOffers) -> Select[Any]:
    equal = equal_conditions(
        sent,
        customer=RetentionOffer.customer_id,
        reason=RetentionOffer.reason,
        subscription=RetentionOffer.subscription_id,
        type=RetentionOffer.type,
    )
    answered = [_ANSWERS[sent.status]] if sent.status else []
    return select(RetentionOffer).where(*equal, *answered, *range_conditions(RetentionOffer.created, sent.created))


_ANSWERS: dict[str, ColumnElement[bool]] = {
    "accepted": RetentionOffer.accepted_at.is_not(None),
    "declined": RetentionOffer.declined_at.is_not(None),
    "shown": and_(RetentionOffer.accepted_at.is_(None), RetentionOffer.declined_at.is_(None)),
}
