"""An invoice in parts says them on its page, in its PDF and in its mail, and what is to be paid next."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import select

from portal.models import Mail
from portal.outbox import reminders
from tests.api.invoices.test_instalments import DAY, opened, pay
from tests.clients import Api
from tests.documents.conftest import read
from tests.factories import Factories
from tests.hosted.test_checkout import take_transfers
from tests.passing import pass_time


@pytest.fixture
def invoice(api: Api, make: Factories) -> Any:
    take_transfers(make)
    return opened(api, make.customer(email="jenny@example.com").id)


def pdf_of(api: Api, invoice: Any) -> str:
    text = read(api.client.get(invoice["invoice_pdf"]).data).pages[0].extract_text()
    return re.sub("[\u2066-\u2069]", "", " ".join(text.split()))


def test_the_pdf_lists_the_parts(api: Api, invoice: Any) -> None:
    shown = pdf_of(api, invoice)
    assert "Instalments" in shown
    assert all(f"Part {number} €100.00" in shown for number in (1, 2, 3))
    assert "Amount due €300.00€100.00 to pay by" in shown.replace("00 €", "00€")
    pay(api, invoice, 10000)
    assert "Part 1 Paid €100.00" in pdf_of(api, invoice)


def test_the_page_says_what_is_next(api: Api, make: Factories, invoice: Any) -> None:
    page = api.client.get(invoice["hosted_invoice_url"], base_url="https://localhost").text
    assert re.search(r'state">\s*<bdi class="strong">€100.00</bdi> to pay by', page)
    assert re.search(r"<dt>Amount</dt><dd><bdi>€100.00</bdi>", page)
    assert "Part 3" in page
    pass_time(make, until=invoice["amounts_due"][1]["due_date"])
    page = api.client.get(invoice["hosted_invoice_url"], base_url="https://localhost").text
    assert re.search(r'state">\s*<bdi class="strong">€200.00</bdi> (was due on|to pay by)', page)
    assert page.count(">Past due<") >= 2


def test_each_part_has_reminders_of_its_own(api: Api, app: Any, make: Factories, invoice: Any) -> None:
    days = {"days_before_due": [3], "days_after_due": []}
    api.post("account", settings={"emails": {"payment_reminders": days}})
    first, second, _third = (each["due_date"] for each in invoice["amounts_due"])
    portal = app.extensions["portal"]
    for _ in range(2):
        reminders.work(portal, first - 3 * DAY)
    assert len(queued(make)) == 1
    pay(api, invoice, 10000)
    for _ in range(2):
        reminders.work(portal, second - 3 * DAY)
    assert len(queued(make)) == 2


def queued(make: Factories) -> list[Any]:
    with make.database.reading(make.scope) as db:
        return list(db.scalars(select(Mail).where(Mail.name == "payment_reminder")))
