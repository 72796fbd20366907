"""Builds document values from the frozen rows of invoices, credit notes and quotes.

Only what was frozen at finalization is used, so a document does not change afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, cast

from sqlalchemy.orm import Session

from portal.billing.credit_notes import credit_notes
from portal.billing.discounts import named_discounts
from portal.billing.discounts.named_discounts import DiscountSummary
from portal.billing.invoices import drafts, payments
from portal.billing.ledger import parties, totals
from portal.billing.quotes import quote_totals
from portal.billing.quotes.discounts import build_discount
from portal.clock import utc_date
from portal.db import find_row
from portal.documents import parties as heads
from portal.documents.frozen_design import find_design
from portal.documents.values import (
    AppliedCreditNote,
    CreditNoteDocument,
    CreditNoteReason,
    Discount,
    DocumentLine,
    InvoiceDocument,
    InvoiceStatus,
    PageSize,
    Payment,
    QuoteDocument,
    ReceiptDocument,
    Shipping,
    TaxAmount,
    TaxConversion,
)
from portal.documents.xml import offers, references
from portal.errors import ResourceMissing
from portal.models import CreditNote, Invoice, Quote, QuoteLine
from portal.rules import receipts, tax_currencies
from portal.rules.discounts import sum_by_discount

_PAGE_SIZES: dict[str, PageSize] = {"a4": "A4", "letter": "Letter"}


def invoice(db: Session, row: Invoice, hosted_invoice_url: str | None = None) -> InvoiceDocument:
    """The document of a finalized invoice."""
    lines = totals.list_lines(db, row.id)
    bank = _bank_account(row)
    return InvoiceDocument(
        **offers.pdf_values(db, row),
        **_shared_values(db, row, lines),
        own=find_design(db, row.rendering),
        number=row.number or "",
        effective_at=utc_date(row.effective_at or row.created),
        status=cast(InvoiceStatus, row.status),
        subtotal=row.subtotal,
        total=row.total,
        total_excluding_tax=row.total_excluding_tax,
        custom_fields=tuple((field["name"], field["value"]) for field in row.custom_fields or []),
        memo=row.description,
        page_size=_page_size(row),
        voided_at=_optional_day(row.voided_at),
        amount_due=row.amount_due,
        amount_paid=row.amount_paid,
        amount_remaining=row.amount_remaining,
        applied_balance=row.starting_balance - (row.ending_balance or 0),
        credit_notes=tuple(_applied_credit_notes(db, row)),
        payments=_build_payments(db, row),
        due_date=_optional_day(row.due_date),
        paid_at=_optional_day(row.paid_at),
        period_start=utc_date(row.period_start),
        period_end=utc_date(row.period_end),
        iban=bank.get("iban"),
        bic=bank.get("bic"),
        account_holder=bank.get("holder"),
        payment_reference=_payment_reference(row) if bank else None,
        transfer_code="iban" in bank and row.currency == "eur",
        hosted_invoice_url=hosted_invoice_url,
        replaces=_replaced_invoice(db, row),
    )


def _payment_reference(row: Invoice) -> str | None:
    said = references.payment_reference(row.number, row.buyer)
    return said if said != row.number else None


def tax_conversion(row: Invoice | CreditNote) -> TaxConversion | None:
    """The tax of a document in the currency that was frozen with it."""
    frozen = (row.seller or {}).get("tax_currency") or {}
    amount = tax_currencies.convert_tax(row.tax, row.currency, frozen)
    return TaxConversion(**{**frozen, "amount": amount}) if amount else None


def _replaced_invoice(db: Session, row: Invoice) -> tuple[str, date] | None:
    if row.from_invoice_id is None:
        return None
    original = find_row(db, Invoice, row.from_invoice_id, noun="invoice")
    return original.number or "", utc_date(original.effective_at or original.created)


def receipt(db: Session, row: Invoice) -> ReceiptDocument:
    """The receipt of a paid invoice. Raises `ResourceMissing` when the invoice has none."""
    number = receipts.receipt_number(row.status, row.number, row.amount_paid, row.receipt_number)
    if number is None:
        raise ResourceMissing("receipt", row.id)
    return ReceiptDocument(
        **_shared_values(db, row, totals.list_lines(db, row.id)),
        own=find_design(db, row.rendering),
        number=number,
        effective_at=utc_date(row.paid_at or row.effective_at or row.created),
        subtotal=row.subtotal,
        total=row.total,
        total_excluding_tax=row.total_excluding_tax,
        custom_fields=tuple((field["name"], field["value"]) for field in row.custom_fields or []),
        page_size=_page_size(row),
        invoice_number=row.number or "",
        invoice_effective_at=utc_date(row.effective_at or row.created),
        amount_paid=row.amount_paid,
        applied_balance=row.starting_balance - (row.ending_balance or 0),
        credit_notes=tuple(_applied_credit_notes(db, row)),
        payments=_build_payments(db, row),
    )


def credit_note(db: Session, row: CreditNote) -> CreditNoteDocument:
    """The document of a credit note."""
    original = find_row(db, Invoice, row.invoice_id, noun="invoice")
    return CreditNoteDocument(
        **offers.pdf_values(db, row),
        **_shared_values(db, row, credit_notes.list_lines(db, row.id)),
        own=find_design(db, original.rendering),
        number=row.number,
        effective_at=utc_date(row.effective_at),
        subtotal=row.subtotal,
        total=row.total,
        total_excluding_tax=row.total_excluding_tax,
        memo=row.memo,
        page_size=_page_size(original),
        voided_at=_optional_day(row.voided_at),
        invoice_number=original.number or "",
        invoice_effective_at=utc_date(original.effective_at or original.created),
        reason=cast(CreditNoteReason | None, row.reason),
        pre_payment_amount=row.pre_payment_amount,
        credit_amount=row.credit_amount,
        out_of_band_amount=row.out_of_band_amount or 0,
    )


def quote(db: Session, row: Quote) -> QuoteDocument:
    """The document of a finalized quote."""
    lines = quote_totals.list_for_quote(db, row.id)
    rates = {rate["id"]: rate for line in lines for rate in line.tax_rates}
    rates |= {rate["id"]: rate for rate in drafts.frozen_rates(db, row.default_tax_rates)}
    seller, buyer, sums, repeated = row.seller or {}, row.buyer or {}, row.upfront, row.recurring
    return QuoteDocument(
        **heads.shared_values(db, seller, buyer),
        number=row.number or "",
        currency=row.currency or "",
        effective_at=utc_date(row.finalized_at or row.created),
        ship_to=heads.ship_to(buyer.get("shipping")),
        lines=tuple(_build_quote_line(line) for line in lines),
        taxes=tuple(_build_tax(tax, rates[tax["tax_rate"]]) for tax in sums["taxes"]),
        discounts=_build_discounts(_quote_discounts(row, lines)),
        subtotal=sums["amount_subtotal"],
        total=sums["amount_total"],
        memo=row.description,
        footer=parties.footer(row),
        header=row.header,
        reverse_charge=buyer.get("tax_exempt") == "reverse",
        page_size=heads.choose_page_size(seller, buyer),
        own=find_design(db, seller.get("rendering")),
        status=cast(Any, row.status),
        expires_at=utc_date(row.expires_at),
        accepted_at=_optional_day(row.accepted_at),
        recurring=(repeated["interval"], repeated["interval_count"]) if repeated else None,
        recurring_total=repeated["amount_total"] if repeated else None,
    )


def _quote_discounts(row: Quote, lines: Sequence[QuoteLine]) -> list[DiscountSummary]:
    """The discounts of the quote's first payment."""
    known = {each["id"]: each for each in [*row.discounts, *(each for line in lines for each in line.discounts)]}
    taken = sum_by_discount([entry for line in lines if line.upfront for entry in line.discount_amounts])
    return [
        named_discounts.summarize_discount(
            build_discount(known[entry["discount"]]), row.currency or "", entry["amount"]
        )
        for entry in taken
    ]


