"""Notices of cancellation and withdrawal that come by a configuration's public page, without a login.

Each is kept and answered alike, whoever sends it: only the worker finds out whether it names a customer's contract.
"""

from dataclasses import dataclass
from datetime import date
from typing import Literal, cast

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from portal import ids
from portal.billing.customer_portal import notice_limits
from portal.billing.customer_portal.notice_limits import NoticeSender
from portal.billing.ledger import parties
from portal.db import Scope, select_with_owner, take_turn
from portal.models import CancellationNotice, Configuration
from portal.rules import permissions
from portal.wire.commands import ExpandableCommand, Id, ListCommand

_NOTICES = cast(Table, CancellationNotice.__table__)


class ListCancellationNotices(ListCommand):
    customer: Id | None = None
    status: Literal["done", "received", "waiting"] | None = None
    subscription: Id | None = None


class HandleNotice(ExpandableCommand):
    """What the merchant has done about a notice: `subscription` is what it was about."""

    subscription: Id | None = None


@dataclass(frozen=True)
class CancelPage:
    """Where a configuration's customers cancel without a login; with `withdraws` they withdraw on a page beside it."""

    scope: Scope
    configuration_id: str
    withdraws: bool


@dataclass(frozen=True)
class NoticeContent:
    """What was declared: `wanted_on` is the day of the end, None for the soonest, as of a withdrawal."""

    kind: str
    name: str
    reference: str
    reason: str | None
    wanted_on: date | None


def find_cancel_page(db: Session, token: str) -> CancelPage | None:
    """The public page with this token. It needs no scope, and returns the scope of the page."""
    table = cast(Table, Configuration.__table__)
    found = select_with_owner(table, table.c.id, table.c.features)
    row = db.execute(found.where(table.c.cancel_token == token, table.c.active)).first()
    return CancelPage(Scope.of(row), row.id, permissions.may_withdraw(row.features)) if row else None


def receive(
    db: Session, configuration_id: str, sender: NoticeSender, content: NoticeContent, *, once: str, now: int
) -> tuple[CancellationNotice, bool]:
    """Keep a notice, and whether it is a new one: the same page sends one only. Raises `TooManyCodes`."""
    take_turn(db, "cancellation notices")
    known = db.scalars(select(CancellationNotice).where(CancellationNotice.once == once)).one_or_none()
    if known is not None:
        return known, False
    notice_limits.refuse_over_limit(db, sender, now=now)
    row = CancellationNotice(
        id=ids.new("billing_portal.cancellation_notice"),
        created=now,
        configuration_id=configuration_id,
        kind=content.kind,
        name=content.name,
        reference=content.reference,
        reason=content.reason,
        wanted_on=content.wanted_on.isoformat() if content.wanted_on else None,
        locale=sender.locale,
        seller=parties.seller(db, None),
        status="received",
        next_step_at=now,
        once=once,
        **sender.columns,
    )
    db.add(row)
    return row, True


def list_due(db: Session) -> list[tuple[Scope, str]]:
    """Notices of all accounts that nobody has looked at yet."""
    waiting = select_with_owner(_NOTICES, _NOTICES.c.id).where(_NOTICES.c.next_step_at.is_not(None))
    return [(Scope.of(row), row.id) for row in db.execute(waiting.order_by(_NOTICES.c.created).limit(100))]
