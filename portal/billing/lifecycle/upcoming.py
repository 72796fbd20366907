"""Announces a subscription's upcoming invoice by an event, some days before the renewal."""

from typing import Any

from sqlalchemy.orm import Session

from portal.billing.accounts import accounts
from portal.billing.lifecycle import next_invoices
from portal.billing.lifecycle.preview_shapes import Preview, render_preview, revert_to_draft
from portal.db import scope_of
from portal.models import Customer, Subscription
from portal.recording import record_upcoming
from portal.rules import steps
from portal.wire.shape import Links


def announce_upcoming_invoice(db: Session, customer: Customer, subscription: Subscription, now: int) -> None:
    """Announce the upcoming invoice where its time has come, else note when that will be.

    Nothing is announced where there is no such invoice, or the account wants none of these events.
    """
    wanted = _announcement_time(db, subscription)
    subscription.upcoming_at = wanted if wanted is not None and wanted > now else None
    if wanted is not None and wanted <= now:
        record_upcoming(
            db,
            "invoice.upcoming",
            subscription,
            lambda links: _render_upcoming_invoice(db, customer, subscription, links),
        )


def _announcement_time(db: Session, subscription: Subscription) -> int | None:
    """When to announce it, by the setting as it is now, which may have changed since the period began."""
    settings = accounts.find_account(db, scope_of(db).account_id).settings
    period = (subscription.current_period_start, subscription.current_period_end)
    return steps.announcement_time(*period, steps.upcoming_days(settings))


def _render_upcoming_invoice(
    db: Session, customer: Customer, subscription: Subscription, links: Links
) -> dict[str, Any]:
    """The renewal's invoice without `id`, empty where there is none; created in a savepoint and rolled back."""
    db.flush()
    with db.begin_nested() as savepoint:
        invoice = next_invoices.create_next_invoice(db, customer, subscription)
        object = (
            render_preview(db, Preview(revert_to_draft(customer, invoice), subscription, None), links)
            if invoice
            else {}
        )
        savepoint.rollback()
    return {key: value for key, value in object.items() if key != "id"}
