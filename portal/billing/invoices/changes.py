"""Changes of a draft invoice: texts, dates, tax rates, discounts and shipping."""

from sqlalchemy.orm import Session

from portal.billing.accounts import numbers, rendering_templates
from portal.billing.catalogue import shipping_rates, tax_rates
from portal.billing.discounts import redemptions
from portal.billing.invoices import drafts, instalments, payment_settings
from portal.billing.invoices.params import UpdateInvoice
from portal.billing.ledger import totals
from portal.billing.ledger.locks import Billed
from portal.billing.payment_methods import methods
from portal.db import rows_by_id
from portal.errors import InvalidRequest, ResourceMissing
from portal.models import Invoice, TaxId
from portal.wire.commands import (
    merge_metadata,
)

_PLAIN_FIELDS = ("auto_advance", "collection_method", "description", "effective_at", "footer", "statement_descriptor")


def apply(db: Session, billed: Billed, command: UpdateInvoice, *, now: int) -> None:
    """Apply what was sent, and compute the totals. Raises `InvalidRequest` for parameters that exclude each other."""
    invoice = billed.invoice
    for key, value in command.sent_values(*_PLAIN_FIELDS).items():
        setattr(invoice, key, value)
    if command.was_sent("number"):
        numbers.set_number(db, invoice, command.number)
    _apply_due_date(invoice, command)
    instalments.apply(invoice, command)
    if command.was_sent("custom_fields"):
        if command.custom_fields and len(command.custom_fields) > 4:
            raise InvalidRequest("You can have up to 4 custom fields.", param="custom_fields")
        invoice.custom_fields = [each.model_dump() for each in command.custom_fields or []] or None
    if command.payment_settings:
        invoice.payment_settings = payment_settings.merge_settings(invoice.payment_settings, command.payment_settings)
    if command.was_sent("default_payment_method"):
        methods.choose_default(db, invoice, command.default_payment_method)
    if command.rendering:
        rendering = {**(invoice.rendering or {}), **command.rendering.model_dump(exclude_unset=True)}
        invoice.rendering = rendering_templates.validate_rendering(db, rendering, command.rendering.model_fields_set)
    if command.was_sent("metadata"):
        invoice.metadata_ = merge_metadata(invoice.metadata_, command.metadata)
    if command.was_sent("account_tax_ids"):
        refuse_foreign_tax_ids(db, command.account_tax_ids, "account_tax_ids")
        invoice.account_tax_ids = command.account_tax_ids or None
    if command.was_sent("default_tax_rates"):
        chosen = tax_rates.active_tax_rates(db, command.default_tax_rates, "default_tax_rates")
        drafts.change_default_rates(db, invoice, [rate.id for rate in chosen])
    _apply_discounts_and_shipping(db, billed, command, now)


def _apply_discounts_and_shipping(db: Session, billed: Billed, command: UpdateInvoice, now: int) -> None:
    """Apply discounts and shipping, which change the totals."""
    invoice = billed.invoice
    if command.was_sent("shipping_details"):
        invoice.shipping_details = command.shipping_details.model_dump() if command.shipping_details else None
    if command.was_sent("discounts"):
        redemptions.redeem_for_invoice(db, billed, command.discounts, now=now)
    if command.was_sent("shipping_cost"):
        shipping_rates.apply_to_invoice(db, invoice, command.shipping_cost, now=now)
    if command.sent_values("discounts", "shipping_cost"):
        totals.compute_totals(db, invoice)
    if command.amounts_due and invoice.total:
        instalments.refuse_other_sum(invoice)


def refuse_foreign_tax_ids(db: Session, chosen: list[str], param: str) -> None:
    """Raises `ResourceMissing` for a tax ID that is not one of the account's own."""
    found = rows_by_id(db, TaxId, chosen)
    for index, id in enumerate(chosen):
        if id not in found or found[id].customer_id is not None:
            raise ResourceMissing("tax ID", id, param=f"{param}[{index}]")


def _apply_due_date(invoice: Invoice, command: UpdateInvoice) -> None:
    """Set the due date or the days until due, whichever was sent; clear both where it is charged automatically."""
    sent = [name for name in ("due_date", "days_until_due") if getattr(command, name) is not None]
    if len(sent) == 2:
        raise InvalidRequest("You may only specify one of these parameters: due_date, days_until_due.", param=sent[0])
    if invoice.collection_method == "charge_automatically":
        if sent:
            raise InvalidRequest(f"{sent[0]} goes with collection_method=send_invoice only.", param=sent[0])
        invoice.due_date = invoice.days_until_due = None
    elif sent:
        invoice.amounts_due = None
        invoice.due_date, invoice.days_until_due = command.due_date, command.days_until_due
