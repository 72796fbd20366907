"""Statements of account on the customer's pages."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest

from portal.billing.ledger import balances
from portal.models import Customer
from tests.clients import Portal
from tests.factories import Factories

Open = Callable[..., Portal]
pytestmark = pytest.mark.usefixtures("held_clock")


@pytest.fixture
def customer(make: Factories) -> Customer:
    """Owes 25.00."""
    row = make.customer()
    make.invoice(row, 2500)
    return row


@pytest.fixture
def visit(portal: Open, make: Factories, customer: Customer) -> Portal:
    return portal(customer, make.configuration())


def test_the_history_leads_to_the_years_and_these_to_the_files(visit: Portal) -> None:
    assert 'href="statements"' in visit.get("invoices").get_data(as_text=True)
    page = visit.get("statements").get_data(as_text=True)
    assert "€25.00" in page
    assert 'href="statements/2026-eur.pdf"' in page
    assert visit.get("statements/2026-eur.pdf").data.startswith(b"%PDF-")
    answer = visit.get("statements/2026-eur.csv")
    assert answer.mimetype == "text/csv"
    assert "Statement-of-account-2026-EUR.csv" in answer.headers["Content-Disposition"]


def test_the_years_take_the_same_few_queries_however_much_there_is(
    visit: Portal, make: Factories, customer: Customer, count_queries: Callable[[], Any]
) -> None:
    for _ in range(5):
        make.credit_note(make.paid_invoice(customer, 700), 100, credit_amount=100)
    visit.get("statements")
    with count_queries() as statements:
        visit.get("statements")
    assert len(statements) <= 7


def test_the_table_has_what_the_merchant_wrote_as_text(visit: Portal, make: Factories, customer: Customer) -> None:
    sent = {"amount": -500, "currency": "eur", "description": '=HYPERLINK("https://example.com")'}
    make.run(balances.create, balances.CreateTransaction, customer, **sent)
    [*_, row, _closing] = csv.DictReader(io.StringIO(visit.get("statements/2026-eur.csv").data.decode("utf-8-sig")))
    assert (row["type"], row["amount"], row["balance"]) == ("balance", "-5.00", "20.00")
    assert row["description"] == '\'=HYPERLINK("https://example.com")'


def test_a_statement_that_there_is_not_is_not_found(visit: Portal) -> None:
    for path in ("2024-eur.pdf", "2026-usd.pdf", "2026-eur.html", "2026.pdf", "soon-eur.csv"):
        assert visit.get(f"statements/{path}").status_code == 404


def test_someone_without_anything_is_told_so(portal: Open, make: Factories) -> None:
    assert "No invoices yet" in portal(make.customer(), make.configuration()).get("statements").get_data(as_text=True)


def test_without_an_invoice_history_there_are_no_statements(portal: Open, make: Factories, customer: Customer) -> None:
    visit = portal(customer, make.configuration(invoice_history={"enabled": False}))
    for path in ("statements", "statements/2026-eur.pdf", "statements/2026-eur.csv"):
        assert visit.get(path).status_code == 404
