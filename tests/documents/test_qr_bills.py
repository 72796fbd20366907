"""The payment slip of Swiss invoices, against the lines and measures that the standard lays down."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from typing import Any

import pikepdf
import pytest
from PIL import ImageOps
from pypdf import PdfReader

from portal.documents import render
from portal.documents.designs import Design
from portal.documents.parts import Party
from portal.documents.qr_bills import WORDS, build_qr_bill
from portal.documents.transfer_code import draw_transfer_code
from portal.documents.values import InvoiceDocument
from portal.rules.creditor_references import make_reference
from tests.documents import judges, samples
from tests.documents.pdf_pictures import cut_out, draw_page

PLAIN_IBAN = "CH5800791123000889012"
NOBODY = [""] * 7


def read_slip(document: InvoiceDocument) -> list[str]:
    """The lines of the code on the last page, which is where the standard has it: 46 mm wide, 5 mm from the edges."""
    pdf = pikepdf.open(BytesIO(render.pdf(document)))
    code = cut_out(draw_page(pdf.pages[-1]), 67, 192 + 17, 46, 46)
    dark = code.point(lambda value: 255 - value).getbbox()
    assert dark
    assert max(dark[0], dark[1], code.width - dark[2], code.height - dark[3]) <= 3, "the code does not fill its place"
    return judges.read_code(ImageOps.expand(code, 60, 255)).split("\n")


def test_a_slip_holds_what_the_standard_lays_down() -> None:
    assert read_slip(samples.swiss()) == [
        *("SPC", "0200", "1", "CH4431999123000889012"),
        *("S", "Robert Schneider AG", "Rue du Lac", "1268", "2501", "Biel", "CH"),
        *NOBODY,
        *("1949.75", "CHF"),
        *("S", "Pia-Maria Rutschmann-Schnyder", "Grosse Marktgasse", "28", "9400", "Rorschach", "CH"),
        *("QRR", "210000000003139471430009017", "ROSEN-0001", "EPD"),
    ]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"payment_reference": make_reference("ROSEN-0001")}, ("SCOR", "RF50ROSEN0001", "ROSEN-0001", "EPD")),
        ({"payment_reference": None}, ("NON", "", "ROSEN-0001", "EPD")),
        ({"payment_reference": None, "number": "Müller–7"}, ("NON", "", "Müller-7", "EPD")),
    ],
)
def test_an_ordinary_account_takes_a_creditor_reference_or_none(changes: Any, expected: tuple[str, ...]) -> None:
    assert read_slip(samples.swiss(iban=PLAIN_IBAN, **changes))[27:] == list(expected)


@pytest.mark.parametrize(
    "buyer",
    [
        Party(name="علي", line1="Bahnhofstrasse 1", city="Bern", postal_code="3000", country="CH"),
        Party(name="Ada", city="Bern", country="CH"),
        Party(name="Ada", line1="Bahnhofstrasse 1", city="B" * 36, postal_code="3000", country="CH"),
    ],
)
def test_a_buyer_whom_the_standard_can_not_write_writes_themselves(buyer: Party) -> None:
    document = samples.swiss(buyer=buyer)
    assert read_slip(document)[20:27] == NOBODY
    assert "Zahlbar durch (Name/Adresse)" in slip_text(document)


@pytest.mark.parametrize(
    ("line", "street", "number"),
    [
        ("Bahnhofstrasse 12a", "Bahnhofstrasse", "12a"),
        ("Seestr. 4-6", "Seestr.", "4-6"),
        ("12, rue du Lac", "12, rue du Lac", ""),
        ("Strasse des 17. Juni 135", "Strasse des 17. Juni", "135"),
        ("Schlosshof", "Schlosshof", ""),
    ],
)
def test_a_house_number_stands_alone(line: str, street: str, number: str) -> None:
    document = samples.swiss()
    bill = build_qr_bill(replace(document, seller=replace(document.seller, line1=line)))
    assert bill
    assert (bill.creditor.street, bill.creditor.house_number) == (street, number)
    assert line in bill.creditor.lines


@pytest.mark.parametrize(
    "changes",
    [
        {"currency": "usd"},
        {"iban": "DE89370400440532013000"},
        {"iban": "CH4431999123000889013"},
        {"payment_reference": None},
        {"payment_reference": "RF50ROSEN0001"},
        {"iban": PLAIN_IBAN, "payment_reference": None, "number": "請求書-1"},
        {"seller": Party(name="Robert Schneider AG", country="CH")},
        {"seller": Party(name="علي", line1="Rue 1", city="Biel", postal_code="2501", country="CH")},
        {"amount_remaining": 100_000_000_000},
        {"amount_remaining": 0},
        {"status": "void"},
        {"qr_bill": False},
    ],
)
def test_no_slip_that_no_bank_would_take(changes: dict[str, Any]) -> None:
    document = samples.swiss(**changes)
    assert build_qr_bill(document) is None
    assert "qr-bill" not in render.html(document)


def slip_text(document: InvoiceDocument) -> str:
    return " ".join(PdfReader(BytesIO(render.pdf(document))).pages[-1].extract_text().split())


@pytest.mark.parametrize(("locale", "language"), [("de", "de"), ("fr", "fr"), ("it", "it"), ("en", "en"), ("ar", "en")])
def test_a_slip_has_the_words_of_the_standard(locale: str, language: str) -> None:
    text = slip_text(samples.swiss(locale, page_size="Letter"))
    words = {name: each for name, each in WORDS[language].items() if name != "no_debtor"}
    assert [each for each in words.values() if each not in text] == []
    assert text.count("CH44 3199 9123 0008 8901 2") == text.count("21 00000 00003 13947 14300 09017") == 2
    assert text.count("1 949.75") == 2


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_a_slip_is_the_foot_of_an_a4_page_of_its_own(version: str) -> None:
    pdf = PdfReader(BytesIO(render.pdf(samples.swiss(version=version, page_size="Letter"))))
    assert [round(float(page.mediabox.height) / 72 * 25.4) for page in pdf.pages] == [279, 297]
    assert read_slip(samples.swiss(version=version))[0] == "SPC"


def test_a_template_of_the_merchants_own_brings_the_slip_along() -> None:
    own = Design("own", (("invoice.html", b'{% extends "invoice/v1.html" %}{% block kind %}My invoice{% endblock %}'),))
    assert read_slip(samples.swiss(own=own))[:2] == ["SPC", "0200"]


def test_an_invoice_has_one_code_alone() -> None:
    euros = {"currency": "eur", "transfer_code": True, "iban": PLAIN_IBAN}
    slip, other = samples.swiss(**euros), samples.swiss(**euros, seller=Party(name="Robert"))
    assert render.html(slip).count(render.TRANSFER_CODE_URL) == 1
    assert "QR code for banking apps" not in render.html(replace(slip, locale="en"))
    assert "QR-Code" in render.html(other)
    assert build_qr_bill(other) is None
    # no bank outside takes a QR-IBAN
    assert draw_transfer_code(samples.swiss(currency="eur", transfer_code=True, seller=Party(name="Robert"))) is None


def test_a_page_shows_the_same_code() -> None:
    svg = draw_transfer_code(samples.swiss())
    assert svg
    assert svg.startswith(b"<svg")
    assert svg.endswith(b"</g></svg>")
    assert svg.count(b"<rect") == 4


def test_a_long_name_leaves_the_street_off_the_receipt() -> None:
    document = samples.swiss()
    long = replace(document, seller=replace(document.seller, name="Genossenschaft der Uhrmacher von Biel und Umgebung"))
    assert slip_text(document).count("Rue du Lac 1268") == 2
    assert slip_text(long).count("Rue du Lac 1268") == 1
