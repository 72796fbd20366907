"""The code for banking apps, against the lines that EPC069-12 lays down."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
import segno
from PIL import Image, ImageDraw
from pypdf import PdfReader

from portal.documents import render, transfer_code
from tests.documents import judges, samples

IBAN = "DE89370400440532013000"
GOOD: dict[str, Any] = {
    "holder": "Nordlicht Software GmbH",
    "iban": IBAN,
    "bic": "COBADEFFXXX",
    "currency": "eur",
    "amount": 34986,
    "reference": "NORD-0042",
}


def drawn(*lines: str) -> bytes:
    """A code with these lines, drawn as ours are."""
    out = io.BytesIO()
    code = segno.make("\n".join(lines).rstrip("\n").encode(), error="m", boost_error=False, micro=False)
    code.save(out, kind="svg", border=4, scale=4, light="white", xmldecl=False, nl=False)
    return out.getvalue()


@pytest.mark.parametrize(
    ("changes", "amount", "reference"),
    [
        ({}, "EUR349.86", ("", "NORD-0042")),
        ({"reference": "RF18539007547034"}, "EUR349.86", ("RF18539007547034", "")),
        ({"amount": 1}, "EUR0.01", ("", "NORD-0042")),
        ({"iban": "BE68539007547034"}, "EUR349.86", ("", "NORD-0042")),
    ],
)
def test_a_code_holds_what_a_transfer_needs(changes: dict[str, Any], amount: str, reference: tuple[str, str]) -> None:
    head = ("BCD", "002", "1", "SCT", "COBADEFFXXX", "Nordlicht Software GmbH", changes.get("iban", IBAN), amount, "")
    assert transfer_code.svg(**GOOD | changes) == drawn(*head, *reference)


@pytest.mark.parametrize(
    "changes",
    [
        {"currency": "usd"},
        {"amount": 0},
        {"amount": -100},
        {"amount": 100_000_000_000},
        {"iban": None},
        {"iban": "DE89370400440532013001"},
        {"holder": "株式会社" * 17, "reference": "番号" * 60},
    ],
)
def test_no_code_where_no_bank_would_take_it(changes: dict[str, Any]) -> None:
    assert transfer_code.svg(**GOOD | changes) is None


def test_a_wrong_bic_is_left_out() -> None:
    assert transfer_code.svg(**GOOD | {"bic": "nonsense"}) == transfer_code.svg(**GOOD | {"bic": None}) is not None


def test_the_code_is_printed_while_there_is_something_to_pay() -> None:
    """A figure with words, on an open invoice only."""
    text = render.html(samples.invoice(1, transfer_code=True))
    assert f'<img src="{render.TRANSFER_CODE_URL}" alt="QR code for banking apps">' in text
    assert render.TRANSFER_CODE_URL not in render.html(samples.invoice(1, transfer_code=True, amount_remaining=0))
    assert render.TRANSFER_CODE_URL not in render.html(samples.invoice(1, transfer_code=True, currency="usd"))
    pdf = PdfReader(io.BytesIO(render.pdf(samples.invoice(1, transfer_code=True))))
    assert "Scan with your banking app" in pdf.pages[0].extract_text()


def test_the_holder_of_the_account_is_named() -> None:
    assert "Nordlicht Pay" in render.html(samples.invoice(1, account_holder="Nordlicht Pay"))


def picture_of(svg: bytes) -> Image.Image:
    """The code as a screen shows it; the drawing consists of horizontal strokes, one unit high."""
    (path,) = re.findall(r'class="qrline" stroke="#000" d="([^"]+)"', svg.decode())
    (side,) = re.findall(r'^<svg [^>]*width="(\d+)"', svg.decode())
    shown = Image.new("L", (int(side), int(side)), 255)
    pen, x, y = ImageDraw.Draw(shown), 0.0, 0.0
    for command, numbers in re.findall(r"([Mmh])([^Mmh]+)", path):
        step = [float(each) for each in re.findall(r"-?[0-9.]+", numbers)]
        if command == "h":
            pen.rectangle((x * 4, (y - 0.5) * 4, (x + step[0]) * 4 - 1, (y + 0.5) * 4 - 1), fill=0)
            x += step[0]
        else:
            x, y = (step[0], step[1]) if command == "M" else (x + step[0], y + step[1])
    return shown


@pytest.mark.parametrize("iban", [IBAN, "BE68539007547034", "FR1420041010050500013M02606"])
def test_a_reader_reads_the_code(iban: str) -> None:
    svg = transfer_code.svg(**GOOD | {"iban": iban})
    assert svg
    lines = judges.read_code(picture_of(svg)).splitlines()
    assert lines[4:] == ["COBADEFFXXX", "Nordlicht Software GmbH", iban, "EUR349.86", "", "", "NORD-0042"]
