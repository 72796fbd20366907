"""The balance page: every entry with its reason, its document and the balance after it, page by page."""

from __future__ import annotations

import html
import re

import pytest

from portal import clock
from portal.billing.ledger import balances
from portal.hosted import balance_entries
from portal.models import Customer
from tests.clients import Portal
from tests.factories import Factories

pytestmark = pytest.mark.usefixtures("held_clock")


@pytest.fixture
def customer(make: Factories) -> Customer:
    return make.customer()


@pytest.fixture
def visit(portal, make: Factories, customer: Customer) -> Portal:
    found: Portal = portal(customer, make.configuration())
    return found


def adjust(make: Factories, customer: Customer, amount: int, now: int | None = None, **sent: str) -> None:
    command = balances.CreateTransaction
    make.run(balances.create, command, customer, now=now, amount=amount, currency="eur", **sent)


def words(page: str) -> str:
    return " ".join(html.unescape(re.sub("<[^>]+>", " ", page)).split())


def test_each_entry_has_reason_document_and_balance(visit: Portal, make: Factories, customer: Customer) -> None:
    adjust(make, customer, -5000, now=clock.now() - clock.DAY, description="Goodwill <b>")
    invoice = make.invoice(customer, 2000)
    page = visit.get("balance").get_data(as_text=True)
    shown = words(page)
    assert "You have €30.00 of credit." in shown
    assert f"Nov 21, 2026 Settled with an invoice {invoice.number} €20.00 -€30.00" in shown.replace("−", "-")
    assert "Nov 20, 2026 Adjustment Goodwill <b> -€50.00 -€50.00" in shown.replace("−", "-")
    assert f'href="invoices/{invoice.id}"' in page


def test_a_credit_note_is_linked(visit: Portal, make: Factories, customer: Customer) -> None:
    note = make.credit_note(make.paid_invoice(customer, 2000), 500, credit_amount=500)
    page = visit.get("balance").get_data(as_text=True)
    assert f"Credit note {note.number}" in words(page)
    assert f'href="credit-notes/{note.id}"' in page


def test_pages_have_every_entry_once(visit: Portal, make: Factories, customer: Customer) -> None:
    count = balance_entries.PAGE_SIZE + 3
    for number in range(count):
        adjust(make, customer, -100, now=clock.now() - number, description=f"entry {number}.")
    first = visit.get("balance").get_data(as_text=True)
    older = re.search(r'rel="next" class="more older" href="([^"]+)"', first)
    assert older
    second = visit.get(f"balance{older[1]}").get_data(as_text=True)
    found = re.findall(r"entry (\d+)\.", first + second)
    assert [int(each) for each in found] == list(range(count))
    assert 'rel="next"' not in second
    assert 'href="balance"' in second


@pytest.mark.parametrize("before", ["x", "1", "1.", "999999999999999.a", "1.\0"])
def test_a_cursor_that_is_none_shows_the_newest(
    visit: Portal, make: Factories, customer: Customer, before: str
) -> None:
    adjust(make, customer, -100)
    assert "€1.00" in visit.get("balance", query_string={"before": before}).get_data(as_text=True)


def test_home_leads_there_where_there_is_a_balance(visit: Portal, make: Factories, customer: Customer) -> None:
    assert 'href="balance"' not in visit.get().get_data(as_text=True)
    assert "Nothing here yet" in visit.get("balance").get_data(as_text=True)
    adjust(make, customer, -100)
    assert 'href="balance"' in visit.get().get_data(as_text=True)


def test_others_entries_are_not_shown(portal, make: Factories, customer: Customer) -> None:
    adjust(make, customer, -100, description="Ours alone")
    page = portal(make.customer(), make.configuration()).get("balance").get_data(as_text=True)
    assert "Ours alone" not in page


def test_it_belongs_to_the_invoices(portal, make: Factories, customer: Customer) -> None:
    adjust(make, customer, -100)
    visit = portal(customer, make.configuration(invoice_history={"enabled": False}))
    assert visit.get("balance").status_code == 404
    assert 'href="balance"' not in visit.get().get_data(as_text=True)
