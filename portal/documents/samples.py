"""Made-up documents in five languages: what templates are tried with, and what the manual shows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

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
    TaxAmount,
)

_ISSUED, _DUE, _PAID = date(2026, 3, 3), date(2026, 3, 17), date(2026, 3, 9)
_START, _END = date(2026, 3, 1), date(2026, 4, 1)


@dataclass(frozen=True)
class Scene:
    """Who bills whom for what: (description, quantity, price in minor units), and the tax on it."""

    locale: str
    currency: str
    seller: Party
    buyer: Party
    positions: tuple[tuple[str, int, int], ...]
    tax: tuple[str, str]
    memo: str
    footer: str
    method: str
    color: str


_SCENES = (
    Scene(
        "en",
        "gbp",
        Party(
            name="Harbour Software Ltd",
            line1="4 Quay Street",
            city="Bristol",
            postal_code="BS1 4DJ",
            country="GB",
            email="billing@harbour.example",
            phone="+44 117 496 0123",
            tax_ids=(("GB VAT", "GB980780684"),),
        ),
        Party(name="Rosen & Daughters", line1="12 Mill Lane", city="Oxford", postal_code="OX1 1AA", country="GB"),
        (("Gold plan", 1, 4900), ("Extra seats", 4, 1200), ("Onboarding workshop", 1, 25000)),
        ("VAT", "20"),
        "Thank you for your business.",
        "Harbour Software Ltd · Registered in England and Wales · Company number 01234567",
        "Visa ending in 4242",
        "#1d4ed8",
    ),
    Scene(
        "de",
        "eur",
        Party(
            name="Nordlicht Software GmbH",
            line1="Torstraße 12",
            city="Berlin",
            postal_code="10119",
            country="DE",
            email="rechnung@nordlicht.example",
            phone="+49 30 1234567",
            tax_ids=(("USt-IdNr.", "DE136695976"),),
        ),
        Party(
            name="Bäckerei Müller & Söhne OHG",
            line1="Hauptstraße 1",
            city="Leipzig",
            postal_code="04109",
            country="DE",
            tax_ids=(("USt-IdNr.", "DE811907980"),),
        ),
        (("Gold-Tarif", 1, 4900), ("Weitere Plätze", 4, 1200), ("Einführung vor Ort", 1, 25000)),
        ("USt.", "19"),
        "Vielen Dank für Ihren Auftrag.\nBei Fragen genügt eine E-Mail.",
        "Geschäftsführerin: Greta Sommer · HRB 12345 B, Amtsgericht Charlottenburg",
        "Visa, endet auf 4242",
        "#0f766e",
    ),
    Scene(
        "fr",
        "eur",
        Party(
            name="Atelier Lumière SAS",
            line1="8 rue de l'Abbaye",
            city="Paris",
            postal_code="75006",
            country="FR",
            email="factures@lumiere.example",
            tax_ids=(("TVA", "FR40303265045"),),
        ),
        Party(name="Librairie du Marché", line1="3 place Bellecour", city="Lyon", postal_code="69002", country="FR"),
        (("Formule Or", 1, 4900), ("Postes supplémentaires", 4, 1200), ("Atelier de prise en main", 1, 25000)),
        ("TVA", "20"),
        "Merci de votre confiance.",
        "Atelier Lumière SAS au capital de 10 000 € · RCS Paris 303 265 045",
        "Visa se terminant par 4242",
        "#9d174d",
    ),
    Scene(
        "ar",
        "aed",
        Party(
            name="شركة النور للبرمجيات",
            line1="شارع الشيخ زايد 12",
            city="دبي",
            country="AE",
            email="billing@alnoor.example",
            phone="+971 4 123 4567",
            tax_ids=(("الرقم الضريبي", "100123456700003"),),
        ),
        Party(name="مؤسسة الأمل", line1="Building 4, Office 12", city="أبو ظبي", country="AE"),
        (("الباقة الذهبية", 1, 18000), ("مقاعد إضافية", 4, 4400), ("ورشة تأهيل", 1, 90000)),
        ("ضريبة القيمة المضافة", "5"),
        "شكراً لتعاملكم معنا.",
        "شركة النور للبرمجيات · دبي، الإمارات العربية المتحدة",
        "Visa 4242",
        "#92400e",
    ),
    Scene(
        "ja",
        "jpy",
        Party(
            name="株式会社みなとソフト",
            line1="海岸通4-1",
            city="横浜市",
            postal_code="231-0002",
            country="JP",
            email="billing@minato.example",
            tax_ids=(("登録番号", "T5835678256246"),),
        ),
        Party(name="有限会社さくら書店", line1="千代田1-1", city="東京都", postal_code="100-0001", country="JP"),
        (("ゴールドプラン", 1, 6800), ("追加シート", 4, 1600), ("導入ワークショップ", 1, 35000)),
        ("消費税", "10"),
        "ご利用ありがとうございます。",
        "株式会社みなとソフト",
        "Visa 4242",
        "#4338ca",
    ),
)
SCENES = {scene.locale: scene for scene in _SCENES}


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


_TRIED = {"invoice": _invoices, "credit_note": _credit_notes, "quote": _quotes}


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
