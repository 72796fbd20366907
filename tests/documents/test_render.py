"""What the PDF of a document says and how it looks, read back from the file."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from dataclasses import replace

import pytest
import weasyprint

from portal.documents import render
from portal.documents.parts import DocumentLine
from portal.documents.values import MAX_LISTED_LINES, Document
from tests.documents import samples
from tests.documents.archival_checks import complaints
from tests.documents.conftest import read


class Text(str):
    """What a PDF says; contains words whatever spaces and marks of direction the reader of PDFs puts between them."""

    def __contains__(self, words: object) -> bool:
        return squeezed(str(words)) in str(self)


def text_of(document: Document) -> Text:
    return Text("".join(squeezed(page.extract_text()) for page in read(render.pdf(document)).pages))


def squeezed(text: str) -> str:
    return "".join(text.translate(_INVISIBLE).split())


_INVISIBLE = dict.fromkeys(map(ord, "\u200e\u200f\u2066\u2067\u2068\u2069"))


@pytest.mark.parametrize("name", samples.ALL)
def test_every_sample_is_tagged_titled_and_shows_its_number(name: str) -> None:
    document = samples.ALL[name]
    pdf = read(render.pdf(document))
    assert pdf.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert document.number in str(pdf.metadata.title if pdf.metadata else "")
    assert document.number in pdf.pages[-1].extract_text()


def test_an_open_invoice_says_what_is_due_and_how_to_pay() -> None:
    text = text_of(samples.invoice(8))
    for words in ("Amount due €874.65 Due on March 17, 2026", "VAT 19% on €735.00 €139.65", "Subtotal €735.00"):
        assert words in text
    for words in ("DE89 3704 0044 0532 0130 00", "COBADEFFXXX", "GB VAT GB980780684", "Page 1 of 1"):
        assert words in text


def test_a_paid_invoice_shows_how_nothing_is_left() -> None:
    text = text_of(samples.german())
    for words in ("9. März 2026", "140,23 €", "-20,00 €", "NORD-0042-CN-01", "0,000125 €", "Bestellnummer"):
        assert words in text
    assert "IBAN" not in text


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("arabic", "مؤسسة الأمل"),
        ("arabic", "OG.4"),
        ("arabic", "مارس"),
        ("japanese", "株式会社骨直サンプル"),
        ("japanese", "2026年3月17日"),
        ("french", "735,00 €"),
        ("reverse_charge", "Reverse charge"),
        ("void", "Voided on March 8, 2026, nothing to pay"),
        ("nothing_due", "Nothing to pay"),
        ("letter", "Test mode"),
        ("credit_note", "Refunded €40.00 Added to your credit balance €18.31"),
        ("credit_note", "Order changed"),
        ("credit_note_open", "Taken off the amount due of invoice NORD-0042 €58.31"),
        ("credit_note_void", "Voided on March 21, 2026"),
    ],
)
def test_it_can_be_read_back(name: str, words: str) -> None:
    assert words in text_of(samples.ALL[name])


def test_yen_have_no_decimals() -> None:
    assert "19,800" in text_of(samples.japanese())
    assert "19,800." not in text_of(samples.japanese())


@pytest.mark.parametrize(("name", "width"), [("eight", 595), ("letter", 612)])
def test_paper(name: str, width: int) -> None:
    assert round(read(render.pdf(samples.ALL[name])).pages[0].mediabox.width) == width


def test_every_page_repeats_the_columns_and_carries_number_page_and_contact() -> None:
    pages = read(render.pdf(samples.invoice(60))).pages
    for at, page in enumerate(pages, 1):
        text = Text(squeezed(page.extract_text()))
        assert "Description Quantity Unit price Tax Amount" in text
        assert f"Page {at} of {len(pages)}" in text
        assert "Invoice NORD-0042 · Questions? billing@nordlicht.example" in text


def test_every_line_is_listed_once() -> None:
    text = text_of(samples.invoice(120))
    assert all(text.count(f"({at})") == 1 for at in range(1, 121))


def test_more_lines_than_a_document_lists_are_summed_up() -> None:
    page = render.html(samples.invoice(MAX_LISTED_LINES + 2))
    assert f"({MAX_LISTED_LINES})" in page
    assert f"({MAX_LISTED_LINES + 1})" not in page
    rest = page[page.index("2 further items") :]
    assert "They are all in the attached file." in rest
    assert rest.index("€245.00") < rest.index("Subtotal")


def test_a_description_longer_than_a_page_is_kept_whole() -> None:
    document = samples.invoice(lines=(DocumentLine(description="word " * 4000 + "last", amount=1),))
    assert text_of(document).count("word") == 4000
    assert "last" in text_of(document)


def test_names_are_text_whatever_they_hold() -> None:
    hostile = '<img src="file:///etc/passwd"><style>@import "http://127.0.0.1:9"</style>{{ 7 * 7 }}&amp;%(x)s'
    document = samples.invoice(1, lines=(DocumentLine(description=hostile, amount=1),), number="</title>%s")
    page = render.html(document)
    assert "<img" not in page
    assert "<style" not in page
    assert hostile in text_of(document)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "http://127.0.0.1:9/", "data:text/plain,x", "//x/y", "x.css"])
def test_nothing_is_fetched(url: str) -> None:
    with pytest.raises(ValueError, match="load nothing"):
        render.RefusingFetcher().fetch(url)
    with pytest.raises(ValueError, match="load nothing"):
        render.RefusingFetcher().open(url)


def test_not_even_by_a_template() -> None:
    page = f'<img src="file://{__file__}" alt="kept out"><link rel=stylesheet href="file://{__file__}">'
    pdf = weasyprint.HTML(string=page, url_fetcher=render.RefusingFetcher()).write_pdf()
    assert "kept out" in read(pdf).pages[0].extract_text()


def test_bytes_depend_on_the_value_alone() -> None:
    program = (
        "import hashlib; from portal.documents import render; from tests.documents import samples;"
        "render.pdf(samples.arabic());"
        "documents = samples.german(), samples.invoice(8, e_invoice='<a/>');"
        "print(*(hashlib.sha256(render.pdf(each)).hexdigest() for each in documents))"
    )
    environment = {**os.environ, "TZ": "Pacific/Kiritimati", "PYTHONHASHSEED": "7", "LC_ALL": "C"}
    other = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, check=True, text=True)
    here = (render.pdf(each) for each in (samples.german(), samples.invoice(8, e_invoice="<a/>")))
    assert other.stdout.split() == [hashlib.sha256(each).hexdigest() for each in here]


def test_a_minus_stays_in_front_of_its_number_from_right_to_left() -> None:
    assert "\u2066-13.00\u2069" in render.html(samples.arabic())


def test_each_line_of_a_text_runs_in_its_own_direction() -> None:
    page = render.html(replace(samples.arabic(), memo="شكراً (1)\nThanks (2)"))
    assert "\u2068شكراً (1)\u2069\n\u2068Thanks (2)\u2069" in page


def test_marks_of_direction_stay_out_of_documents_that_need_none() -> None:
    assert not set(map(chr, _INVISIBLE)) & set(render.html(samples.german()))


def test_words_of_a_language_without_catalogue_are_english_and_say_so() -> None:
    page = render.html(samples.japanese())
    assert '<html lang="en" dir="ltr">' in page
    assert "Amount due" in page


def test_a_character_that_no_font_has_is_printed_as_its_number(caplog: pytest.LogCaptureFixture) -> None:
    document = samples.invoice(1, lines=(DocumentLine(description="Launch \ue000 plan", amount=1),))
    assert "Launch [U+E000] plan" in text_of(document)
    assert "no font has [U+E000] of document NORD-0042" in caplog.messages
    assert complaints(render.pdf(document)) == []


def test_lines_of_a_description_stay_lines() -> None:
    document = samples.invoice(1)
    line = replace(document.lines[0], description="Red shirt\nSize M\nLong sleeves")
    page = read(render.pdf(replace(document, lines=(line,)))).pages[0].extract_text()
    assert {"Red shirt", "Size M"} <= {each.translate(_INVISIBLE).strip() for each in page.splitlines()}
