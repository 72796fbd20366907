"""Drafts of invoices: created empty; every change of a line computes the totals anew."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import inspect as object_state
from sqlalchemy import update
from sqlalchemy.orm import Session

from portal import ids
from portal.billing.discounts import discounts
from portal.billing.invoices import payment_settings
from portal.billing.ledger.totals import compute_totals, list_lines
from portal.db import rows_by_id, scope_of
from portal.errors import InvalidRequest
from portal.models import Customer, Invoice, InvoiceItem, InvoiceLine, Price, Subscription, SubscriptionItem, TaxRate
from portal.objects.catalogue import frozen_price, frozen_tax_rate
from portal.rules import steps

MOST_LINES = 1000


@dataclass(frozen=True)
class FrozenCopies:
    """Tax rates and prices as they are copied onto lines, by id."""

    rates: dict[str, dict[str, Any]]
    prices: dict[str, dict[str, Any]]

    def rates_for(self, rate_ids: Iterable[str]) -> list[dict[str, Any]]:
        """Copies of tax rates in the order of their ids."""
        return [self.rates[id] for id in rate_ids if id in self.rates]


def create(
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
        payment_settings=payment_settings.settings_for_invoice(subscription.payment_settings if subscription else None),
        default_tax_rates=frozen_rates(db, subscription.default_tax_rates) if subscription else [],
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


def refuse_finalized(invoice: Invoice, param: str | None) -> None:
    """Raises `InvalidRequest` unless the invoice is a draft."""
    if invoice.status != "draft":
        raise InvalidRequest(
            f"The invoice '{invoice.id}' is finalized and can't be modified any more.",
            param=param,
            code="invoice_not_editable",
        )


def add_items(db: Session, invoice: Invoice, items: Sequence[InvoiceItem]) -> None:
    """Add a line for each invoice item. Raises `InvalidRequest` for more than 1,000 lines."""
    copied = frozen_copies(db, _rate_ids(items), [item.price_id for item in items])
    held = _current_lines(db, invoice, len(items))
    for position, item in enumerate(items, start=_next_position(held)):
        item.invoice_id = invoice.id
        line = InvoiceLine(
            id=ids.new("line_item"),
            created=item.created,
            invoice_id=invoice.id,
            position=position,
            invoice_item_id=item.id,
            discount_amounts=[],
        )
        _copy_item_to_line(line, item, invoice, copied)
        db.add(line)
        held.append(line)
    _link_credited_lines(held)
    compute_totals(db, invoice, held)


def update_item(db: Session, invoice: Invoice, item: InvoiceItem) -> None:
    """Copy the changes of an invoice item into its line."""
    copied = frozen_copies(db, item.tax_rates, [item.price_id])
    for line in list_lines(db, invoice.id):
        if line.invoice_item_id == item.id:
            _copy_item_to_line(line, item, invoice, copied)
    compute_totals(db, invoice)


def remove_item(db: Session, invoice: Invoice, item: InvoiceItem) -> None:
    """Remove the line of an invoice item, and close the gap in the positions."""
    for line in list_lines(db, invoice.id):
        if line.invoice_item_id == item.id:
            db.delete(line)
            db.flush()
            _close_gap(db, invoice, line.position)
    compute_totals(db, invoice)


def add_lines(db: Session, invoice: Invoice, values: list[dict[str, Any]]) -> None:
    """Add lines of a subscription's items: columns of `InvoiceLine`, with `tax_rates` as ids."""
    copied = frozen_copies(db, [id for each in values for id in each["tax_rates"]], [])
    running = set(
        discounts.running_ids(db, [id for each in values for id in each["discounts"]], invoice.created, on=invoice.id)
    )
    held = _current_lines(db, invoice, len(values))
    for position, each in enumerate(values, start=_next_position(held)):
        own = {
            "discounts": [id for id in each["discounts"] if id in running],
            "tax_rates": copied.rates_for(each["tax_rates"]) or invoice.default_tax_rates,
        }
        line = InvoiceLine(
            **{**each, **own},
            discountable=True,
            discount_amounts=[],
            id=ids.new("line_item"),
            created=invoice.created,
            invoice_id=invoice.id,
            position=position,
            currency=invoice.currency,
        )
        db.add(line)
        held.append(line)
    compute_totals(db, invoice, held)


def delete_draft(db: Session, invoice: Invoice) -> None:
    """Delete a draft with its lines and the items on it, and give back the discounts that were spent on it."""
    lines = list_lines(db, invoice.id)
    items = rows_by_id(db, InvoiceItem, [line.invoice_item_id for line in lines if line.invoice_item_id])
    for row in (*lines, *items.values()):
        db.delete(row)
    discounts.give_back_spent(db, invoice)
    db.flush()
    db.delete(invoice)


def frozen_copies(db: Session, rate_ids: Iterable[str], price_ids: Iterable[str | None]) -> FrozenCopies:
    """Copies of tax rates and prices as they are now, one query for each."""
    livemode = scope_of(db).livemode
    rates = rows_by_id(db, TaxRate, sorted(set(rate_ids)))
    prices = rows_by_id(db, Price, sorted({id for id in price_ids if id}))
    return FrozenCopies(
        {id: frozen_tax_rate(row, livemode) for id, row in rates.items()},
        {id: frozen_price(row, livemode) for id, row in prices.items()},
    )


