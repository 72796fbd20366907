"""Documents with more lines than they list carry all of them as a table."""

from __future__ import annotations

import csv
from dataclasses import replace

from portal.documents import line_csv, render
from portal.documents.parts import DocumentLine
from portal.documents.values import MAX_LISTED_LINES
from tests.documents import samples
from tests.documents.archival_checks import complaints
from tests.documents.conftest import read


def rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(content.decode().splitlines()))


def test_a_line_is_told_in_full() -> None:
    (row,) = rows(line_csv.render_csv(samples.invoice(1)))
    assert row["amount"] == "49.00"
    assert row["currency"] == "EUR"
    assert row["tax_rates"] == "19"


def test_no_description_is_a_formula() -> None:
    document = samples.invoice(1, lines=(DocumentLine(description='=HYPERLINK("http://x")', amount=1),))
    assert rows(line_csv.render_csv(document))[0]["description"] == '\'=HYPERLINK("http://x")'


def test_more_lines_than_are_listed_are_attached() -> None:
    document = samples.invoice(1, lines=samples.lines(MAX_LISTED_LINES + 2))
    pdf = render.pdf(document)
    assert read(pdf).attachments["lines.csv"] == [line_csv.render_csv(document)]
    assert len(rows(line_csv.render_csv(document))) == MAX_LISTED_LINES + 2
    assert complaints(pdf) == []
    assert read(render.pdf(replace(document, lines=document.lines[:1]))).attachments == {}
