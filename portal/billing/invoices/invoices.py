"""Invoices: created as drafts, finalized with a number, then paid, voided or marked as uncollectible."""

from typing import Literal

from sqlalchemy.orm import Session

from portal import clock, ids
from portal.billing.accounts import accounts, numbers, rendering_templates
from portal.billing.discounts import discounts
from portal.billing.invoices import changes, collectors, drafts, invoiceitems, payments, revisions
from portal.billing.invoices.changes import CollectionMethod, UpdateInvoice
from portal.billing.invoices.collection import mark_overdue, mark_paid, refuse_wrong_status
from portal.billing.ledger import balances, locks, parties, totals
from portal.billing.ledger.locks import Billed
from portal.db import find_row, rows_by_id, scope_of
from portal.errors import InvalidRequest, MissingParameter, ResourceMissing
from portal.models import Customer, Invoice, InvoiceItem, Subscription
from portal.recording import stage
from portal.rules import invoices as rules
from portal.rules import steps
from portal.wire.commands import Command, Currency, ExpandableCommand, Flag, Id, ListCommand, TimestampFilter


class CreateInvoice(UpdateInvoice):
    customer: Id | None = None
    currency: Currency | None = None
    from_invoice: revisions.FromInvoice | None = None
    pending_invoice_items_behavior: Literal["exclude", "include", "include_and_require"] = "exclude"
    subscription: Id | None = None


class FinalizeInvoice(ExpandableCommand):
    auto_advance: Flag | None = None


class ListInvoices(ListCommand):
    collection_method: CollectionMethod | None = None
    created: TimestampFilter = None
    customer: Id | None = None
    due_date: TimestampFilter = None
    status: Literal["draft", "open", "paid", "uncollectible", "void"] | None = None
    subscription: Id | None = None


def create(db: Session, command: CreateInvoice, *, now: int) -> Invoice:
    """Create a draft, with the customer's pending items where requested, or as a revision of another invoice.

    Raises `InvalidRequest` (`invoice_no_customer_line_items`) when items are required and none are pending.
    """
    if command.from_invoice:
        return _create_revision(db, command, command.from_invoice, now)
    customer = _lock_customer(db, command)
    subscription = _find_subscription(db, command)
    currency = (
        command.currency or customer.currency or accounts.find_account(db, scope_of(db).account_id).default_currency
    )
    balances.refuse_other_currency(customer, currency)
    invoice = create_draft(db, customer, subscription, currency, "manual", now=now)
    if command.pending_invoice_items_behavior != "exclude":
        _include_pending_items(db, invoice, command)
    changes.apply(db, Billed(customer, subscription, invoice), command, now=now)
    _schedule_finalization(invoice, now)
    return invoice


def create_draft(
    db: Session,
    customer: Customer,
    subscription: Subscription | None,
    currency: str,
    reason: str,
    *,
    now: int,
    period: tuple[int, int] | None = None,
) -> Invoice:
    """Create an empty draft for a customer whom the caller has locked; `reason` is the wire's `billing_reason`."""
    settings = {**customer.invoice_settings, **((subscription and subscription.invoice_settings) or {})}
    invoice = Invoice(
        id=ids.new("invoice"),
        created=now,
        customer_id=customer.id,
        subscription_id=subscription.id if subscription else None,
        status="draft",
        currency=currency,
        billing_reason=reason,
        collection_method=subscription.collection_method if subscription else "charge_automatically",
        days_until_due=subscription.days_until_due if subscription else None,
        auto_advance=reason != "manual",
        automatically_finalizes_at=now + steps.DRAFT_DURATION if reason != "manual" else None,
        test_clock_id=customer.test_clock_id,
        period_start=period[0] if period else now,
        period_end=period[1] if period else now,
        custom_fields=settings.get("custom_fields"),
        footer=settings.get("footer"),
        description=settings.get("description"),
        account_tax_ids=settings.get("account_tax_ids"),
        rendering=settings.get("rendering_options"),
        default_tax_rates=drafts.frozen_rates(db, subscription.default_tax_rates) if subscription else [],
        discounts=discounts.inherited_ids(db, customer, subscription, now=now),
        total_discount_amounts=[],
        total_taxes=[],
        metadata_={},
        starting_balance=customer.balance,
        amount_paid=0,
        amount_overpaid=0,
        pre_payment_credit_notes_amount=0,
        post_payment_credit_notes_amount=0,
        next_credit_note_sequence=1,
        paid_out_of_band=False,
    )
    # without lines all its totals are the zeros that the columns start with
    db.add(invoice)
    return invoice


def update(db: Session, invoice: Invoice, command: UpdateInvoice, *, now: int) -> Invoice:
    """Change a draft; once finalized only metadata and `auto_advance` change."""
    billed = locks.invoice(db, invoice)
    frozen = command.model_fields_set - {"metadata", "auto_advance", "expand"}
    if frozen:
        drafts.refuse_finalized(invoice, min(frozen))
    changes.apply(db, billed, command, now=now)
    _schedule_finalization(invoice, now)
    return invoice