def frozen_rates(db: Session, rate_ids: Sequence[str]) -> list[dict[str, Any]]:
    """Copies of tax rates, in the order of their ids."""
    return frozen_copies(db, rate_ids, []).rates_for(rate_ids)


def change_default_rates(db: Session, invoice: Invoice, rate_ids: list[str]) -> None:
    """Set other default tax rates, and put them on the lines that have none of their own."""
    before, found = _ids_of_copies(invoice.default_tax_rates), list_lines(db, invoice.id)
    own = _own_rates_by_line(db, found)
    invoice.default_tax_rates = frozen_rates(db, rate_ids)
    for line in found:
        if not line.given_taxes and not own.get(line.id, _ids_of_copies(line.tax_rates) != before):
            line.tax_rates = invoice.default_tax_rates
    compute_totals(db, invoice)


def freeze(db: Session, invoice: Invoice, found: Sequence[InvoiceLine]) -> None:
    """Copy tax rates and prices onto all lines of an invoice for the last time, and compute the totals."""
    kept = [invoice.default_tax_rates, *(line.tax_rates for line in found)]
    copied = frozen_copies(
        db, [id for rates in kept for id in _ids_of_copies(rates)], [line.price_id for line in found]
    )
    invoice.default_tax_rates = copied.rates_for(_ids_of_copies(invoice.default_tax_rates))
    for line in found:
        line.tax_rates = copied.rates_for(_ids_of_copies(line.tax_rates))
        line.price = copied.prices.get(line.price_id or "")
    compute_totals(db, invoice, found)


def _copy_item_to_line(line: InvoiceLine, item: InvoiceItem, invoice: Invoice, copied: FrozenCopies) -> None:
    line.amount, line.currency, line.description = item.amount, item.currency, item.description
    line.quantity, line.unit_amount_decimal = item.quantity, item.unit_amount_decimal
    line.period_start, line.period_end = item.period_start, item.period_end
    line.price_id, line.price = item.price_id, copied.prices.get(item.price_id or "")
    line.subscription_id, line.subscription_item_id = item.subscription_id, item.subscription_item_id
    line.discountable, line.discounts = item.discountable, item.discounts
    line.proration, line.metadata_ = item.proration, item.metadata_
    line.credited_items = item.credited_items
    line.tax_rates = copied.rates_for(item.tax_rates) if _has_own_rates(item) else invoice.default_tax_rates


def _current_lines(db: Session, invoice: Invoice, more: int) -> list[InvoiceLine]:
    """The lines so far. Raises `InvalidRequest` where `more` would be too many."""
    if object_state(invoice).pending:  # the invoice was made just now, and so were its lines
        own = [row for row in db.new if isinstance(row, InvoiceLine) and row.invoice_id == invoice.id]
        held = sorted(own, key=lambda line: line.position)
    else:
        db.flush()
        held = list_lines(db, invoice.id)
    if len(held) + more > MOST_LINES:
        raise InvalidRequest(f"An invoice has at most {MOST_LINES} lines.", param="invoice")
    return held


def _link_credited_lines(held: Sequence[InvoiceLine]) -> None:
    """Fill in the lines that a credit refers to, where these have got lines on the same invoice now."""
    by_item = {line.invoice_item_id: line for line in held if line.invoice_item_id}
    for line in held:
        credited = line.credited_items
        if not credited or credited["invoice"] or not all(id in by_item for id in credited["invoice_items"]):
            continue
        lines = [by_item[id].id for id in credited["invoice_items"]]
        line.credited_items = {**credited, "invoice": line.invoice_id, "invoice_line_items": lines}


def _next_position(held: Sequence[InvoiceLine]) -> int:
    return held[-1].position + 1 if held else 0


def _close_gap(db: Session, invoice: Invoice, gap: int) -> None:
    """Positions have no gap, as the first lines of an invoice are found by them."""
    own = InvoiceLine.invoice_id == invoice.id
    # by way of negative numbers, since no two lines may share a position even for a moment
    away = update(InvoiceLine).where(own, InvoiceLine.position > gap).values(position=-InvoiceLine.position)
    back = update(InvoiceLine).where(own, InvoiceLine.position < 0).values(position=-InvoiceLine.position - 1)
    for statement in (away, back):
        db.execute(statement, execution_options={"synchronize_session": False})


def _own_rates_by_line(db: Session, found: list[InvoiceLine]) -> dict[str, bool]:
    """Whether each line has tax rates of its own, by line id, as the item behind it says."""
    items = rows_by_id(db, InvoiceItem, [line.invoice_item_id for line in found if line.invoice_item_id])
    parts = rows_by_id(db, SubscriptionItem, [line.subscription_item_id for line in found if line.subscription_item_id])
    sources = {
        line.id: items.get(line.invoice_item_id or "") or parts.get(line.subscription_item_id or "") for line in found
    }
    return {id: _has_own_rates(source) for id, source in sources.items() if source}


def _has_own_rates(source: InvoiceItem | SubscriptionItem) -> bool:
    return bool(source.tax_rates) or (isinstance(source, InvoiceItem) and source.tax_rates_fixed)


def _rate_ids(items: Iterable[InvoiceItem]) -> list[str]:
    return [id for item in items for id in item.tax_rates]


def _ids_of_copies(frozen: Iterable[dict[str, Any]]) -> list[str]:
    return [rate["id"] for rate in frozen]
