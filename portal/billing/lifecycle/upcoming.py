"""The bill that a subscription's renewal will bring is told of some days before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session

from portal.billing.accounts import accounts
from portal.billing.lifecycle.preview_shapes import Preview, as_draft, shown
from portal.db import scope_of
from portal.models import Customer, Invoice, Subscription
from portal.recording import foretold
from portal.rules import steps
from portal.wire.shape import Links

NextBill = Callable[[Session, Customer, Subscription], Invoice | None]


def foretell(db: Session, subscription: Subscription, now: int, next_bill: NextBill) -> None:
    """Tell of the coming bill as its preview shows it, unless there is none or the account wants it later or never."""
    wanted = _wanted_at(db, subscription)
    subscription.upcoming_at = wanted if wanted is not None and wanted > now else None
    if wanted is not None and wanted <= now:
        foretold(db, "invoice.upcoming", subscription, lambda links: _preview(db, subscription, links, next_bill))


def _wanted_at(db: Session, subscription: Subscription) -> int | None:
    """By the setting as it is now, which may have changed since the period began."""
    settings = accounts.of(db, scope_of(db).account_id).settings
    period = (subscription.current_period_start, subscription.current_period_end)
    return steps.told_at(*period, steps.upcoming_days(settings))


def _preview(db: Session, subscription: Subscription, links: Links, next_bill: NextBill) -> dict[str, Any]:
    """The renewal itself, made and not kept; it has no id, as there is no such invoice yet; empty for none."""
    db.flush()
    customer = db.get_one(Customer, (subscription.tenant_id, subscription.customer_id))
    with db.begin_nested() as savepoint:
        invoice = next_bill(db, customer, subscription)
        object = shown(db, Preview(as_draft(customer, invoice), subscription, None), links) if invoice else {}
        savepoint.rollback()
    return {key: value for key, value in object.items() if key != "id"}
