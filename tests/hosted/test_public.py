"""Invoices and credit notes behind signed links, for whoever was sent one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal import clock
from portal.billing.accounts import account_updates, accounts
from portal.billing.accounts.account_updates import UpdateAccount
from portal.db import Database
from portal.models import CreditNote, Customer, Invoice
from portal.wire.commands import parse_command
from tests.conftest import NOON
from tests.factories import Factories

pytestmark = pytest.mark.usefixtures("held_clock")


@pytest.fixture
def customer(make: Factories) -> Customer:
    return make.customer()


@pytest.fixture
def link(app: Flask) -> Callable[..., str]:
    """`link(row, kind)` is the path of a fresh link to a document."""
    links = app.extensions["portal"].links

    def path(row: Invoice | CreditNote, kind: str = "invoice") -> str:
        return links.document(kind, row.tenant_id, row.id).removeprefix("http://localhost")

    return path


def test_the_link_shows_the_invoice(make: Factories, customer: Customer, client: FlaskClient, link: Any) -> None:
    invoice = make.invoice(customer, 123456)
    answer = client.get(link(invoice))
    html = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert invoice.number in html
    assert "€1,234.56" in html
    assert "Rocket Rides" in html
    assert '<meta name="robots" content="noindex, nofollow">' in html
    assert "<nav" not in html
    assert "Sign out" not in html


def test_the_page_leads_to_the_file(make: Factories, customer: Customer, client: FlaskClient, link: Any) -> None:
    invoice = make.invoice(customer)
    path = link(invoice)
    token = path.rsplit("/", 1)[1]
    assert f'href="{token}/pdf"' in client.get(path).get_data(as_text=True)
    answer = client.get(f"{path}/pdf")
    assert answer.data.startswith(b"%PDF-")
    assert f'filename="{invoice.number}.pdf"' in answer.headers["Content-Disposition"]


def test_files_have_links_of_their_own(make: Factories, customer: Customer, client: FlaskClient, link: Any) -> None:
    invoice = make.invoice(customer, 3000)
    note = make.credit_note(invoice, 1000)
    for row, kind in ((invoice, "invoice_pdf"), (note, "credit_note_pdf")):
        answer = client.get(link(row, kind))
        assert answer.data.startswith(b"%PDF-")
        assert answer.headers["Cache-Control"] == "no-store"


def test_credit_notes_are_linked_as_files(make: Factories, customer: Customer, client: FlaskClient, link: Any) -> None:
    invoice = make.invoice(customer, 3000)
    note = make.credit_note(invoice, 1000)
    assert f'href="http://localhost{link(note, "credit_note_pdf")}"' in client.get(link(invoice)).get_data(as_text=True)


def test_where_to_pay_is_on_an_open_invoice(
    make: Factories, customer: Customer, client: FlaskClient, database: Database, link: Any
) -> None:
    bank = {"invoices": {"bank_transfer": {"iban": "DE89370400440532013000", "bic": "COBADEFFXXX"}}}
    with database.writing() as db:
        account = accounts.find_account(db, make.scope.account_id)
        account_updates.update_account(db, account, parse_command(UpdateAccount, {"settings": bank}))
    assert "DE89 3704 0044 0532 0130 00" in client.get(link(make.invoice(customer))).get_data(as_text=True)
    assert "DE89" not in client.get(link(make.paid_invoice(customer))).get_data(as_text=True)


def test_an_old_link_shows_whom_to_ask(
    make: Factories, customer: Customer, client: FlaskClient, database: Database, link: Any
) -> None:
    profile = {"business_profile": {"support_email": "help@rocket.example"}}
    with database.writing() as db:
        account = accounts.find_account(db, make.scope.account_id)
        account_updates.update_account(db, account, parse_command(UpdateAccount, profile))
    invoice = make.invoice(customer)
    paths = (link(invoice), link(invoice) + "/pdf", link(invoice, "invoice_pdf"))
    with clock.hold_at(NOON + 31 * clock.DAY):
        answers = [client.get(path) for path in paths]
    assert [answer.status_code for answer in answers] == [410, 410, 410]
    html = answers[0].get_data(as_text=True)
    assert "This link has expired" in html
    assert "help@rocket.example" in html
    assert invoice.number not in html


def test_a_fresh_link_to_an_old_invoice_works(
    make: Factories, customer: Customer, client: FlaskClient, link: Any
) -> None:
    invoice = make.invoice(customer, now=NOON - 300 * clock.DAY)
    assert client.get(link(invoice)).status_code == 200


def test_links_of_one_kind_open_no_other(make: Factories, customer: Customer, client: FlaskClient, link: Any) -> None:
    invoice = make.invoice(customer, 3000)
    note = make.credit_note(invoice, 1000)
    token = link(note, "credit_note_pdf").split("/")[2]
    assert client.get(f"/i/{token}").status_code == 404
    assert client.get(f"/i/{token}/pdf").status_code == 404
    assert client.get(f"/c/{link(invoice).split('/')[2]}/pdf").status_code == 404


def test_a_changed_link_opens_nothing(make: Factories, customer: Customer, client: FlaskClient, link: Any) -> None:
    path = link(make.invoice(customer))
    changed = f"{path[:-9]}{'A' if path[-9] != 'A' else 'B'}{path[-8:]}"
    answer = client.get(changed)
    assert answer.status_code == 404
    assert "Page not found" in answer.get_data(as_text=True)


def test_a_draft_has_no_page(make: Factories, customer: Customer, client: FlaskClient, link: Any) -> None:
    assert client.get(link(make.draft(customer))).status_code == 404


def test_the_page_speaks_the_customers_language(make: Factories, client: FlaskClient, link: Any) -> None:
    invoice = make.invoice(make.customer(preferred_locales=["de"]), 123456)
    html = client.get(link(invoice), headers={"Accept-Language": "fr"}).get_data(as_text=True)
    assert '<html lang="de"' in html
    assert "1.234,56\xa0€" in html


def test_without_a_preference_it_speaks_the_browsers(
    make: Factories, customer: Customer, client: FlaskClient, link: Any
) -> None:
    html = client.get(link(make.invoice(customer)), headers={"Accept-Language": "ar"}).get_data(as_text=True)
    assert '<html lang="ar" dir="rtl"' in html
