"""The days that people read are those of the merchant's calendar, and stay on what was issued before."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email import message_from_bytes, policy
from typing import Any
from zipfile import ZipFile

import pytest
from flask import Flask
from pypdf import PdfReader

from portal import clock
from portal.billing.ledger import balances, tax_ids
from portal.models import Customer
from portal.recording import notices
from tests.clients import Api, Portal
from tests.factories import Factories
from tests.hosted.test_downloads import words
from tests.mailing import send_due_mails

Open = Callable[..., Portal]
#: 31 December 2025, 23:30 UTC.
LAST_NIGHT = 1767223800
ADDRESS = {"line1": "Torstraße 12", "city": "Berlin", "postal_code": "10119", "country": "DE"}


def tell_zone(api: Api, zone: str) -> None:
    assert api.post("account", settings={"dashboard": {"timezone": zone}})["settings"]["dashboard"]["timezone"] == zone


@pytest.fixture
def customer(make: Factories) -> Customer:
    """Has what Peppol asks of a buyer, and an address of this test's own."""
    metadata = {"buyer_reference": "04011000-12345-03", "endpoint": "0204:04011000-12345-03"}
    return make.customer(email=f"{make.scope.account_id}@example.com", metadata=metadata)


@pytest.fixture
def e_invoices(api: Api, make: Factories) -> None:
    """A German seller who has Peppol files."""
    make.run(tax_ids.create, tax_ids.CreateTaxId, type="eu_vat", value="DE136695976")
    e_invoices = {"formats": ["factur_x", "peppol"], "contact": "Greta Sommer", "endpoint": "0204:991-1"}
    profile = {"support_email": "billing@rocket.example", "support_phone": "+49 30 1234567"}
    company = {"name": "Rocket GmbH", "address": ADDRESS}
    settings = {"invoices": {"e_invoices": e_invoices}}
    api.post("account", country="DE", company=company, business_profile=profile, settings=settings)


def bill(api: Api, customer: Customer, at: int, **more: Any) -> dict[str, Any]:
    """An invoice that is drafted and finalized at a moment, due a day later, for two hours of service before it."""
    with clock.hold_at(at):
        rate = api.post("tax_rates", display_name="VAT", percentage="19", inclusive=False, country="DE")
        send = {"collection_method": "send_invoice", "days_until_due": 1, "currency": "eur"}
        draft = api.post("invoices", customer=customer.id, **send, **more)
        line = {"amount": 1000, "description": "Plan", "tax_rates": [rate["id"]]}
        period = {"start": at - 2 * clock.HOUR, "end": at}
        api.post("invoiceitems", customer=customer.id, invoice=draft["id"], period=period, **line)
        found: dict[str, Any] = api.post(f"invoices/{draft['id']}/finalize")
    return found


