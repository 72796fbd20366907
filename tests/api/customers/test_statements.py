"""Statements of account on the API: the years of a customer, one with its entries, and links to the files."""

from __future__ import annotations

import csv
import io

import pytest

from portal import clock
from tests.conftest import NOON
from tests.documents.conftest import read

pytestmark = pytest.mark.usefixtures("held_clock")
LAST_YEAR = NOON - 330 * clock.DAY


@pytest.fixture
def customer(make):
    """Billed 100.00 last year and 25.00 this year, of which 20.00 were credited; has 3.00 of credit."""
    row = make.customer(name="Jenny Rosen")
    make.paid_invoice(row, 10000, now=LAST_YEAR)
    make.credit_note(make.invoice(row, 2500, now=NOON), 2000, now=NOON)
    return row


def statement(api, customer, year=2026, **sent):
    return api.get(f"customers/{customer.id}/statements/{year}", **sent)


def test_every_year_is_listed_with_its_sums(api, customer):
    newest, oldest = api.get(f"customers/{customer.id}/statements")["data"]
    assert (newest["year"], newest["opening_balance"], newest["closing_balance"]) == (2026, 0, 500)
    assert (newest["billed"], newest["credited"], newest["paid"]) == (2500, -2000, 0)
    assert (oldest["year"], oldest["billed"], oldest["paid"]) == (2025, 10000, -10000)
    assert (oldest["period_start"], oldest["period_end"]) == (1735689600, 1767225600)
    assert "entries" not in newest


def test_a_year_has_every_entry_and_what_was_owed_after_it(api, customer):
    answer = statement(api, customer)
    [billed, credited] = answer["entries"]["data"]
    assert (billed["type"], billed["amount"], billed["balance"]) == ("invoice", 2500, 2500)
    assert (credited["type"], credited["amount"], credited["balance"]) == ("credit_note", -2000, 500)
    assert credited["invoice"] == billed["source"] == billed["invoice"]
    assert credited["invoice_number"] == billed["number"]
    assert api.get(f"credit_notes/{credited['source']}")["number"] == credited["number"]


def test_only_the_currencies_and_years_that_there_are(api, customer):
    assert api.get(f"customers/{customer.id}/statements", currency="usd")["data"] == []
    for year, sent in ((2024, {}), (2026, {"currency": "usd"}), ("soon", {})):
        api.error("GET", f"customers/{customer.id}/statements/{year}", 404, **sent)


def test_the_books_of_a_customer_who_is_deleted_stay(api, customer):
    api.delete(f"customers/{customer.id}")
    assert statement(api, customer)["closing_balance"] == 500


def test_a_link_opens_the_pdf(api, customer):
    answer = api.client.get(statement(api, customer)["pdf"])
    assert 'filename="2026-EUR.pdf"' in answer.headers["Content-Disposition"]
    text = " ".join(" ".join(page.extract_text() for page in read(answer.data).pages).split())
    assert "Statement of account" in text
    assert "Closing balance €5.00" in text
    assert "Jenny Rosen" in text


def test_a_link_opens_the_table(api, customer):
    answer = api.client.get(statement(api, customer)["csv"])
    assert answer.data.startswith(b"\xef\xbb\xbfdate,type,number,invoice,description,amount,balance,currency\r\n")
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert [(row["date"], row["type"], row["amount"], row["balance"]) for row in rows] == [
        ("2026-01-01", "opening_balance", "", "0.00"),
        ("2026-11-21", "invoice", "25.00", "25.00"),
        ("2026-11-21", "credit_note", "-20.00", "5.00"),
        ("2026-11-21", "closing_balance", "", "5.00"),
    ]
    assert {row["currency"] for row in rows} == {"EUR"}


def test_a_link_ends_after_some_days_and_is_for_nothing_else(api, customer):
    link = statement(api, customer)["pdf"]
    assert api.client.get(link.replace("/s/", "/i/")).status_code == 404
    assert api.client.get(link.replace("/pdf", "/html")).status_code == 404
    with clock.hold_at(NOON + 10 * clock.DAY):
        assert api.client.get(link).status_code == 200
    with clock.hold_at(NOON + 11 * clock.DAY):
        assert api.client.get(link).status_code == 410
