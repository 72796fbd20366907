"""Builds document values from the frozen rows of invoices and credit notes.

Only what was frozen at finalization is used, so a document does not change afterwards. What only a PDF has is added by
`printing.build_for_print`.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, cast

from sqlalchemy.orm import Session

from portal.billing.credit_notes import credit_notes
from portal.billing.invoices import payments
from portal.billing.ledger import parties, totals
from portal.db import find_row
from portal.documents import build_lines, build_parts, legal_notes, letterhead
from portal.documents.parts import AppliedCreditNote, DirectDebit, Payment, TaxConversion
from portal.documents.payment_words import payment_words
from portal.documents.values import (
    Bill,
    CreditNoteDocument,
    CreditNoteReason,
    InvoiceDocument,
    InvoiceStatus,
    PageSize,
    ReceiptDocument,
)
from portal.documents.xml import references, trades
from portal.documents.xml.trades import TradeOutcome
from portal.errors import ResourceMissing
from portal.models import CreditNote, Invoice
from portal.models.document_days import day_on, issue_day
from portal.rules import e_invoice_fields, receipts, tax_currencies

_PAGE_SIZES: dict[str, PageSize] = {"a4": "A4", "letter": "Letter"}


def describe(db: Session, row: Invoice | CreditNote) -> tuple[Bill, TradeOutcome]:
    """The document of a finalized invoice or of a credit note, and its e-invoice or what that lacks."""
    document = _build_invoice(db, row) if isinstance(row, Invoice) else _build_credit_note(db, row)
    outcome = trades.find_outcome(document)
    return legal_notes.with_notes(document, outcome.reasons), outcome


def invoice(db: Session, row: Invoice) -> InvoiceDocument:
    """The document of a finalized invoice."""
    return cast(InvoiceDocument, describe(db, row)[0])


def credit_note(db: Session, row: CreditNote) -> CreditNoteDocument:
    """The document of a credit note."""
    return cast(CreditNoteDocument, describe(db, row)[0])


def receipt(db: Session, row: Invoice) -> ReceiptDocument:
    """The receipt of a paid invoice. Raises `ResourceMissing` when the invoice has none."""
    number = receipt_number(row)
    if number is None:
        raise ResourceMissing("receipt", row.id)
    return ReceiptDocument(
        **_shared_values(db, row, totals.list_lines(db, row.id)),
        **_invoice_values(db, row),
        number=number,
        effective_at=day_on(row, row.paid_at or row.effective_at or row.created),
        invoice_number=row.number or "",
        invoice_effective_at=_issue_date(row),
    )


def receipt_number(row: Invoice) -> str | None:
    """The number of the invoice's receipt; None where it has none."""
    return receipts.receipt_number(row.status, row.number, row.amount_paid, row.receipt_number)


def _build_invoice(db: Session, row: Invoice) -> InvoiceDocument:
    lines = totals.list_lines(db, row.id)
    return InvoiceDocument(
        **_shared_values(db, row, lines),
        **_invoice_values(db, row),
        **_ways_to_pay(row),
        **build_parts.part_values(row),
        supplied=_supply(row, lines),
        **e_invoice_fields.buyer_references(row.custom_fields, row.buyer),
        e_invoice_terms=letterhead.build_terms(row.seller or {}, row.buyer or {}),
        number=row.number or "",
        effective_at=_issue_date(row),
        status=cast(InvoiceStatus, row.status),
        memo=row.description,
        voided_at=day_on(row, row.voided_at),
        amount_due=row.amount_due,
        amount_remaining=row.amount_remaining,
        due_date=day_on(row, row.due_date),
        paid_at=day_on(row, row.paid_at),
        period_start=day_on(row, row.period_start),
        period_end=day_on(row, row.period_end),
        replaces=_replaced_invoice(db, row),
    )


def _invoice_values(db: Session, row: Invoice) -> dict[str, Any]:
    """What an invoice and its receipt share."""
    return {
        "custom_fields": tuple((field["name"], field["value"]) for field in row.custom_fields or []),
        "page_size": _page_size(row),
        "amount_paid": row.amount_paid,
        "applied_balance": row.starting_balance - (row.ending_balance or 0),
        "credit_notes": tuple(_applied_credit_notes(db, row)),
        "payments": _build_payments(db, row),
    }


def _build_credit_note(db: Session, row: CreditNote) -> CreditNoteDocument:
    original = find_row(db, Invoice, row.invoice_id, noun="invoice")
    return CreditNoteDocument(
        **_shared_values(db, row, credit_notes.list_lines(db, row.id)),
        **e_invoice_fields.buyer_references(original.custom_fields, row.buyer),
        supplied=_supply(original, totals.list_lines(db, original.id)),
        e_invoice_terms=letterhead.build_terms(row.seller or {}, row.buyer or {}),
        number=row.number,
        effective_at=_issue_date(row),
        status="void" if row.status == "void" else "issued",
        memo=row.memo,
        page_size=_page_size(original),
        voided_at=day_on(row, row.voided_at),
        invoice_number=original.number or "",
        invoice_effective_at=_issue_date(original),
        reason=cast(CreditNoteReason | None, row.reason),
        pre_payment_amount=row.pre_payment_amount,
        credit_amount=row.credit_amount,
        refund_amount=sum(each["amount_refunded"] for each in row.refunds),
        out_of_band_amount=row.out_of_band_amount or 0,
    )