def _build_quote_line(row: QuoteLine) -> DocumentLine:
    return DocumentLine(
        description=row.description,
        amount=row.amount_subtotal,
        quantity=row.quantity,
        unit_amount_decimal=row.price["price"]["unit_amount_decimal"],
        tax_percentages=tuple(rate["exact_percentage"] for rate in row.tax_rates),
    )


def _build_tax(tax: dict[str, Any], rate: dict[str, Any]) -> TaxAmount:
    return TaxAmount(
        display_name=rate["display_name"],
        percentage=rate["exact_percentage"],
        inclusive=tax["inclusive"],
        taxable_amount=tax["taxable_amount"],
        amount=tax["amount"],
    )


def _shared_values(db: Session, row: Invoice | CreditNote, lines: Iterable[Any]) -> dict[str, Any]:
    seller, buyer = row.seller or {}, row.buyer or {}
    found = list(lines)
    discounts = named_discounts.document_discounts(db, found, row.currency)
    return {
        **heads.shared_values(db, seller, buyer),
        "currency": row.currency,
        "ship_to": heads.ship_to(getattr(row, "shipping_details", None) or buyer.get("shipping")),
        "lines": tuple(_build_line(each, discounts.of_lines.get(each.id, [])) for each in found),
        "discounts": _build_discounts(discounts.of_whole),
        "shipping": _build_shipping(row),
        "taxes": tuple(_build_taxes(row, found)),
        "tax_conversion": tax_conversion(row),
        "footer": parties.footer(row),
        "reverse_charge": buyer.get("tax_exempt") == "reverse",
    }


