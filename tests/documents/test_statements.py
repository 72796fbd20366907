"""Statements of account on paper and as a table, short ones and long ones."""

from __future__ import annotations

import csv
import io
from datetime import date

import pytest

from portal.documents import render
from portal.documents import samples as document_samples
from portal.documents.statements import StatementDocument, StatementEntry, render_csv
from portal.documents.values import MAX_LISTED_LINES
from tests.documents import samples
from tests.documents.conftest import read


def words(document: StatementDocument) -> list[str]:
    """The text of each page."""
    return [" ".join(page.extract_text().split()) for page in read(render.pdf(document)).pages]


def rows(document: StatementDocument) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(render_csv(document).decode("utf-8-sig"))))


def test_it_says_what_happened_and_what_it_came_to() -> None:
    said = " ".join(words(document_samples.statement()))
    for each in (
        "Jan 9, 2026 Payment of invoice 2025-0317 Visa ending in 4242 £416.40 £0.00",
        "Mar 17, 2026 Credit note 2026-0042-CN-01 For invoice 2026-0042 £416.40 -£416.40",
        "Mar 17, 2026 Refund Credit note 2026-0042-CN-01 £208.20 -£208.20",
        "Invoice 2026-0043 made void",
        "Invoice 2026-0044 marked as unpaid It is still to be paid. £208.20",
        "Adjustment Thank you for your business. £1.00 £207.20",
        "Billed £1,249.20 Made void -£416.40 Credited -£416.40 Paid -£832.80 Refunded £208.20 Adjusted -£1.00",
    ):
        assert each in said


def test_every_page_repeats_the_columns_and_is_counted() -> None:
    pages = words(samples.statement(300))
    assert len(pages) > 5
    for number, text in enumerate(pages, start=1):
        assert "Date Entry Charged Paid or credited Balance" in text
        assert f"Page {number} of {len(pages)}" in text


def test_what_it_does_not_list_is_told_in_one_row_and_attached_whole() -> None:
    document = samples.statement(MAX_LISTED_LINES + 3)
    reader = read(render.pdf(document))
    text = " ".join(" ".join(page.extract_text() for page in reader.pages[-2:]).split())
    assert "3 further entries They are all in the attached file. €1.00 €1.00" in text
    [attached] = reader.attachments["entries.csv"]
    assert attached == render_csv(document)


@pytest.mark.parametrize("closing", [-700, 0, 700])
def test_its_balance_is_to_be_paid_or_is_credit(closing: int) -> None:
    meant = {-700: "-€7.00Credit, as of", 0: "€0.00Nothing to pay, as of", 700: "€7.00To pay, as of"}
    assert f"Closing balance {meant[closing]}" in words(samples.statement(2, closing_balance=closing))[0]


def test_a_table_has_amounts_of_the_major_unit_in_every_currency() -> None:
    entry = StatementEntry(day=date(2026, 2, 1), kind="invoice", amount=123456, balance=-5, number="=1+1")
    found = {code: rows(samples.statement(0, currency=code, entries=(entry,)))[1] for code in ("eur", "jpy", "bhd")}
    assert {code: (row["amount"], row["balance"]) for code, row in found.items()} == {
        "eur": ("1234.56", "-0.05"),
        "jpy": ("123456", "-5"),
        "bhd": ("123.456", "-0.005"),
    }
    assert {row["number"] for row in found.values()} == {"'=1+1"}


def test_statements_that_say_the_same_have_one_fingerprint() -> None:
    assert samples.statement(3).fingerprint() == samples.statement(3).fingerprint()
    assert samples.statement(3).fingerprint() != samples.statement(4).fingerprint()
