"""Made-up documents in five languages: what templates are tried with, and what the manual shows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from portal.documents.sample_merchants import SCENES, Scene
from portal.documents.statements import StatementDocument, StatementEntry
from portal.documents.values import (
    AppliedCreditNote,
    CreditNoteDocument,
    Discount,
    InvoiceDocument,
    Line,
    Paper,
    Party,
    Payment,
    QuoteDocument,
    ReceiptDocument,
    TaxAmount,
)
from portal.rules.statements import Kind

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


def statement(locale: str = "en", **changes: Any) -> StatementDocument:
    """A year with one of each entry; half of an invoice is still to be paid."""
    scene = SCENES[locale]
    total = _shared(scene)["total"]
    entries = tuple(_entries(scene, total))
    document = StatementDocument(
        number=f"2026-{scene.currency.upper()}",
        currency=scene.currency,
        locale=locale,
        effective_at=date(2026, 12, 31),
        period_start=date(2026, 1, 1),
        seller=scene.seller,
        buyer=scene.buyer,
        footer=scene.footer,
        brand_color=scene.color,
        entries=entries,
        opening_balance=total,
        closing_balance=entries[-1].balance,
        billed=3 * total,
        voided=-total,
        credited=-total,
        paid=-2 * total,
        refunded=total // 2,
        adjusted=-100,
    )
    return replace(document, **changes)


#: One of each kind, made for the locale of a scene.
MADE: tuple[Callable[[str], Paper], ...] = (invoice, credit_note, quote, receipt, statement)


def tried(kind: str) -> list[Paper]:
    """What a template of a kind is tried with: every state, either direction, nothing that may be missing there."""
    return _TRIED[kind]()


def _invoices() -> list[Paper]:
    paid = invoice()
    states: list[Paper] = [
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


def _credit_notes() -> list[Paper]:
    note = credit_note()
    given_back = credit_note("ar", pre_payment_amount=0, credit_amount=1000, refund_amount=500, out_of_band_amount=200)
    return [note, credit_note("de", voided_at=_DUE), given_back, _bare(note)]


def _quotes() -> list[Paper]:
    once = quote(recurring=None, recurring_total=None, header=None)
    return [quote("ar"), quote("de", status="accepted", accepted_at=_PAID), quote(status="canceled"), _bare(once)]


def _receipts() -> list[Paper]:
    one = receipt()
    halves = tuple(replace(payment, amount=payment.amount // 2) for payment in one.payments * 2)
    note = AppliedCreditNote(number="2026-0042-CN-01", effective_at=_PAID, amount=100)
    return [receipt("ar"), receipt("de", payments=halves, applied_balance=-100, credit_notes=(note,)), _bare(one)]


def _statements() -> list[Paper]:
    nothing = statement(entries=(), opening_balance=0, closing_balance=0, footer=None, brand_color=None)
    return [statement("ar"), statement("de", closing_balance=-100, livemode=False), nothing]


def _entries(scene: Scene, total: int) -> Iterable[StatementEntry]:
    """What happens to four invoices, of which the first is from the year before."""
    first, note = {"number": "2025-0317"}, {"number": "2026-0042-CN-01", "invoice_number": "2026-0042"}
    second, third, fourth = ({"number": f"2026-{number}"} for number in ("0042", "0043", "0044"))
    happened: list[tuple[date, Kind, int, dict[str, str]]] = [
        (date(2026, 1, 9), "payment", -total, {"invoice_number": first["number"], "words": scene.method}),
        (_ISSUED, "invoice", total, second),
        (_PAID, "payment", -total, {"invoice_number": second["number"], "words": scene.method}),
        (_DUE, "credit_note", -total, note),
        (_DUE, "refund", total // 2, note),
        (date(2026, 5, 4), "invoice", total, third),
        (date(2026, 5, 5), "invoice_voided", -total, third),
        (date(2026, 5, 5), "invoice", total, fourth),
        (date(2026, 11, 2), "invoice_uncollectible", 0, fourth),
        (date(2026, 12, 1), "balance", -100, {"words": scene.memo}),
    ]
    balance = total
    for day, kind, amount, said in happened:
        balance += amount
        yield StatementEntry(day=day, kind=kind, amount=amount, balance=balance, **said)


_TRIED = {
    "invoice": _invoices,
    "credit_note": _credit_notes,
    "quote": _quotes,
    "receipt": _receipts,
    "statement": _statements,
}


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
