"""Status changes of finalized invoices (paid, overdue, void, uncollectible) and of their subscriptions."""

from sqlalchemy.orm import Session

from portal import clock
from portal.billing.invoices import pending_updates
from portal.billing.invoices.overdue import overdue_setting
from portal.billing.ledger import balances, locks
from portal.db import find_row
from portal.errors import InvalidRequest
from portal.models import Invoice, Subscription
from portal.rules import instalments, subscriptions
from portal.rules import invoices as invoice_rules
from portal.wire.commands import Command


def void(db: Session, invoice: Invoice, command: Command, *, now: int) -> Invoice:
    """Void a finalized invoice; balance that was applied to it goes back to the customer.

    A subscription whose first invoice it is expires, as in the reference.
    """
    billed = locks.invoice(db, invoice)
    refuse_wrong_status("void", invoice)
    if invoice.amount_paid:
        raise InvalidRequest(f"The invoice '{invoice.id}' is paid in part and can't be voided; credit the rest of it.")
    applied = (invoice.ending_balance or 0) - invoice.starting_balance
    if applied:
        balances.add_transaction(
            db, billed.customer, "unapplied_from_invoice", -applied, invoice.currency, now=now, invoice_id=invoice.id
        )
    invoice.status, invoice.voided_at, invoice.auto_advance = "void", now, False
    if billed.subscription and _is_latest_invoice(billed.subscription, invoice):
        _continue_without_payment(billed.subscription, now)
    if billed.subscription:
        pending_updates.discard_for_invoice(db, billed.subscription, invoice)
    return invoice


def mark_uncollectible(db: Session, invoice: Invoice, command: Command, *, now: int) -> Invoice:
    """Write an open invoice off; it can still be paid or voided."""
    locks.invoice(db, invoice)
    refuse_wrong_status("mark_uncollectible", invoice)
    invoice.status, invoice.marked_uncollectible_at, invoice.auto_advance = "uncollectible", now, False
    return invoice


def mark_overdue(db: Session, invoice: Invoice, subscription: Subscription | None, *, now: int) -> None:
    """Mark an open invoice as overdue: its subscription becomes past due."""
    invoice.overdue_at = now
    if subscription is None:
        return
    if subscription.status == "active" and _is_latest_invoice(subscription, invoice):
        subscription.status = "past_due"
    setting = overdue_setting(db)
    if setting.action != "leave":
        invoice.gives_up_at = now + setting.days * clock.DAY


def mark_paid(db: Session, invoice: Invoice, subscription: Subscription | None, *, now: int) -> None:
    """Mark an invoice as paid once nothing remains due; a subscription that waited for it becomes active."""
    invoice.status, invoice.paid_at, invoice.auto_advance = "paid", now, False
    if subscription and _is_latest_invoice(subscription, invoice):
        subscription.status = subscriptions.status_when_paid(subscription.status)
    if subscription:
        pending_updates.apply_for_invoice(db, subscription, invoice, now=now)


def settle_parts(invoice: Invoice, subscription: Subscription | None, *, now: int) -> None:
    """Note which parts of an invoice are paid, once what remains has changed. Without arrears it isn't overdue."""
    if not invoice.amounts_due:
        return
    is_charged, remaining = invoice.collection_method == "charge_automatically", invoice.amount_remaining
    invoice.amounts_due = instalments.note_payments(invoice.amounts_due, remaining, now, is_charged=is_charged)
    invoice.due_date = instalments.next_due_date(invoice.amounts_due, remaining)
    invoice.amount_next = instalments.next_amount(invoice.amounts_due, remaining)
    if invoice.overdue_at is not None and not instalments.has_arrears(invoice.amounts_due, remaining):
        _end_arrears(invoice, subscription)


def _end_arrears(invoice: Invoice, subscription: Subscription | None) -> None:
    """Note that all is paid of an open invoice that is due by now: its subscription goes on."""
    invoice.overdue_at = invoice.gives_up_at = None
    if subscription and subscription.status == "past_due" and _is_latest_invoice(subscription, invoice):
        subscription.status = subscriptions.status_when_paid(subscription.status)


def reopen(db: Session, invoice: Invoice, subscription: Subscription | None, *, now: int) -> None:
    """Open a paid invoice again whose payment was taken back: it falls due again, and a subscription is past due."""
    invoice.status = "uncollectible" if invoice.marked_uncollectible_at else "open"
    invoice.paid_at = invoice.overdue_at = invoice.gives_up_at = None
    if subscription and subscription.status == "active" and _is_latest_invoice(subscription, invoice):
        subscription.status = "past_due"


def drop_pending_update(db: Session, subscription: Subscription, *, now: int) -> None:
    """Drop a pending update; void its invoice unless that is paid in part."""
    held = subscription.pending_update
    if held is None:
        return
    invoice = find_row(db, Invoice, held["invoice"], noun="invoice")
    if invoice.amount_paid or not invoice_rules.allows_verb("void", invoice.status):
        subscription.pending_update = None
    else:
        void(db, invoice, Command(), now=now)


def refuse_wrong_status(verb: str, invoice: Invoice) -> None:
    """Raises `InvalidRequest` where an invoice of this status can't be paid, voided and so on."""
    if invoice_rules.allows_verb(verb, invoice.status):
        return
    if verb == "finalize":
        message = "This invoice is already finalized, you can't re-finalize a non-draft invoice."
    elif verb == "pay" and invoice.status == "paid":
        message = "Invoice is already paid"
    else:
        done = {"pay": "paid", "void": "voided", "mark_uncollectible": "marked as uncollectible", "send": "sent"}
        allowed = " or ".join(sorted(invoice_rules.STATUSES_BY_VERB[verb]))
        message = f"You can only {verb.replace('_', ' ')} an invoice that is {allowed}; "
        message += f"this one is {invoice.status} and can't be {done[verb]}."
    raise InvalidRequest(message, code="invoice_not_editable" if verb == "finalize" else None)


def _is_latest_invoice(subscription: Subscription, invoice: Invoice) -> bool:
    """Whether the subscription's status depends on this invoice, as its latest one."""
    return subscription.latest_invoice_id in {invoice.id, None}


def _continue_without_payment(subscription: Subscription, now: int) -> None:
    """Set the subscription's status after its unpaid invoice is void."""
    subscription.status = subscriptions.status_when_voided(subscription.status)
    if subscription.status in subscriptions.ENDED:
        subscription.ended_at = subscription.ended_at or now