def _shared_values(db: Session, row: Invoice | CreditNote, lines: list[Any]) -> dict[str, Any]:
    seller, buyer = row.seller or {}, row.buyer or {}
    return {
        **letterhead.shared_values(db, seller, buyer),
        **build_lines.line_values(db, row, lines),
        "currency": row.currency,
        "ship_to": letterhead.ship_to(getattr(row, "shipping_details", None) or buyer.get("shipping")),
        "subtotal": row.subtotal,
        "total": row.total,
        "total_excluding_tax": row.total_excluding_tax,
        "tax": row.tax,
        "tax_conversion": _tax_conversion(row.tax, row.currency, seller.get("tax_currency") or {}),
        "footer": parties.footer(row),
        "reverse_charge": buyer.get("tax_exempt") == "reverse",
    }


def _supply(invoice: Invoice, lines: list[Any]) -> tuple[date, date] | None:
    """The days of supply of an invoice, or of the one that is credited; the first version of the look has none."""
    is_first = letterhead.has_first_look(invoice.seller or {})
    return None if is_first else build_lines.find_supply(invoice, lines, _issue_date(invoice))


def _tax_conversion(tax: int, currency: str, frozen: Mapping[str, Any]) -> TaxConversion | None:
    """The tax of a document in the currency that was frozen with it."""
    amount = tax_currencies.convert_tax(tax, currency, frozen) if tax else None
    return None if amount is None else TaxConversion(**{**frozen, "amount": amount})


def _replaced_invoice(db: Session, row: Invoice) -> tuple[str, date] | None:
    if row.from_invoice_id is None:
        return None
    original = find_row(db, Invoice, row.from_invoice_id, noun="invoice")
    return original.number or "", _issue_date(original)


def _issue_date(row: Invoice | CreditNote) -> date:
    return cast(date, issue_day(row))


def _applied_credit_notes(db: Session, row: Invoice) -> Iterable[AppliedCreditNote]:
    for note in credit_notes.list_for_invoice(db, row.id) if row.pre_payment_credit_notes_amount else ():
        if note.status == "issued" and note.pre_payment_amount:
            yield AppliedCreditNote(number=note.number, effective_at=_issue_date(note), amount=note.pre_payment_amount)


def _build_payments(db: Session, row: Invoice) -> tuple[Payment, ...]:
    """Every payment. For an imported invoice that was already paid only the sum is known."""
    found = payments.list_for_invoice(db, row.id) if row.amount_paid else []
    ways = payments.method_names(db, found)
    if found:
        return tuple(
            Payment(
                paid_at=day_on(row, each.paid_at or each.created),
                amount=each.amount_paid,
                words=payment_words(ways.get(each.id, ""), letterhead.frozen_locale(row.buyer or {})),
            )
            for each in found
        )
    if not row.amount_paid or row.paid_at is None:
        return ()
    return (Payment(paid_at=day_on(row, row.paid_at), amount=row.amount_paid),)


def _ways_to_pay(row: Invoice) -> dict[str, Any]:
    """By which direct debit an invoice is collected, and where the rest can be paid, if there is any."""
    noted = row.debit if row.status == "open" and row.amount_remaining > 0 else None
    if noted is None:
        return _bank_account(row)
    day, amount = date.fromisoformat(noted["collect_on"]), min(noted["amount"], row.amount_remaining)
    debit = {"debit": DirectDebit(**{**noted, "amount": amount, "collect_on": day})}
    is_all = amount == row.amount_remaining or build_parts.is_charged(row)
    return debit if is_all else {**_bank_account(row), **debit}


def _bank_account(row: Invoice) -> dict[str, Any]:
    """Where an invoice can be paid, as long as it is not paid and not void; else empty."""
    seller = row.seller or {}
    account = seller.get("bank_transfer") or {}
    if not account.get("iban") or row.status not in {"open", "uncollectible"}:
        return {}
    reference = references.payment_reference(row.number, row.buyer, seller)
    return {
        "iban": account["iban"],
        "bic": account.get("bic"),
        "account_holder": account.get("holder"),
        "payment_reference": None if reference == row.number else reference,
        "transfer_code": row.currency == "eur",
        # documents of before have no payment slip
        "qr_bill": bool(seller.get("qr_bills")) and account["iban"][:2] in {"CH", "LI"},
    }


def _page_size(row: Invoice) -> PageSize:
    chosen = ((row.rendering or {}).get("pdf") or {}).get("page_size")
    return _PAGE_SIZES.get(chosen or "") or letterhead.choose_page_size(row.seller or {}, row.buyer or {})
