"""Made-up documents in five languages: what templates are tried with, and what the manual shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from portal.documents.scenes import SCENES, Scene
from portal.documents.values import (
    AppliedCreditNote,
    CreditNoteDocument,
    Discount,
    Document,
    InvoiceDocument,
    Line,
    Party,
    Payment,
    QuoteDocument,
    ReceiptDocument,
    TaxAmount,
)

_ISSUED, _DUE, _PAID = date(2026, 3, 3), date(2026, 3, 17), date(2026, 3, 9)
_START, _END = date(2026, 3, 1), date(2026, 4, 1)


def invoice(locale: str = "en", **changes: Any) -> InvoiceDocument:
    """An open invoice; `changes` replace fields, and totals are not computed anew."""
    values = _shared(SCENES[locale])
    total = values["total"]
    document = InvoiceDocument(
        **values,
        number="2026-0042",
        status="open",
        effective_at=_ISSUED,
        due_date=_DUE,
        period_start=_START,
        period_end=_END,
        amount_due=total,
        amount_paid=0,
        amount_remaining=total,
        hosted_invoice_url="https://billing.example.com/i/3f2a",
    )
    return replace(document, **changes)


def credit_note(locale: str = "en", **changes: Any) -> CreditNoteDocument:
    """A credit note of all that an invoice came to, before it was paid."""
    values = _shared(SCENES[locale])
    document = CreditNoteDocument(
        **values,
        number="2026-0042-CN-01",
        effective_at=_PAID,
        invoice_number="2026-0042",
        invoice_effective_at=_ISSUED,
        reason="order_change",
        pre_payment_amount=values["total"],
    )
    return replace(document, **changes)


def quote(locale: str = "en", **changes: Any) -> QuoteDocument:
    """An offer of something at once and more of it each month."""
    values = _shared(SCENES[locale])
    document = QuoteDocument(
        **values,
        number="2026-Q-0007",
        status="open",
        effective_at=_ISSUED,
        expires_at=_END,
        recurring=("month", 1),
        recurring_total=values["total"] // 2,
    )
    return replace(document, **changes)


def receipt(locale: str = "en", **changes: Any) -> ReceiptDocument:
    """What confirms that an invoice was paid at once."""
    scene = SCENES[locale]
    values = _shared(scene)
    document = ReceiptDocument(
        **values,
        number="R-2026-0042",
        effective_at=_PAID,
        invoice_number="2026-0042",
        invoice_effective_at=_ISSUED,
        amount_paid=values["total"],
        payments=(Payment(paid_at=_PAID, amount=values["total"], words=scene.method),),
    )
    return replace(document, **changes)


#: One of each kind, made for the locale of a scene.
MADE: tuple[Callable[[str], Document], ...] = (invoice, credit_note, quote, receipt)


def tried(kind: str) -> list[Document]:
    """What a template of a kind is tried with: every state, either direction, nothing that may be missing there."""
    return _TRIED[kind]()


def _invoices() -> list[Document]:
    paid = invoice()
    states: list[Document] = [
        *(invoice(locale) for locale in SCENES),
        invoice("de", iban="DE89370400440532013000", bic="COBADEFFXXX", livemode=False),
        _paid(paid),
        _paid(paid, paid=paid.total // 2),
        invoice(status="void", voided_at=_PAID, reverse_charge=True),
        _bare(invoice()),
    ]
    return states


def _paid(document: InvoiceDocument, paid: int | None = None) -> InvoiceDocument:
    scene, amount = SCENES[document.locale], document.total if paid is None else paid
    left = document.total - amount
    return replace(
        document,
        status="open" if left else "paid",
        amount_paid=amount,
        amount_remaining=left,
        paid_at=None if left else _PAID,
        payments=(Payment(paid_at=_PAID, amount=amount, words=scene.method),),
        credit_notes=(AppliedCreditNote(number="2026-0042-CN-01", effective_at=_PAID, amount=100),),
        applied_balance=-100,
        custom_fields=(("PO number", "PO-2026/117"),),
        ship_to=scene.buyer,
        discounts=(Discount(name="Spring", percentage="10", amount=100), Discount(amount_off=50, amount=50)),
    )


def _bare(document: Any) -> Any:
    """With nothing that a document can do without."""
    names = ("memo", "footer", "brand_color", "due_date", "period_start", "period_end", "hosted_invoice_url", "reason")
    missing = {name: None for name in names if hasattr(document, name)}
    return replace(document, seller=Party(name="A"), buyer=Party(name="B"), taxes=(), lines=(), **missing)


def _credit_notes() -> list[Document]:
    note = credit_note()
    given_back = credit_note("ar", pre_payment_amount=0, credit_amount=1000, refund_amount=500, out_of_band_amount=200)
    return [note, credit_note("de", voided_at=_DUE), given_back, _bare(note)]


def _quotes() -> list[Document]:
    once = quote(recurring=None, recurring_total=None, header=None)
    return [quote("ar"), quote("de", status="accepted", accepted_at=_PAID), quote(status="canceled"), _bare(once)]


def _receipts() -> list[Document]:
    one = receipt()
    halves = tuple(replace(payment, amount=payment.amount // 2) for payment in one.payments * 2)
    note = AppliedCreditNote(number="2026-0042-CN-01", effective_at=_PAID, amount=100)
    return [receipt("ar"), receipt("de", payments=halves, applied_balance=-100, credit_notes=(note,)), _bare(one)]


_TRIED = {"invoice": _invoices, "credit_note": _credit_notes, "quote": _quotes, "receipt": _receipts}


def _shared(scene: Scene) -> dict[str, Any]:
    name, percentage = scene.tax
    lines = tuple(_line(scene, at) for at in range(len(scene.positions)))
    subtotal = sum(line.amount for line in lines)
    tax = int((subtotal * Decimal(percentage) / 100).to_integral_value(ROUND_HALF_UP))
    return {
        "currency": scene.currency,
        "locale": scene.locale,
        "seller": scene.seller,
        "buyer": scene.buyer,
        "lines": lines,
        "subtotal": subtotal,
        "total_excluding_tax": subtotal,
        "taxes": (
            TaxAmount(display_name=name, percentage=percentage, inclusive=False, taxable_amount=subtotal, amount=tax),
        ),
        "total": subtotal + tax,
        "memo": scene.memo,
        "footer": scene.footer,
        "brand_color": scene.color,
    }


def _line(scene: Scene, at: int) -> Line:
    description, quantity, price = scene.positions[at]
    repeats = at < len(scene.positions) - 1
    return Line(
        description=description,
        quantity=quantity,
        unit_amount_decimal=str(price),
        amount=quantity * price,
        period_start=_START if repeats else None,
        period_end=_END if repeats else None,
        tax_percentages=(scene.tax[1],),
    )