def delete(db: Session, invoice: Invoice, *, now: int) -> None:
    """Delete a draft that no subscription created, with the items on it."""
    locks.invoice(db, invoice)
    drafts.refuse_finalized(invoice, None)
    if invoice.subscription_id is not None and invoice.from_invoice_id is None:
        raise InvalidRequest("An invoice of a subscription can't be deleted; finalize and void it.")
    lines = totals.list_lines(db, invoice.id)
    items = rows_by_id(db, InvoiceItem, [line.invoice_item_id for line in lines if line.invoice_item_id])
    for row in (*lines, *items.values()):
        db.delete(row)
    db.flush()
    db.delete(invoice)


def finalize(db: Session, invoice: Invoice, command: FinalizeInvoice, *, now: int) -> Invoice:
    """Number the draft, freeze it and apply the customer's balance; with nothing due it is paid.

    The customer's row is locked first, so that parallel calls leave no gap and no duplicate in the numbers.
    """
    billed = locks.invoice(db, invoice)
    customer = billed.customer
    refuse_wrong_status("finalize", invoice)
    balances.refuse_other_currency(customer, invoice.currency)
    revisions.replace_original(db, billed, now=now)
    discounts.remove_spent(db, invoice)
    stage(db, invoice)
    if not drafts.freeze(db, invoice):
        raise InvalidRequest("An invoice without lines can't be finalized.", code="invoice_no_customer_line_items")
    discounts.mark_spent(db, customer, billed.subscription, invoice, now=now)
    invoice.seller = parties.seller_for_invoice(db, invoice)
    invoice.buyer = parties.buyer(db, customer, billed.subscription, invoice.metadata_)
    invoice.rendering = rendering_templates.freeze_rendering(db, invoice.rendering)
    numbers.assign_number(db, customer, invoice)
    invoice.status, invoice.finalized_at = "open", now
    invoice.effective_at = invoice.effective_at or now
    if command.auto_advance is not None:
        invoice.auto_advance = command.auto_advance
    if invoice.due_date is None and invoice.collection_method == "send_invoice":
        invoice.due_date = now + (invoice.days_until_due or 0) * clock.DAY
    _apply_balance(db, customer, invoice, now)
    if invoice.amount_due == 0:
        stage(db, invoice)
        mark_paid(db, invoice, billed.subscription, now=now)
    elif invoice.collection_method == "charge_automatically":
        _collect_payment(db, billed, now)
    return invoice


def send(db: Session, invoice: Invoice, command: Command, *, now: int) -> Invoice:
    """Finalize a draft and note that it was sent; the caller sends the mail in the same transaction."""
    billed = locks.invoice(db, invoice)
    refuse_wrong_status("send", invoice)
    if not billed.customer.email:
        raise InvalidRequest("The customer has no email address to send the invoice to.")
    if invoice.status == "draft":
        finalize(db, invoice, FinalizeInvoice(), now=now)
    invoice.sent_at = now
    return invoice


def _collect_payment(db: Session, billed: Billed, now: int) -> None:
    """Collect a new invoice unless collection is off or paused; a renewal that stays unpaid is overdue at once."""
    invoice, subscription = billed.invoice, billed.subscription
    if subscription and subscription.pause_collection:
        return
    if invoice.auto_advance:
        payments.collect(db, billed, now=now)
    if invoice.billing_reason == "subscription_cycle" and collectors.stuck_attempt(db, invoice):
        mark_overdue(db, invoice, subscription, now=now)


def _schedule_finalization(invoice: Invoice, now: int) -> None:
    """Set when a draft with `auto_advance` is finalized automatically: an hour from now."""
    if not invoice.auto_advance:
        invoice.automatically_finalizes_at = None
    elif invoice.automatically_finalizes_at is None and invoice.status == "draft":
        invoice.automatically_finalizes_at = now + steps.DRAFT_DURATION


def _apply_balance(db: Session, customer: Customer, invoice: Invoice, now: int) -> None:
    settlement = rules.apply_balance(invoice.total, customer.balance)
    invoice.starting_balance = customer.balance
    customer.currency = invoice.currency
    if settlement.applied:
        balances.add_transaction(
            db, customer, "applied_to_invoice", settlement.applied, invoice.currency, now=now, invoice_id=invoice.id
        )
    invoice.ending_balance = customer.balance
    invoice.amount_due = invoice.amount_remaining = settlement.amount_due


def _create_revision(db: Session, command: CreateInvoice, source: revisions.FromInvoice, now: int) -> Invoice:
    def create_repetition(billed: Billed) -> Invoice:
        original = billed.invoice
        if command.customer not in {None, original.customer_id}:
            raise InvalidRequest("A revision is for the customer of the invoice that it revises.", param="customer")
        locks.billable_customer(db, original.customer_id)
        return create_draft(
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
    _schedule_finalization(invoice, now)
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
    waiting = invoiceitems.list_pending(db, invoice.customer_id, command.subscription)
    if not waiting and command.pending_invoice_items_behavior == "include_and_require":
        raise InvalidRequest("Nothing to invoice for customer", param="customer", code="invoice_no_customer_line_items")
    drafts.add_items(db, invoice, waiting)
