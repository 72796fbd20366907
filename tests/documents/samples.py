"""Document values to try the renderer with: several languages, rates, currencies and lengths."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from portal.documents.parts import AppliedCreditNote, Discount, DocumentLine, Party, Payment, Shipping, TaxAmount
from portal.documents.statements import StatementDocument, StatementEntry
from portal.documents.values import CreditNoteDocument, InvoiceDocument
from portal.rules.statements import EntryKind

SELLER = Party(
    name="Nordlicht Software GmbH",
    line1="Torstraße 12",
    postal_code="10119",
    city="Berlin",
    country="DE",
    email="billing@nordlicht.example",
    phone="+49 30 1234567",
    url="nordlicht.example",
    tax_ids=(("EU VAT", "DE136695976"),),
)
BUYER = Party(
    name="Ada Lovelace Ltd",
    line1="12 St James's Square",
    line2="Second floor",
    city="London",
    postal_code="SW1Y 4LB",
    country="GB",
    email="accounts@lovelace.example",
    tax_ids=(("GB VAT", "GB980780684"),),
)
_PLANS = ("Gold plan", "Extra seats", "Storage, per 100 GB", "Priority support", "Onboarding workshop")


def lines(count: int, *, percentages: tuple[str, ...] = ("19",), each: int = 4900) -> tuple[DocumentLine, ...]:
    """`count` positions of one month each; the quantities repeat 1, 2, 3."""
    start = date(2026, 3, 1)
    return tuple(
        DocumentLine(
            description=f"{_PLANS[at % len(_PLANS)]} ({at + 1})",
            quantity=at % 3 + 1,
            unit_amount_decimal=str(each),
            amount=each * (at % 3 + 1),
            period_start=start,
            period_end=start + timedelta(days=31),
            tax_percentages=percentages,
        )
        for at in range(count)
    )


def invoice(count: int = 8, **changes: Any) -> InvoiceDocument:
    """An open invoice with one exclusive rate of 19 %; `changes` replace fields, totals are not recomputed."""
    rows = lines(count)
    subtotal = sum(row.amount for row in rows)
    tax = (subtotal * 19 + 50) // 100
    document = InvoiceDocument(
        number="NORD-0042",
        currency="eur",
        locale="en",
        status="open",
        effective_at=date(2026, 3, 3),
        due_date=date(2026, 3, 17),
        period_start=date(2026, 3, 1),
        period_end=date(2026, 4, 1),
        seller=SELLER,
        buyer=BUYER,
        lines=rows,
        subtotal=subtotal,
        total_excluding_tax=subtotal,
        taxes=(TaxAmount(display_name="VAT", percentage="19", inclusive=False, taxable_amount=subtotal, amount=tax),),
        total=subtotal + tax,
        amount_due=subtotal + tax,
        amount_paid=0,
        amount_remaining=subtotal + tax,
        memo="Thank you for your business.",
        footer="Managing director: Greta Sommer · Register: HRB 12345 B, Amtsgericht Charlottenburg",
        iban="DE89370400440532013000",
        bic="COBADEFFXXX",
        hosted_invoice_url="https://billing.nordlicht.example/i/3f2a",
        brand_color="#0f766e",
    )
    return replace(document, **changes)


def german() -> InvoiceDocument:
    """Paid, prices include 19 % and 7 %, a delivery address, custom fields, part of it from the balance."""
    rows = (
        DocumentLine(
            description="Gold-Tarif", quantity=3, unit_amount_decimal="4900", amount=14700, tax_percentages=("19",)
        ),
        DocumentLine(
            description="Handbuch, gedruckt",
            quantity=1,
            unit_amount_decimal="2140",
            amount=2140,
            tax_percentages=("7",),
        ),
        DocumentLine(
            description="Gutschrift für ungenutzte Zeit mit Silber-Tarif nach dem 15. März 2026",
            quantity=1,
            unit_amount_decimal="-1190",
            amount=-1190,
            tax_percentages=("19",),
        ),
        DocumentLine(
            description="API-Aufrufe",
            quantity=125_000,
            unit_amount_decimal="0.0125",
            amount=1563,
            tax_percentages=("19",),
        ),
    )
    return invoice(
        locale="de",
        status="paid",
        lines=rows,
        subtotal=17213,
        total_excluding_tax=14667,
        taxes=(
            TaxAmount(display_name="USt.", percentage="19", inclusive=True, taxable_amount=12667, amount=2406),
            TaxAmount(display_name="USt.", percentage="7", inclusive=True, taxable_amount=2000, amount=140),
        ),
        total=17213,
        applied_balance=-2000,
        credit_notes=(AppliedCreditNote(number="NORD-0042-CN-01", effective_at=date(2026, 3, 5), amount=1190),),
        amount_due=14023,
        amount_paid=14023,
        amount_remaining=0,
        payments=(Payment(paid_at=date(2026, 3, 9), amount=14023, words="Visa, endet auf 4242"),),
        paid_at=date(2026, 3, 9),
        ship_to=Party(name="Lager Süd", line1="Isarring 4", postal_code="80805", city="München", country="DE"),
        buyer=Party(
            name="Bäckerei Müller & Söhne OHG",
            line1="Hauptstraße 1",
            postal_code="04109",
            city="Leipzig",
            country="DE",
            tax_ids=(("EU VAT", "DE811907980"),),
        ),
        custom_fields=(("Bestellnummer", "PO-2026/117"), ("Kostenstelle", "4711")),
        memo="Vielen Dank für Ihren Auftrag.\nBei Fragen genügt eine E-Mail.",
    )


def french() -> InvoiceDocument:
    """Reverse charge, no tax."""
    return invoice(
        locale="fr",
        buyer=Party(
            name="Société Générale d'Exemples SA",
            line1="8 rue de l'Abbaye",
            postal_code="75006",
            city="Paris",
            country="FR",
            tax_ids=(("TVA", "FR40303265045"),),
        ),
        lines=lines(8, percentages=()),
        taxes=(),
        total=73500,
        amount_due=73500,
        amount_remaining=73500,
        reverse_charge=True,
    )


def arabic() -> InvoiceDocument:
    """Right to left, with a proration, an English product name and a partial payment."""
    rows = (
        DocumentLine(
            description="الباقة الذهبية (شهري)",
            quantity=2,
            unit_amount_decimal="4900",
            amount=9800,
            period_start=date(2026, 3, 1),
            period_end=date(2026, 4, 1),
            tax_percentages=("5",),
        ),
        DocumentLine(
            description="Priority support (EU)",
            quantity=1,
            unit_amount_decimal="1500",
            amount=1500,
            tax_percentages=("5",),
        ),
        DocumentLine(
            description="رصيد عن الوقت غير المستخدم OG.4",
            quantity=1,
            unit_amount_decimal="-1300",
            amount=-1300,
            tax_percentages=("5",),
        ),
    )
    return invoice(
        locale="ar",
        currency="aed",
        lines=rows,
        subtotal=10000,
        total_excluding_tax=10000,
        taxes=(
            TaxAmount(
                display_name="ضريبة القيمة المضافة", percentage="5", inclusive=False, taxable_amount=10000, amount=500
            ),
        ),
        total=10500,
        applied_balance=-500,
        amount_due=10000,
        amount_paid=4000,
        amount_remaining=6000,
        payments=(Payment(paid_at=date(2026, 3, 9), amount=4000, words="Visa 4242"),),
        seller=Party(
            name="شركة النور للبرمجيات (ش.م.م.)",
            line1="شارع الشيخ زايد 12",
            city="دبي",
            country="AE",
            email="billing@alnoor.example",
            phone="+971 4 123 4567",
            tax_ids=(("الرقم الضريبي", "100123456700003"),),
        ),
        buyer=Party(name="مؤسسة الأمل", line1="Building 4, Office 12", city="أبو ظبي", country="AE"),
        custom_fields=(("رقم الطلب", "PO-2026/117"),),
        memo="شكراً لتعاملكم معنا.",
    )


def japanese() -> InvoiceDocument:
    """Yen, which has no minor unit; names in Japanese."""
    rows = lines(8, percentages=("10",), each=1200)
    subtotal = sum(row.amount for row in rows)
    return invoice(
        locale="ja",
        currency="jpy",
        lines=rows,
        subtotal=subtotal,
        total_excluding_tax=subtotal,
        taxes=(
            TaxAmount(
                display_name="消費税", percentage="10", inclusive=False, taxable_amount=subtotal, amount=subtotal // 10
            ),
        ),
        total=subtotal * 11 // 10,
        amount_due=subtotal * 11 // 10,
        amount_remaining=subtotal * 11 // 10,
        buyer=Party(name="株式会社骨直サンプル", line1="千代田1-1", postal_code="100-0001", city="東京", country="JP"),
        iban=None,
    )


def credit_note(**changes: Any) -> CreditNoteDocument:
    """An issued credit note, one part to the balance and one part refunded."""
    document = CreditNoteDocument(
        number="NORD-0042-CN-01",
        invoice_number="NORD-0042",
        invoice_effective_at=date(2026, 3, 3),
        currency="eur",
        locale="en",
        effective_at=date(2026, 3, 20),
        seller=SELLER,
        buyer=BUYER,
        lines=lines(1),
        subtotal=4900,
        total_excluding_tax=4900,
        taxes=(TaxAmount(display_name="VAT", percentage="19", inclusive=False, taxable_amount=4900, amount=931),),
        total=5831,
        reason="order_change",
        memo="Sorry for the mix-up.",
        credit_amount=1831,
        refund_amount=4000,
        brand_color="#0f766e",
    )
    return replace(document, **changes)


def discounted() -> InvoiceDocument:
    """A discount of a line, two of the whole, and shipping with its tax: 98.00 - 9.80 - 8.82 - 5.00 + 5.00 net."""
    fifth = Discount(name="Summer sale", percentage="20", amount=980)
    plan = lines(1)[0]
    return invoice(
        lines=(plan, replace(plan, description="Extra seats", discounts=(fifth,))),
        subtotal=8820,
        discounts=(Discount(percentage="10", amount=882), Discount(name="Gift", amount_off=500, amount=500)),
        shipping=Shipping(display_name="Ground shipping", amount=500),
        total_excluding_tax=7938,
        taxes=(TaxAmount(display_name="VAT", percentage="19", inclusive=False, taxable_amount=7938, amount=1508),),
        total=9446,
        amount_due=9446,
        amount_remaining=9446,
    )


def statement(count: int, **changes: Any) -> StatementDocument:
    """As many invoices of 1.00, of which every second one is paid."""
    kinds: tuple[EntryKind, EntryKind] = ("invoice", "payment")
    entries = tuple(
        StatementEntry(
            day=date(2026, 1, 1) + timedelta(days=at * 364 // count),
            kind=kinds[at % 2],
            amount=(100, -100)[at % 2],
            balance=100 - at % 2 * 100,
            number=f"NORD-{at:04}" if at % 2 == 0 else None,
            invoice_number=f"NORD-{at - at % 2:04}",
        )
        for at in range(count)
    )
    document = StatementDocument(
        number="2026-EUR",
        currency="eur",
        locale="en",
        effective_at=date(2026, 12, 31),
        period_start=date(2026, 1, 1),
        seller=SELLER,
        buyer=BUYER,
        entries=entries,
        opening_balance=0,
        closing_balance=count % 2 * 100,
        billed=(count + 1) // 2 * 100,
        paid=-(count // 2) * 100,
    )
    return replace(document, **changes)


def second(document: Any) -> Any:
    """The document in the second design, for March."""
    return replace(document, version="v2", supplied=(date(2026, 3, 1), date(2026, 4, 1)), buyer_reference="R-17")


ALL = {
    "second": second(invoice(60)),
    "second_german": second(german()),
    "second_french": second(replace(french(), seller=replace(SELLER, country="FR"))),
    "second_arabic": second(arabic()),
    "second_japanese": second(japanese()),
    "second_letter": second(invoice(8, page_size="Letter", locale="en_US", currency="usd", livemode=False)),
    "second_credit_note": second(credit_note(locale="de")),
    "discounted": discounted(),
    "one": invoice(1),
    "eight": invoice(8),
    "long": invoice(120),
    "letter": invoice(8, page_size="Letter", locale="en_US", currency="usd", livemode=False),
    "void": invoice(1, status="void", voided_at=date(2026, 3, 8)),
    "nothing_due": invoice(1, status="paid", applied_balance=-5831, amount_due=0, amount_remaining=0),
    "reverse_charge": invoice(1, reverse_charge=True, taxes=(), total=4900, amount_due=4900, amount_remaining=4900),
    "german": german(),
    "french": french(),
    "arabic": arabic(),
    "japanese": japanese(),
    "credit_note": credit_note(),
    "credit_note_open": credit_note(credit_amount=0, refund_amount=0, pre_payment_amount=5831, reason=None),
    "credit_note_arabic": credit_note(locale="ar", buyer=arabic().buyer, seller=arabic().seller),
    "credit_note_void": credit_note(voided_at=date(2026, 3, 21)),
}


def swiss(locale: str = "de", **changes: Any) -> InvoiceDocument:
    """An open invoice with a Swiss payment slip, to a QR-IBAN: the sample of the standard."""
    seller = Party(name="Robert Schneider AG", line1="Rue du Lac 1268", city="Biel", postal_code="2501", country="CH")
    buyer = Party(
        name="Pia-Maria Rutschmann-Schnyder",
        line1="Grosse Marktgasse 28",
        city="Rorschach",
        postal_code="9400",
        country="CH",
    )
    values: dict[str, Any] = {
        "locale": locale,
        "version": "v2",
        "seller": seller,
        "buyer": buyer,
        "number": "ROSEN-0001",
        "currency": "chf",
        "amount_remaining": 194975,
        "iban": "CH4431999123000889012",
        "payment_reference": "210000000003139471430009017",
        "qr_bill": True,
    }
    return replace(invoice(2), **{**values, **changes})
