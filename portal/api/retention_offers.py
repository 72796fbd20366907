"""Calls for what customers were offered instead of canceling, and what they answered (beyond the reference)."""

from typing import Any

from flask import Blueprint
from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlalchemy.orm import Session

from portal.api import endpoint
from portal.api.endpoint import AnswerType
from portal.api.resource import Resource
from portal.billing.customer_portal.offer_params import CountRetentionOffers, ListRetentionOffers
from portal.db import scope_of
from portal.models import RetentionOffer
from portal.objects.portals import render_offer_count
from portal.wire.page import equal_conditions, range_conditions
from portal.wire.shape import render_list

_COUNTS = "/billing_portal/retention_offers/counts"


def register(blueprint: Blueprint) -> None:
    """Add the calls of this noun."""
    resource = Resource(blueprint, "billing_portal.retention_offer", "billing_portal/retention_offers")
    counts = AnswerType("billing_portal.retention_offer_count", "list")
    endpoint.add(blueprint, "GET", _COUNTS, CountRetentionOffers, _count_offers, counts)
    resource.retrieve()
    resource.list(ListRetentionOffers, _select_offers)


def _count_offers(db: Session, sent: CountRetentionOffers) -> dict[str, Any]:
    columns = (RetentionOffer.reason, RetentionOffer.type)
    sums = (func.count(), func.count(RetentionOffer.accepted_at), func.count(RetentionOffer.declined_at))
    shown = select(*columns, *sums).where(*range_conditions(RetentionOffer.created, sent.created)).group_by(*columns)
    livemode = scope_of(db).livemode
    rows = sorted(db.execute(shown), key=lambda row: (row[0] or "", row[1]))
    return render_list([render_offer_count(*row, livemode=livemode) for row in rows], f"/v1{_COUNTS}")


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
