"""What a draft says and how it is changed: words, dates, discounts, shipping."""

from __future__ import annotations

from typing import Annotated, Literal

from sqlalchemy.orm import Session

from portal.billing.accounts import numbers, rendering_templates
from portal.billing.catalogue import shipping_rates, tax_rates
from portal.billing.discounts import redemptions
from portal.billing.discounts.discounts import Sources
from portal.billing.invoices import drafts
from portal.billing.invoices.unsupported import Issued
from portal.billing.ledger import totals
from portal.billing.ledger.locks import Billed
from portal.db import among
from portal.errors import InvalidRequest, ResourceMissing
from portal.models import Invoice, TaxId
from portal.wire.commands import (
    Clearable,
    Command,
    CustomField,
    Flag,
    Id,
    ListOf,
    Metadata,
    Shipping,
    Text,
    Timestamp,
    merged,
    text,
    whole,
)

Collection = Literal["charge_automatically", "send_invoice"]
Version = Annotated[int, whole(1, 1_000_000)]
Days = Annotated[int, whole(0, 3650)]
#: A number of the merchant's own; the longest that the reference takes.
Number = Annotated[str, text(26)]


class Pdf(Command):
    page_size: Literal["a4", "auto", "letter"] | None = None


class Rendering(Command):
    amount_tax_display: Clearable[Literal["exclude_tax", "include_inclusive_tax"]] = None
    pdf: Pdf | None = None
    template: Clearable[Id] = None
    template_version: Clearable[Version] = None


class UpdateInvoice(Issued):
    account_tax_ids: ListOf[Id] = []
    auto_advance: Flag | None = None
    collection_method: Collection | None = None
    custom_fields: Clearable[ListOf[CustomField]] = None
    days_until_due: Days | None = None
    default_tax_rates: ListOf[Id] = []
    description: Clearable[Text] = None
    discounts: Sources = []
    due_date: Timestamp | None = None
    effective_at: Clearable[Timestamp] = None
    footer: Clearable[Text] = None
    metadata: Metadata = {}
    number: Clearable[Number] = None
    rendering: Rendering | None = None
    shipping_cost: shipping_rates.ClearableCost = None
    shipping_details: Clearable[Shipping] = None
    statement_descriptor: Clearable[Annotated[str, text(22)]] = None


_PLAIN = ("auto_advance", "collection_method", "description", "effective_at", "footer", "statement_descriptor")


def apply(db: Session, billed: Billed, command: UpdateInvoice, *, now: int) -> None:
    """Take over what was sent, totals included. Raises `InvalidRequest` for what doesn't go together."""
    invoice = billed.invoice
    for key, value in command.given(*_PLAIN).items():
        setattr(invoice, key, value)
    if command.has("number"):
        numbers.choose(db, invoice, command.number)
    _apply_due(invoice, command)
    if command.has("custom_fields"):
        if command.custom_fields and len(command.custom_fields) > 4:
            raise InvalidRequest("You can have up to 4 custom fields.", param="custom_fields")
        invoice.custom_fields = [each.model_dump() for each in command.custom_fields or []] or None
    if command.rendering:
        rendering = {**(invoice.rendering or {}), **command.rendering.model_dump(exclude_unset=True)}
        invoice.rendering = rendering_templates.fitting(db, rendering, command.rendering.model_fields_set)
    if command.has("metadata"):
        invoice.metadata_ = merged(invoice.metadata_, command.metadata)
    if command.has("account_tax_ids"):
        refuse_foreign_tax_ids(db, command.account_tax_ids, "account_tax_ids")
        invoice.account_tax_ids = command.account_tax_ids or None
    if command.has("default_tax_rates"):
        chosen = tax_rates.tax_rates(db, command.default_tax_rates, "default_tax_rates")
        drafts.change_default_rates(db, invoice, [rate.id for rate in chosen])
    _apply_sums(db, billed, command, now)


def _apply_sums(db: Session, billed: Billed, command: UpdateInvoice, now: int) -> None:
    """Discounts and shipping, which change what the lines add up to."""
    invoice = billed.invoice
    if command.has("shipping_details"):
        invoice.shipping_details = command.shipping_details.model_dump() if command.shipping_details else None
    if command.has("discounts"):
        redemptions.put_on_invoice(db, billed, command.discounts, now=now)
    if command.has("shipping_cost"):
        shipping_rates.put_on_invoice(db, invoice, command.shipping_cost, now=now)
    if command.given("discounts", "shipping_cost"):
        totals.total(db, invoice)


def refuse_foreign_tax_ids(db: Session, chosen: list[str], param: str) -> None:
    """Raises `ResourceMissing` for a tax ID that is none of the account's own."""
    found = among(db, TaxId, chosen)
    for index, id in enumerate(chosen):
        if id not in found or found[id].customer_id is not None:
            raise ResourceMissing("tax ID", id, param=f"{param}[{index}]")


def _apply_due(invoice: Invoice, command: UpdateInvoice) -> None:
    """The date or the days, whichever was sent last; neither where nobody has to send money by himself."""
    sent = [name for name in ("due_date", "days_until_due") if getattr(command, name) is not None]
    if len(sent) == 2:
        raise InvalidRequest("You may only specify one of these parameters: due_date, days_until_due.", param=sent[0])
    if invoice.collection_method == "charge_automatically":
        if sent:
            raise InvalidRequest(f"{sent[0]} goes with collection_method=send_invoice only.", param=sent[0])
        invoice.due_date = invoice.days_until_due = None
    elif sent:
        invoice.due_date, invoice.days_until_due = command.due_date, command.days_until_due