def _build_line(row: Any, discounts: Iterable[DiscountSummary]) -> DocumentLine:
    percentages = tuple(rate["exact_percentage"] for rate in row.tax_rates)
    start, end = getattr(row, "period_start", None), getattr(row, "period_end", None)
    lasts = start and end and end > start
    return DocumentLine(
        description=row.description or "",
        amount=row.amount,
        quantity=row.quantity,
        # a share of a period has no price per unit that anyone would recognise
        unit_amount_decimal=None if getattr(row, "proration", False) else row.unit_amount_decimal,
        period_start=_optional_day(start) if lasts else None,
        period_end=_optional_day(end) if lasts else None,
        tax_percentages=percentages,
        discounts=_build_discounts(discounts),
    )


def _build_discounts(found: Iterable[DiscountSummary]) -> tuple[Discount, ...]:
    return tuple(
        Discount(name=each.name, percentage=each.percentage, amount_off=each.amount_off, amount=each.amount)
        for each in found
    )


def _build_shipping(row: Invoice | CreditNote) -> Shipping | None:
    cost = row.shipping_cost
    return Shipping(display_name=cost.get("display_name"), amount=cost["amount"]) if cost else None


def _build_taxes(row: Invoice | CreditNote, lines: list[Any]) -> Iterable[TaxAmount]:
    frozen = [*(line.tax_rates for line in lines), (row.shipping_cost or {}).get("tax_rates", [])]
    rates = {rate["id"]: rate for each in frozen for rate in each}
    for tax in row.total_taxes:
        rate = rates[tax["tax_rate"]]
        yield TaxAmount(
            display_name=rate["display_name"],
            percentage=rate["exact_percentage"],
            inclusive=tax["inclusive"],
            taxable_amount=tax["taxable_amount"],
            amount=tax["amount"],
        )


def _applied_credit_notes(db: Session, row: Invoice) -> Iterable[AppliedCreditNote]:
    for note in credit_notes.list_for_invoice(db, row.id):
        if note.status == "issued" and note.pre_payment_amount:
            yield AppliedCreditNote(
                number=note.number, effective_at=utc_date(note.effective_at), amount=note.pre_payment_amount
            )


def _build_payments(db: Session, row: Invoice) -> tuple[Payment, ...]:
    """Every payment. For an imported invoice that was already paid only the sum is known."""
    found = payments.list_for_invoice(db, row.id) if row.amount_paid else []
    ways = payments.method_names(db, found)
    if found:
        return tuple(
            Payment(
                paid_at=utc_date(each.paid_at or each.created), amount=each.amount_paid, words=ways.get(each.id, "")
            )
            for each in found
        )
    if not row.amount_paid or row.paid_at is None:
        return ()
    return (Payment(paid_at=utc_date(row.paid_at), amount=row.amount_paid),)


def _bank_account(row: Invoice) -> dict[str, Any]:
    """The bank account to pay to, for an open invoice with an amount remaining; else empty."""
    account: dict[str, Any] = (row.seller or {}).get("bank_transfer") or {}
    return account if row.status == "open" and row.amount_remaining else {}


def _page_size(row: Invoice) -> PageSize:
    chosen = ((row.rendering or {}).get("pdf") or {}).get("page_size")
    return _PAGE_SIZES.get(chosen or "") or heads.choose_page_size(row.seller or {}, row.buyer or {})


def _optional_day(moment: int | None) -> date | None:
    return None if moment is None else utc_date(moment)
