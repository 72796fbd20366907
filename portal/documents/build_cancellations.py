"""Builds the document value of a cancellation, of what was frozen as it was received."""

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from portal import i18n, zones
from portal.documents import letterhead
from portal.documents.cancellations import CancellationDocument, UnpaidBill
from portal.models import PlanCancellation


def build_cancellation(db: Session, row: PlanCancellation) -> CancellationDocument:
    """The confirmation, in the language that the customer had then."""
    zone, content, details = zones.of_document(row.seller), row.content, row.cancellation_details
    shared = letterhead.shared_values(db, row.seller, row.buyer)
    return CancellationDocument(
        **shared,
        logo=letterhead.logo_url(db, row.seller),
        number=row.id,
        currency=content["currency"],
        effective_at=zones.day_of(row.created, zone),
        footer=row.seller.get("footer"),
        page_size=letterhead.choose_page_size(row.seller, row.buyer),
        plan=i18n.join_names(content["plan"], shared["locale"]),
        subscription=row.subscription_id,
        received_at=f"{datetime.fromtimestamp(row.created, ZoneInfo(zone)):%H:%M:%S} ({zone})",
        ends_on=zones.day_of(row.ends_at, zone),
        at_once=content["ended"],
        feedback=details["feedback"],
        reason=content["reason"],
        comment=details["comment"],
        credit=content["credit"],
        charge=content["charge"],
        unpaid=tuple(_build_unpaid(each) for each in content["unpaid"]),
        **_build_last_bill(content["last"], zone),
    )


def _build_last_bill(last: dict[str, Any] | None, zone: str) -> dict[str, Any]:
    if last is None or not last["amount"]:
        return {}
    return {"last_bill": last["amount"], "last_bill_on": zones.day_of(last["at"], zone)}


def _build_unpaid(frozen: dict[str, Any]) -> UnpaidBill:
    due_on = frozen["due_on"]
    return UnpaidBill(
        amount=frozen["amount"], number=frozen["number"], due_on=date.fromisoformat(due_on) if due_on else None
    )
