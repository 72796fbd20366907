"""What becomes of a finalized invoice: paid, voided or written off."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from portal import clock
from portal.billing.accounts import accounts
from portal.billing.invoices import pending_updates
from portal.billing.ledger import balances, locks
from portal.db import find, scope_of
from portal.errors import InvalidRequest
from portal.models import Invoice, Subscription
from portal.objects.accounts import BILLING
from portal.rules import invoices as rules
from portal.rules import subscriptions as subscription_rules
from portal.wire.commands import Command


@dataclass(frozen=True)
class Overdue:
    """`leave`, `mark_unpaid` or `cancel`, and how many days after an invoice should have been paid."""

    action: str
    days: int


def void(db: Session, invoice: Invoice, command: Command, *, now: int) -> Invoice:
    """Cancel a finalized invoice; balance that it used goes back to the customer.

    A subscription whose first payment it was expires, as the reference has it.
    """
    billed = locks.invoice(db, invoice.id)
    invoice = billed.invoice
    refuse("void", invoice)
    if invoice.amount_paid:
        raise InvalidRequest(f"The invoice '{invoice.id}' is paid in part and can't be voided; credit the rest of it.")
    applied = (invoice.ending_balance or 0) - invoice.starting_balance
    if applied:
        balances.enter(
            db, billed.customer, "unapplied_from_invoice", -applied, invoice.currency, now=now, invoice_id=invoice.id
        )
    invoice.status, invoice.voided_at, invoice.auto_advance = "void", now, False
    if billed.subscription and _awaits(billed.subscription, invoice):
        _go_on_without(billed.subscription, now)
    if billed.subscription:
        pending_updates.voided(db, billed.subscription, invoice)
    return invoice


def mark_uncollectible(db: Session, invoice: Invoice, command: Command, *, now: int) -> Invoice:
    """Write an open invoice off; it can still be paid or voided."""
    invoice = locks.invoice(db, invoice.id).invoice
    refuse("mark_uncollectible", invoice)
    invoice.status, invoice.marked_uncollectible_at, invoice.auto_advance = "uncollectible", now, False
    return invoice


def fall_due(db: Session, invoice: Invoice, subscription: Subscription | None, *, now: int) -> None:
    """An open invoice should have been paid by now: its subscription is past due."""
    invoice.overdue_at = now
    if subscription is None:
        return
    if subscription.status == "active" and _awaits(subscription, invoice):
        subscription.status = "past_due"
    setting = overdue_setting(db)
    if setting.action != "leave":
        invoice.gives_up_at = now + setting.days * clock.DAY


def overdue_setting(db: Session) -> Overdue:
    """What the account does about subscriptions with an invoice that stays unpaid."""
    setting = BILLING | accounts.of(db, scope_of(db).account_id).settings.get("billing", {})
    return Overdue(setting["overdue_subscriptions"], setting["overdue_days"])


def settled(db: Session, invoice: Invoice, subscription: Subscription | None, *, now: int) -> None:
    """Nothing remains due: the invoice is paid, and a subscription that waited for it goes on."""
    invoice.status, invoice.paid_at, invoice.auto_advance = "paid", now, False
    if subscription and _awaits(subscription, invoice):
        subscription.status = subscription_rules.status_when_paid(subscription.status)
    if subscription:
        pending_updates.paid(db, subscription, invoice, now=now)


def drop_pending_update(db: Session, subscription: Subscription, *, now: int) -> None:
    """Forget a change that waits for its payment, with its invoice unless a part of that is paid."""
    held = subscription.pending_update
    if held is None:
        return
    invoice = find(db, Invoice, held["invoice"], noun="invoice")
    if invoice.amount_paid or not rules.may("void", invoice.status):
        subscription.pending_update = None
    else:
        void(db, invoice, Command(), now=now)


def refuse(verb: str, invoice: Invoice) -> None:
    """Raises `InvalidRequest` where an invoice of this status can't be paid, voided and so on."""
    if rules.may(verb, invoice.status):
        return
    if verb == "finalize":
        message = "This invoice is already finalized, you can't re-finalize a non-draft invoice."
    elif verb == "pay" and invoice.status == "paid":
        message = "Invoice is already paid"
    else:
        done = {"pay": "paid", "void": "voided", "mark_uncollectible": "marked as uncollectible", "send": "sent"}
        message = f"You can only {verb.replace('_', ' ')} an invoice that is {' or '.join(sorted(rules.MAY[verb]))}; "
        message += f"this one is {invoice.status} and can't be {done[verb]}."
    raise InvalidRequest(message, code="invoice_not_editable" if verb == "finalize" else None)


def _awaits(subscription: Subscription, invoice: Invoice) -> bool:
    """Whether the subscription's status hangs on this invoice, its latest one."""
    return subscription.latest_invoice_id in {invoice.id, None}


def _go_on_without(subscription: Subscription, now: int) -> None:
    subscription.status = subscription_rules.status_when_voided(subscription.status)
    if subscription.status in subscription_rules.ENDED:
        subscription.ended_at = subscription.ended_at or now
