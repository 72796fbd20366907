"""Sample documents in five languages, for checking templates and for the manual."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from portal.documents import sample_cancellations
from portal.documents.mandates import MandateDocument
from portal.documents.parts import AppliedCreditNote, Discount, DocumentLine, Party, Payment, TaxAmount
from portal.documents.sample_merchants import MERCHANTS, SampleMerchant, merchant_for
from portal.documents.statements import StatementDocument, StatementEntry
from portal.documents.values import CreditNoteDocument, DocumentBase, InvoiceDocument, QuoteDocument, ReceiptDocument
from portal.rules import tax_notes
from portal.rules.document_kinds import KindName
from portal.rules.statements import EntryKind

#: The look that samples have.
VERSION = "v2"
_ISSUE_DATE, _DUE_DATE, _PAYMENT_DATE = date(2026, 3, 3), date(2026, 3, 17), date(2026, 3, 9)
_PERIOD_START, _PERIOD_END = date(2026, 3, 1), date(2026, 4, 1)


def invoice(locale: str = "en", **changes: Any) -> InvoiceDocument:
    """An open invoice; `changes` replace fields, and totals are not recomputed."""
    values = _shared_values(merchant_for(locale))
    total = values["total"]
    document = InvoiceDocument(
        **values,
        number="2026-0042",
        status="open",
        effective_at=_ISSUE_DATE,
        due_date=_DUE_DATE,
        period_start=_PERIOD_START,
        period_end=_PERIOD_END,
        amount_due=total,
        amount_paid=0,
        amount_remaining=total,
        supplied=(_PERIOD_START, _PERIOD_END),
        late_notes=tuple(note.text for note in tax_notes.french_late_notes(locale)) if locale == "fr" else (),
        hosted_invoice_url="https://billing.example.com/i/3f2a",
    )
    return replace(document, **changes)


def credit_note(locale: str = "en", **changes: Any) -> CreditNoteDocument:
    """A credit note over the whole total of an invoice, before it was paid."""
    values = _shared_values(merchant_for(locale))
    document = CreditNoteDocument(
        **values,
        number="2026-0042-CN-01",
        effective_at=_PAYMENT_DATE,
        invoice_number="2026-0042",
        invoice_effective_at=_ISSUE_DATE,
        reason="order_change",
        supplied=(_ISSUE_DATE, _ISSUE_DATE),
        pre_payment_amount=values["total"],
    )
    return replace(document, **changes)


def quote(locale: str = "en", **changes: Any) -> QuoteDocument:
    """A quote with a first payment and a monthly one."""
    values = _shared_values(merchant_for(locale))
    document = QuoteDocument(
        **values,
        number="2026-Q-0007",
        status="open",
        effective_at=_ISSUE_DATE,
        expires_at=_PERIOD_END,
        recurring=("month", 1),
        recurring_total=values["total"] // 2,
    )
    return replace(document, **changes)


def receipt(locale: str = "en", **changes: Any) -> ReceiptDocument:
    """The receipt of an invoice that was paid at once."""
    scene = merchant_for(locale)
    values = _shared_values(scene)
    document = ReceiptDocument(
        **values,
        number="R-2026-0042",
        effective_at=_PAYMENT_DATE,
        invoice_number="2026-0042",
        invoice_effective_at=_ISSUE_DATE,
        amount_paid=values["total"],
        payments=(Payment(paid_at=_PAYMENT_DATE, amount=values["total"], words=scene.method),),
    )
    return replace(document, **changes)


def statement(locale: str = "en", **changes: Any) -> StatementDocument:
    """A year with every kind of entry; one invoice is still open."""
    scene = merchant_for(locale)
    total = _shared_values(scene)["total"]
    entries = tuple(_statement_entries(scene, total))
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
        version=VERSION,
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


def mandate(locale: str = "en", **changes: Any) -> MandateDocument:
    """A mandate that a customer gave in the portal."""
    scene = merchant_for(locale)
    document = MandateDocument(
        number="JENNY-7KQ4MX2RWP",
        currency="eur",
        locale=locale,
        effective_at=_ISSUE_DATE,
        seller=scene.seller,
        buyer=scene.buyer,
        footer=scene.footer,
        brand_color=scene.color,
        version=VERSION,
        creditor_name=scene.seller.name,
        creditor_id="DE98ZZZ09999999999",
        last4="3000",
        agreed_at="12:00:00 (Europe/Berlin)",
        account_holder=scene.buyer.name,
        words=(scene.memo, scene.footer),
    )
    return replace(document, **changes)


#: One of each kind, made for a locale of `MERCHANTS`.
BUILDERS: dict[KindName, Callable[[str], DocumentBase]] = {
    "invoice": invoice,
    "credit_note": credit_note,
    "quote": quote,
    "receipt": receipt,
    "statement": statement,
    "mandate": mandate,
    "cancellation": sample_cancellations.cancellation,
    "cancellation_notice": sample_cancellations.notice,
    "withdrawal": sample_cancellations.withdrawal,
}


def trial_documents(kind: KindName) -> list[DocumentBase]:
    """The documents a template of a kind is checked with: every state, both directions, one without optional values."""
    return TRIALS[kind]()


def _trial_invoices() -> list[DocumentBase]:
    paid = invoice()
    states: list[DocumentBase] = [
        *(invoice(locale) for locale in MERCHANTS),
        invoice(
            "de", iban="DE89370400440532013000", bic="COBADEFFXXX", livemode=False, buyer_reference="04011000-12345"
        ),
        _with_payment(paid),
        _with_payment(paid, paid=paid.total // 2),
        invoice(status="void", voided_at=_PAYMENT_DATE, reverse_charge=True),
        _without_optional_values(invoice()),
    ]
    return states


def _with_payment(document: InvoiceDocument, paid: int | None = None) -> InvoiceDocument:
    scene, amount = merchant_for(document.locale), document.total if paid is None else paid
    left = document.total - amount
    return replace(
        document,
        status="open" if left else "paid",
        amount_paid=amount,
        amount_remaining=left,
        paid_at=None if left else _PAYMENT_DATE,
        payments=(Payment(paid_at=_PAYMENT_DATE, amount=amount, words=scene.method),),
        credit_notes=(AppliedCreditNote(number="2026-0042-CN-01", effective_at=_PAYMENT_DATE, amount=100),),
        applied_balance=-100,
        custom_fields=(("PO number", "PO-2026/117"),),
        supplied=(_ISSUE_DATE, _ISSUE_DATE),
        ship_to=scene.buyer,
        discounts=(Discount(name="Spring", percentage="10", amount=100), Discount(amount_off=50, amount=50)),
    )


def _without_optional_values(document: Any) -> Any:
    """The document without anything optional."""
    names = ("memo", "footer", "brand_color", "due_date", "period_start", "period_end", "hosted_invoice_url", "reason")
    missing = {name: None for name in names if hasattr(document, name)}
    return replace(document, seller=Party(name="A"), buyer=Party(name="B"), taxes=(), lines=(), **missing)


def _trial_credit_notes() -> list[DocumentBase]:
    note = credit_note()
    given_back = credit_note("ar", pre_payment_amount=0, credit_amount=1000, refund_amount=500, out_of_band_amount=200)
    return [note, credit_note("de", voided_at=_DUE_DATE), given_back, _without_optional_values(note)]


def _trial_quotes() -> list[DocumentBase]:
    once = quote(recurring=None, recurring_total=None, header=None)
    return [
        quote("ar"),
        quote("de", status="accepted", accepted_at=_PAYMENT_DATE),
        quote(status="canceled"),
        _without_optional_values(once),
    ]


def _trial_receipts() -> list[DocumentBase]:
    one = receipt()
    halves = tuple(replace(payment, amount=payment.amount // 2) for payment in one.payments * 2)
    note = AppliedCreditNote(number="2026-0042-CN-01", effective_at=_PAYMENT_DATE, amount=100)
    return [
        receipt("ar"),
        receipt("de", payments=halves, applied_balance=-100, credit_notes=(note,)),
        _without_optional_values(one),
    ]


def _trial_statements() -> list[DocumentBase]:
    nothing = statement(entries=(), opening_balance=0, closing_balance=0, footer=None, brand_color=None)
    return [statement("ar"), statement("de", closing_balance=-100, livemode=False), nothing]


def _trial_mandates() -> list[DocumentBase]:
    bare = mandate(words=(), account_holder=None, footer=None, brand_color=None, recurring=False)
    return [mandate("ar"), mandate("de", livemode=False, ended_on=_PERIOD_END), bare]


def _statement_entries(scene: SampleMerchant, total: int) -> Iterable[StatementEntry]:
    """What happens to four invoices, of which the first is from the year before."""
    first, note = {"number": "2025-0317"}, {"number": "2026-0042-CN-01", "invoice_number": "2026-0042"}
    second, third, fourth = ({"number": f"2026-{number}"} for number in ("0042", "0043", "0044"))
    happened: list[tuple[date, EntryKind, int, dict[str, str]]] = [
        (date(2026, 1, 9), "payment", -total, {"invoice_number": first["number"], "words": scene.method}),
        (_ISSUE_DATE, "invoice", total, second),
        (_PAYMENT_DATE, "payment", -total, {"invoice_number": second["number"], "words": scene.method}),
        (_DUE_DATE, "credit_note", -total, note),
        (_DUE_DATE, "refund", total // 2, note),
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


TRIALS: dict[KindName, Callable[[], list[DocumentBase]]] = {
    "invoice": _trial_invoices,
    "credit_note": _trial_credit_notes,
    "quote": _trial_quotes,
    "receipt": _trial_receipts,
    "statement": _trial_statements,
    "mandate": _trial_mandates,
    "cancellation": sample_cancellations.trial_cancellations,
    "cancellation_notice": sample_cancellations.trial_notices,
    "withdrawal": sample_cancellations.trial_withdrawals,
}


def _shared_values(scene: SampleMerchant) -> dict[str, Any]:
    name, percentage = scene.tax
    lines = tuple(_build_line(scene, at) for at in range(len(scene.positions)))
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
        "version": VERSION,
    }


def _build_line(scene: SampleMerchant, at: int) -> DocumentLine:
    description, quantity, price = scene.positions[at]
    repeats = at < len(scene.positions) - 1
    return DocumentLine(
        description=description,
        quantity=quantity,
        unit_amount_decimal=str(price),
        amount=quantity * price,
        period_start=_PERIOD_START if repeats else None,
        period_end=_PERIOD_END if repeats else None,
        tax_percentages=(scene.tax[1],),
    )
