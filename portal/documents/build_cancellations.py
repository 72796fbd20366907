"""Builds the document values of cancellations, of what was frozen as they were received."""

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from portal import i18n, zones
from portal.documents import letterhead
from portal.documents.cancellations import (
    CancellationDocument,
    CancellationNoticeDocument,
    UnpaidBill,
    WithdrawalDocument,
)
from portal.models import CancellationNotice, PlanCancellation, PlanWithdrawal


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
        received_at=_time_of_day(row.created, zone),
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


def build_notice(db: Session, row: CancellationNotice) -> CancellationNoticeDocument:
    """The receipt of a notice, in the language of the page where it was declared."""
    zone, sender = zones.of_document(row.seller), {"name": row.name, "email": row.email, "locale": row.locale}
    return CancellationNoticeDocument(
        **letterhead.shared_values(db, row.seller, sender),
        logo=letterhead.logo_url(db, row.seller),
        number=row.id,
        currency="eur",
        effective_at=zones.day_of(row.created, zone),
        footer=row.seller.get("footer"),
        page_size=letterhead.choose_page_size(row.seller, sender),
        received_at=_time_of_day(row.created, zone),
        reference=row.reference,
        extraordinary=row.kind == "extraordinary",
        withdrawal=row.kind == "withdrawal",
        reason=row.reason,
        wanted_on=date.fromisoformat(row.wanted_on) if row.wanted_on else None,
    )


def build_withdrawal(db: Session, row: PlanWithdrawal) -> WithdrawalDocument:
    """The receipt of a withdrawal, in the language that the customer had then."""
    zone, content = zones.of_document(row.seller), row.content
    shared = letterhead.shared_values(db, row.seller, row.buyer)
    return WithdrawalDocument(
        **shared,
        logo=letterhead.logo_url(db, row.seller),
        number=row.id,
        currency=row.currency,
        effective_at=zones.day_of(row.created, zone),
        footer=row.seller.get("footer"),
        page_size=letterhead.choose_page_size(row.seller, row.buyer),
        plan=i18n.join_names(content["plan"], shared["locale"]),
        subscription=row.subscription_id,
        received_at=_time_of_day(row.created, zone),
        concluded_on=zones.day_of(content["concluded_at"], zone),
        refunded=row.amount_refunded,
        credited=row.amount_credited,
        waived=row.amount_waived,
        prorated=content["refund"] == "prorated",
        credit_notes=tuple(content["numbers"]),
    )


def _time_of_day(moment: int, zone: str) -> str:
    return f"{datetime.fromtimestamp(moment, ZoneInfo(zone)):%H:%M:%S} ({zone})"


def _build_last_bill(last: dict[str, Any] | None, zone: str) -> dict[str, Any]:
    if last is None or not last["amount"]:
        return {}
    return {"last_bill": last["amount"], "last_bill_on": zones.day_of(last["at"], zone)}


def _build_unpaid(frozen: dict[str, Any]) -> UnpaidBill:
    due_on = frozen["due_on"]
    return UnpaidBill(
        amount=frozen["amount"], number=frozen["number"], due_on=date.fromisoformat(due_on) if due_on else None
    )