def pdf_text(content: bytes) -> str:
    pages = PdfReader(io.BytesIO(content)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


def attached_invoice(content: bytes) -> str:
    return PdfReader(io.BytesIO(content)).attachments["factur-x.xml"][0].decode()


def zip_names(portal: Portal, year: int) -> list[str]:
    content = portal.get(f"downloads/{year}.zip").get_data()
    with ZipFile(io.BytesIO(content)) as bundle:
        return [f"{each.filename} {each.date_time[0]}" for each in bundle.infolist()]


@pytest.mark.usefixtures("e_invoices")
@pytest.mark.parametrize(
    ("zone", "at", "issued", "due"),
    [
        ("Europe/Berlin", LAST_NIGHT, (2026, 1, 1), (2026, 1, 2)),
        ("Asia/Kolkata", LAST_NIGHT - 5 * clock.HOUR, (2026, 1, 1), (2026, 1, 2)),
        ("Asia/Kolkata", LAST_NIGHT - 5 * clock.HOUR - 1, (2025, 12, 31), (2026, 1, 1)),
        ("America/New_York", LAST_NIGHT + 5 * clock.HOUR, (2025, 12, 31), (2026, 1, 1)),
        ("Etc/UTC", LAST_NIGHT, (2025, 12, 31), (2026, 1, 1)),
    ],
)
def test_an_invoice_has_one_date_in_all_its_forms(
    api: Api, make: Factories, customer: Customer, portal: Open, zone: str, at: int, issued: Any, due: Any
) -> None:
    day, due_day = (datetime(*when, tzinfo=UTC) for when in (issued, due))
    tell_zone(api, zone)
    invoice = bill(api, customer, at)
    assert (invoice["effective_at"], invoice["due_date"]) == (at, at + clock.DAY)
    visit = portal(customer, make.configuration())
    long, long_due = (f"{each:%B} {each.day}, {each.year}" for each in (day, due_day))

    page = words(visit.get(f"invoices/{invoice['id']}"))
    assert f"Date of issue {long}" in page
    assert f"was due on {long_due}." in page
    assert f"{day:%b} {day.day}, {day.year}" in words(visit.get("invoices"))
    assert f"It was due on {long_due}." in words(visit.get())

    content = visit.get(f"invoices/{invoice['id']}/pdf").data
    text = pdf_text(content)
    assert f"Date of issue {long}" in text
    assert f"Due date {long_due}" in text
    assert f'<udt:DateTimeString format="102">{day:%Y%m%d}<' in attached_invoice(content)
    documents = {each["kind"]: each for each in api.get(f"invoices/{invoice['id']}", expand=["documents"])["documents"]}
    peppol = visit.client.get(documents["peppol"]["url"].removeprefix("http://localhost")).get_data(as_text=True)
    assert f"<cbc:IssueDate>{day:%Y-%m-%d}<" in peppol
    assert f"<cbc:DueDate>{due_day:%Y-%m-%d}<" in peppol
    assert f"<cbc:StartDate>2025-12-31</cbc:StartDate><cbc:EndDate>{day:%Y-%m-%d}<" in "".join(peppol.split())

    assert zip_names(visit, day.year) == [f"Invoice {invoice['number']}.pdf {day.year}"]
    assert visit.get(f"downloads/{4051 - day.year}").status_code == 404
    assert invoice["number"] in words(visit.get(f"invoices?year={day.year}"))
    assert invoice["number"] not in words(visit.get(f"invoices?year={4051 - day.year}"))

    sheet = csv.DictReader(io.StringIO(visit.get("invoices.csv").data.decode("utf-8-sig")))
    assert [(row["date"], row["due_date"]) for row in sheet] == [(f"{day:%Y-%m-%d}", f"{due_day:%Y-%m-%d}")]

    table = list(csv.DictReader(io.StringIO(visit.get(f"statements/{day.year}-eur.csv").data.decode("utf-8-sig"))))
    assert [(row["date"], row["type"]) for row in table[:2]] == [
        (f"{day.year}-01-01", "opening_balance"),
        (f"{day:%Y-%m-%d}", "invoice"),
    ]
    statement = pdf_text(visit.get(f"statements/{day.year}-eur.pdf").data)
    assert f"{day:%b} {day.day}, {day.year} Invoice {invoice['number']}" in statement


@dataclass
class Mailbox:
    """The mails to one customer, in plain words."""

    app: Flask
    customer: Customer

    def receive(self) -> str:
        """What has come since the last time."""
        folder = self.app.extensions["portal"].settings.instance / "mail"
        before = set(folder.glob("*.eml"))
        send_due_mails(self.app.extensions["portal"])
        new = set(folder.glob("*.eml")) - before
        mails = (message_from_bytes(each.read_bytes(), policy=policy.default) for each in new)
        bodies = [each.get_body(("plain",)) for each in mails if each["To"] == self.customer.email]
        return "\n".join(each.get_content() for each in bodies if each)


@pytest.fixture
def mailbox(app: Flask, customer: Customer) -> Mailbox:
    return Mailbox(app, customer)


def test_mails_have_the_days_of_their_documents(
    api: Api, make: Factories, customer: Customer, mailbox: Mailbox, writing: Callable[[], Any]
) -> None:
    tell_zone(api, "America/New_York")
    late = LAST_NIGHT + 2 * clock.HOUR
    invoice = bill(api, customer, late)
    tell_zone(api, "Asia/Tokyo")
    with clock.hold_at(late):
        api.post(f"invoices/{invoice['id']}/send")
        assert "€11.90 to pay by January 1, 2026." in mailbox.receive()
        with writing() as db:
            notices.enqueue_without_event(
                db, "payment_reminder", f"reminder:{invoice['id']}", customer_id=customer.id, invoice=invoice["id"]
            )
        assert "is due on January 1, 2026." in mailbox.receive()
        api.post("account", settings={"emails": {"receipts": True}})
        api.post(f"invoices/{invoice['id']}/pay", paid_out_of_band=True)
        assert "of €11.90 on December 31, 2025." in mailbox.receive()


def test_mails_about_plans_have_days_of_the_merchants_calendar(
    api: Api, make: Factories, customer: Customer, mailbox: Mailbox
) -> None:
    tell_zone(api, "Europe/Berlin")
    with clock.hold_at(LAST_NIGHT):
        subscription = make.subscription(customer, now=LAST_NIGHT)
        mailbox.receive()
        api.post(f"subscriptions/{subscription.id}", cancel_at_period_end=True)
        said = mailbox.receive()
    assert "It stays until February 1, 2026" in said
    assert "The cancellation was received on January 1, 2026." in said


def test_lines_name_days_of_the_merchants_calendar(api: Api, make: Factories, customer: Customer) -> None:
    tell_zone(api, "Europe/Berlin")
    subscription = make.subscription(customer, now=LAST_NIGHT - clock.DAY)
    with clock.hold_at(LAST_NIGHT):
        item = api.get(f"subscriptions/{subscription.id}")["items"]["data"][0]
        api.post(f"subscription_items/{item['id']}", quantity=2)
        found = api.get("invoiceitems", customer=customer.id)["data"]
    assert {each["description"].rpartition(" after ")[2] for each in found} == {"January 1, 2026"}


def test_another_zone_redraws_no_document(api: Api, make: Factories, customer: Customer, portal: Open) -> None:
    before = bill(api, customer, LAST_NIGHT)
    visit = portal(customer, make.configuration())
    pages = [visit.get(path).get_data() for path in (f"invoices/{before['id']}", f"invoices/{before['id']}/pdf")]
    tell_zone(api, "Europe/Berlin")
    after = bill(api, customer, LAST_NIGHT)
    again = [visit.get(path).get_data() for path in (f"invoices/{before['id']}", f"invoices/{before['id']}/pdf")]
    assert "Date of issue December 31, 2025" in words(visit.get(f"invoices/{before['id']}"))
    assert "Date of issue January 1, 2026" in words(visit.get(f"invoices/{after['id']}"))
    assert again[1] == pages[1]
    for year, row in ((2025, before), (2026, after)):
        assert zip_names(visit, year) == [f"Invoice {row['number']}.pdf {year}"]
        table = csv.DictReader(io.StringIO(visit.get(f"statements/{year}-eur.csv").data.decode("utf-8-sig")))
        assert [each["number"] for each in table if each["type"] == "invoice"] == [row["number"]]
    history = words(visit.get("invoices"))
    assert "Dec 31, 2025" in history
    assert "Jan 1, 2026" in history
    assert "The oldest was due on January 1, 2026." in words(visit.get())


def test_a_credit_note_has_the_day_on_which_it_is_written(
    api: Api, make: Factories, customer: Customer, portal: Open
) -> None:
    """Its invoice was issued while the merchant had no zone."""
    invoice = bill(api, customer, LAST_NIGHT - clock.DAY)
    tell_zone(api, "Europe/Berlin")
    with clock.hold_at(LAST_NIGHT):
        line = {"type": "custom_line_item", "description": "Goodwill", "unit_amount": 100, "quantity": 1}
        note = api.post("credit_notes", invoice=invoice["id"], lines=[line])
    visit = portal(customer, make.configuration())
    page = words(visit.get(f"credit-notes/{note['id']}"))
    assert "Date of issue January 1, 2026" in page
    text = pdf_text(visit.get(f"credit-notes/{note['id']}/pdf").data)
    assert "Date of issue January 1, 2026" in text
    assert "Date of that invoice December 30, 2025" in text
    assert zip_names(visit, 2026) == [f"Credit note {note['number']}.pdf 2026"]
    happened = words(visit.get(f"invoices/{invoice['id']}")).partition("History")[2]
    assert happened.strip().startswith("December 30, 2025 Issued January 1, 2026 Credit note issued")


def test_a_quote_has_days_of_the_merchants_calendar(api: Api, make: Factories, customer: Customer) -> None:
    tell_zone(api, "Europe/Berlin")
    with clock.hold_at(LAST_NIGHT):
        items = [{"price": make.price().id}]
        quote = api.post("quotes", customer=customer.id, line_items=items, expires_at=LAST_NIGHT + clock.DAY)
        api.post(f"quotes/{quote['id']}/finalize")
        tell_zone(api, "America/New_York")
        text = pdf_text(api.request("GET", f"quotes/{quote['id']}/pdf").data)
    assert "Date of issue January 1, 2026" in text
    assert "Valid until January 2, 2026" in text


def test_pages_of_plans_tell_days_of_the_merchants_calendar(
    api: Api, make: Factories, customer: Customer, portal: Open
) -> None:
    """Billed from 20 December, 23:30 UTC, to the same time of January: periods stay as they are."""
    tell_zone(api, "Europe/Berlin")
    start = LAST_NIGHT - 11 * clock.DAY
    with clock.hold_at(start):
        subscription = make.subscription(customer, now=start)
        visit = portal(customer, make.configuration())
        item = api.get(f"subscriptions/{subscription.id}")["items"]["data"][0]
        assert item["current_period_start"] == start
        assert "Renews on January 21, 2026." in words(visit.get())
        assert "January 21, 2026" in words(visit.get(f"subscriptions/{subscription.id}/cancel"))
        tell_zone(api, "America/New_York")
        assert "Renews on January 20, 2026." in words(visit.get())


def test_a_change_of_the_balance_lies_on_the_day_of_the_merchant(api: Api, make: Factories, customer: Customer) -> None:
    tell_zone(api, "Europe/Berlin")
    sent = {"amount": -500, "currency": "eur"}
    make.run(balances.create, balances.CreateTransaction, customer, now=LAST_NIGHT, **sent)
    found = api.get(f"customers/{customer.id}/statements")["data"]
    assert [(each["year"], each["adjusted"]) for each in found] == [(2026, -500)]
    assert (found[0]["period_start"], found[0]["period_end"]) == (
        LAST_NIGHT - 1800,
        LAST_NIGHT - 1800 + 365 * clock.DAY,
    )


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("Etc/UTC", date(2025, 12, 31)),
        ("Pacific/Kiritimati", date(2026, 1, 1)),
        ("Etc/GMT+12", date(2025, 12, 31)),
    ],
)
def test_the_day_of_issue_is_noted_with_every_document(
    api: Api, make: Factories, customer: Customer, writing: Callable[[], Any], zone: str, day: date
) -> None:
    tell_zone(api, zone)
    draft, invoice = make.draft(customer), make.invoice(customer, now=LAST_NIGHT)
    note = make.credit_note(invoice, 100, now=LAST_NIGHT)
    with writing() as db:
        days = [db.get_one(type(each), (each.tenant_id, each.id)).issued_on for each in (draft, invoice, note)]
    assert days == [None, day, day]
