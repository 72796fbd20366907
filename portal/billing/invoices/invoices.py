"""Invoices: created as drafts or as revisions, changed and deleted; `finalization` takes them from there."""

from sqlalchemy.orm import Session

from portal import clock
from portal.billing.invoices import changes, drafts, pending_items, revisions
from portal.billing.invoices.params import CreateInvoice, FromInvoice, UpdateInvoice
from portal.billing.ledger import balances, locks
from portal.billing.ledger.locks import Billed
from portal.db import find_row
from portal.errors import InvalidRequest, MissingParameter, ResourceMissing
from portal.models import Customer, Invoice, Subscription
from portal.rules import steps

LONGEST_DRAFT = 5 * 366 * clock.DAY


def create(db: Session, command: CreateInvoice, *, now: int) -> Invoice:
    """Create a draft, with the customer's pending items where requested, or as a revision of another invoice.

    Raises `InvalidRequest` (`invoice_no_customer_line_items`) when items are required and none are pending.
    """
    if command.from_invoice:
        return _create_revision(db, command, command.from_invoice, now)
    customer = _lock_customer(db, command)
    subscription = _find_subscription(db, command)
    currency = command.currency or balances.usual_currency(db, customer)
    balances.refuse_other_currency(customer, currency)
    invoice = drafts.create(db, customer, subscription, currency, "manual", now=now)
    if command.pending_invoice_items_behavior != "exclude":
        _include_pending_items(db, invoice, command)
    changes.apply(db, Billed(customer, subscription, invoice), command, now=now)
    _schedule_finalization(invoice, command, now)
    return invoice


def update(db: Session, invoice: Invoice, command: UpdateInvoice, *, now: int) -> Invoice:
    """Change a draft; once finalized only metadata and `auto_advance` change, and while open how it is charged."""
    billed = locks.invoice(db, invoice)
    frozen = command.model_fields_set - {"metadata", "auto_advance", "expand"}
    if invoice.status == "open":
        frozen -= {"default_payment_method"}
    if frozen:
        drafts.refuse_finalized(invoice, min(frozen))
    changes.apply(db, billed, command, now=now)
    _schedule_finalization(invoice, command, now)
    return invoice


def delete(db: Session, invoice: Invoice, *, now: int) -> None:
    """Delete a draft that no subscription created, with the items on it."""
    locks.invoice(db, invoice)
    drafts.refuse_finalized(invoice, None)
    if invoice.subscription_id is not None and invoice.from_invoice_id is None:
        raise InvalidRequest("An invoice of a subscription can't be deleted; finalize and void it.")
    drafts.delete_draft(db, invoice)


def _schedule_finalization(invoice: Invoice, command: UpdateInvoice, now: int) -> None:
    """Set when a draft with `auto_advance` is finalized automatically: when it was asked for, or an hour from now."""
    wanted = command.automatically_finalizes_at
    if wanted is not None:
        _refuse_impossible_finalization(command, wanted, now)
        invoice.auto_advance, invoice.automatically_finalizes_at = True, wanted
    elif not invoice.auto_advance:
        invoice.automatically_finalizes_at = None
    elif invoice.automatically_finalizes_at is None and invoice.status == "draft":
        invoice.automatically_finalizes_at = now + steps.DRAFT_DURATION


def _refuse_impossible_finalization(command: UpdateInvoice, wanted: int, now: int) -> None:
    """Raises `InvalidRequest` for a time that has passed or is too late, and where nothing is automatic."""
    if command.auto_advance is False:
        raise InvalidRequest("It goes with auto_advance=true only.", param="automatically_finalizes_at")
    if not now < wanted <= now + LONGEST_DRAFT:
        raise InvalidRequest(
            "A draft is finalized in the future, within five years.", param="automatically_finalizes_at"
        )


def _create_revision(db: Session, command: CreateInvoice, source: FromInvoice, now: int) -> Invoice:
    def create_repetition(billed: Billed) -> Invoice:
        original = billed.invoice
        if command.customer not in {None, original.customer_id}:
            raise InvalidRequest("A revision is for the customer of the invoice that it revises.", param="customer")
        locks.billable_customer(db, original.customer_id)
        return drafts.create(
            db,
            billed.customer,
            billed.subscription,
            original.currency,
            original.billing_reason,
            now=now,
            period=(original.period_start, original.period_end),
        )

    if taken_over := sorted(command.model_fields_set & {"currency", "pending_invoice_items_behavior", "subscription"}):
        raise InvalidRequest(f"You may not specify {taken_over[0]} together with from_invoice.", param=taken_over[0])
    billed = revisions.start_revision(db, source, create_repetition, now=now)
    invoice = billed.invoice
    invoice.auto_advance, invoice.automatically_finalizes_at = False, None
    changes.apply(db, billed, command, now=now)
    _schedule_finalization(invoice, command, now)
    return invoice


def _lock_customer(db: Session, command: CreateInvoice) -> Customer:
    if command.customer is None:
        raise MissingParameter("customer")
    return locks.billable_customer(db, command.customer)


def _find_subscription(db: Session, command: CreateInvoice) -> Subscription | None:
    if command.subscription is None:
        return None
    subscription = find_row(db, Subscription, command.subscription, noun="subscription", param="subscription")
    if subscription.customer_id != command.customer:
        raise ResourceMissing("subscription", command.subscription, param="subscription")
    return subscription


def _include_pending_items(db: Session, invoice: Invoice, command: CreateInvoice) -> None:
    waiting = pending_items.list_pending(db, invoice.customer_id, command.subscription)
    if not waiting and command.pending_invoice_items_behavior == "include_and_require":
        raise InvalidRequest("Nothing to invoice for customer", param="customer", code="invoice_no_customer_line_items")
    drafts.add_items(db, invoice, waiting)
