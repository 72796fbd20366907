"""Coming payments: on a page, as a file, and by a private link that can be ended."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient

from portal.models import Configuration, Customer
from tests import debits
from tests.clients import Api, Portal
from tests.factories import Factories
from tests.rules.test_icalendar import unescaped, unfolded

Open = Callable[..., Portal]
pytestmark = pytest.mark.usefixtures("held_clock")
ON = {"payment_calendar": {"enabled": True}}
SECURE = "https://localhost"


@pytest.fixture
def customer(make: Factories) -> Customer:
    return make.customer()


@pytest.fixture
def configuration(make: Factories) -> Configuration:
    return make.configuration(**ON)


@pytest.fixture
def visit(portal: Open, configuration: Configuration, customer: Customer) -> Portal:
    return portal(customer, configuration)


def words(answer: Any) -> str:
    return " ".join(html.unescape(re.sub("<[^>]+>", " ", answer.get_data(as_text=True))).split())


def events(content: bytes) -> list[tuple[str, str]]:
    """Day and summary of each event."""
    lines = [line.partition(":") for line in unfolded(content)]
    days = [value for name, _, value in lines if name == "DTSTART;VALUE=DATE"]
    return list(zip(days, [unescaped(value) for name, _, value in lines if name == "SUMMARY"], strict=True))


def link_on(visit: Portal) -> str | None:
    found = re.search("<code>([^<]+)</code>", visit.get("calendar").get_data(as_text=True))
    return urlsplit(html.unescape(found[1])).path if found else None


def test_renewals_and_due_dates_are_told_and_are_in_the_file(
    visit: Portal, make: Factories, customer: Customer
) -> None:
    make.subscription(customer)
    due = make.invoice(customer, 4200, collection_method="send_invoice", days_until_due=14)
    make.invoice(make.customer(), 100, collection_method="send_invoice", days_until_due=14)
    make.invoice(customer, 100)
    shown = words(visit.get("calendar"))
    assert f"December 5, 2026 Invoice {due.number} is due €42.00" in shown
    assert "December 21, 2026 Gold plan renews €20.00" in shown
    answer = visit.get("calendar.ics")
    assert answer.mimetype == "text/calendar"
    assert events(answer.get_data()) == [
        ("20261205", f"Invoice {due.number} is due: €42.00"),
        ("20261221", "Gold plan renews: €20.00"),
    ]


def test_what_is_collected_has_the_day_of_its_debit(
    visit: Portal, make: Factories, customer: Customer, api: Api
) -> None:
    debits.begin_collecting(make)
    debits.sign(make, visit.client.application.extensions["portal"].seal, customer)
    draft = make.draft(customer, 1000, collection_method="charge_automatically", auto_advance=True)
    number = api.post(f"invoices/{draft.id}/finalize")["number"]
    ((day, summary),) = events(visit.get("calendar.ics").get_data())
    assert summary == f"Invoice {number} is collected: €10.00"
    assert day > "20261121"


def test_a_link_opens_without_a_session_until_it_is_ended(
    visit: Portal, make: Factories, customer: Customer, client: FlaskClient
) -> None:
    make.subscription(customer)
    assert link_on(visit) is None
    assert visit.post("calendar/link").status_code == 303
    path = link_on(visit)
    assert path is not None
    answer = client.get(path, base_url=SECURE)
    assert (answer.status_code, answer.mimetype) == (200, "text/calendar")
    assert events(answer.get_data()) == [("20261221", "Gold plan renews: €20.00")]
    visit.post("calendar/link")
    newer = link_on(visit)
    assert client.get(path, base_url=SECURE).status_code == 404
    assert client.get(str(newer), base_url=SECURE).status_code == 200
    visit.post("calendar/end")
    assert link_on(visit) is None
    assert client.get(str(newer), base_url=SECURE).status_code == 404
    assert client.get("/calendar/nonsense.ics", base_url=SECURE).status_code == 404


def test_the_link_ends_with_its_feature_and_its_customer(
    visit: Portal, make: Factories, customer: Customer, client: FlaskClient, api: Api, configuration: Configuration
) -> None:
    visit.post("calendar/link")
    path = str(link_on(visit))
    at = f"billing_portal/configurations/{configuration.id}"
    api.post(at, features={"payment_calendar": {"enabled": False}})
    assert client.get(path, base_url=SECURE).status_code == 404
    api.post(at, features={"payment_calendar": {"enabled": True}})
    assert client.get(path, base_url=SECURE).status_code == 200
    api.delete(f"customers/{customer.id}")
    assert client.get(path, base_url=SECURE).status_code == 404


def test_it_is_off_unless_the_merchant_turns_it_on(portal: Open, make: Factories, customer: Customer) -> None:
    visit = portal(customer, make.configuration())
    assert "Coming payments" not in words(visit.get())
    assert [visit.get(path).status_code for path in ("calendar", "calendar.ics")] == [404, 404]
    assert [visit.post(f"calendar/{verb}").status_code for verb in ("link", "end")] == [404, 404]
