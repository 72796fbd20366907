"""Canceling without a login: two steps and a receipt, the same for everybody; the worker finds out whose it is."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from portal import clock
from portal.models import CancellationNotice, Customer, Event, Mail, PlanCancellation, Subscription
from portal.outbox.mail_builders import MAIL_BUILDERS
from portal.worker import cancellation_notices
from tests.clients import Api
from tests.conftest import NOON
from tests.factories import Factories

pytestmark = pytest.mark.usefixtures("held_clock")
EMAIL = "jenny@example.com"
SECURE = "https://localhost"


@pytest.fixture
def customer(make: Factories) -> Customer:
    return make.customer(email="Jenny@example.com", preferred_locales=["en"])


@pytest.fixture
def plan(make: Factories, customer: Customer) -> Subscription:
    return make.subscription(customer, now=NOON - 10 * clock.DAY)


@pytest.fixture
def configuration(make: Factories, api: Api) -> str:
    return make.configuration().id


@pytest.fixture
def address(api: Api, configuration: str) -> str:
    """The path of the public page."""
    made = api.post(f"billing_portal/configurations/{configuration}", cancel_page={"enabled": True})
    found = re.search(r"/cancel/[^/]+$", made["cancel_page"]["url"])
    assert found
    return found[0]


def form(reference: str, **other: Any) -> dict[str, Any]:
    return {"kind": "ordinary", "name": "Jenny Rosen", "email": EMAIL, "reference": reference, **other}


def send(client: FlaskClient, address: str, reference: str, network: str = "192.0.2.1", **other: Any) -> Any:
    """Both steps; the answer to the second."""
    own: Any = {"base_url": SECURE, "environ_overrides": {"REMOTE_ADDR": network}}
    confirm = client.post(address, data=form(reference, **other), **own)
    assert confirm.status_code == 200, confirm.text
    once = re.search(r'name="once" value="([^"]+)"', confirm.text)
    assert once, confirm.text
    return client.post(address, data=form(reference, **other, once=once[1], confirm="1"), **own)


def rows(make: Factories, model: Any) -> list[Any]:
    with make.database.reading(make.scope) as db:
        return list(db.query(model))


def work(app: Any) -> None:
    cancellation_notices.work(app.extensions["portal"], clock.now())


def told(make: Factories) -> list[str]:
    events = sorted(rows(make, Event), key=lambda event: event.sequence)
    return [event.type.rpartition(".")[2] for event in events if "cancellation_notice" in event.type]


def test_two_steps_and_a_receipt(client: FlaskClient, address: str, plan: Subscription, make: Factories) -> None:
    page = client.get(address.replace("/cancel/", "/kuendigen/"), base_url=SECURE)
    assert page.status_code == 200
    confirm = client.post(address, data=form(plan.id), base_url=SECURE)
    assert "Nothing is canceled yet." in confirm.text
    assert rows(make, CancellationNotice) == []
    answer = send(client, address, plan.id)
    receipt = client.get(answer.location, base_url=SECURE)
    assert "We have received your cancellation" in receipt.text
    assert "12:00:00 (Etc/UTC)" in receipt.text
    pdf = client.get(f"{answer.location}/pdf", base_url=SECURE)
    assert (pdf.status_code, pdf.mimetype) == (200, "application/pdf")


@pytest.mark.parametrize("named", ["subscription", "customer", "invoice"])
def test_what_it_names_is_canceled_by_the_worker(
    client: FlaskClient, address: str, plan: Subscription, customer: Customer, make: Factories, app: Any, named: str
) -> None:
    number = make.invoice(customer).number
    with make.database.writing(make.scope) as db:
        from portal.models import Invoice

        for invoice in db.query(Invoice):
            invoice.subscription_id = plan.id
    reference = {"subscription": plan.id, "customer": customer.id, "invoice": number}[named]
    assert reference
    send(client, address, reference)
    assert rows(make, Subscription)[0].cancel_at is None
    work(app)
    assert rows(make, Subscription)[0].cancel_at == plan.current_period_end
    (notice,), (kept,) = rows(make, CancellationNotice), rows(make, PlanCancellation)
    assert (notice.status, notice.subscription_id) == ("done", plan.id)
    assert (kept.session_id, kept.subscription_id) == (None, plan.id)
    assert told(make) == ["created", "done"]
    assert {mail.name for mail in rows(make, Mail)} == {"cancellation_received", "subscription_canceled"}


def test_it_counts_from_when_it_was_received(
    client: FlaskClient, address: str, plan: Subscription, make: Factories, app: Any
) -> None:
    """However late the worker looks at it."""
    send(client, address, plan.id)
    with clock.hold_at(NOON + 2 * clock.HOUR):
        work(app)
    (kept,), (row,) = rows(make, PlanCancellation), rows(make, Subscription)
    assert kept.created == row.canceled_at == NOON


@pytest.mark.parametrize(
    "other",
    [
        {"reference": "INV-9999"},
        {"email": "stranger@example.com"},
        {"kind": "extraordinary", "reason": "The price was raised"},
    ],
)
def test_what_names_nothing_for_sure_waits_for_the_merchant(
    client: FlaskClient, address: str, plan: Subscription, make: Factories, app: Any, api: Api, other: dict[str, Any]
) -> None:
    send(client, address, **{"reference": plan.id, **other})
    work(app)
    work(app)
    assert rows(make, Subscription)[0].cancel_at is None
    assert told(make) == ["created", "waiting"]
    (listed,) = api.get("billing_portal/cancellation_notices", status="waiting")["data"]
    assert (listed["name"], listed["subscription"]) == ("Jenny Rosen", None)
    assert "cancellation_waiting" in {mail.name for mail in rows(make, Mail)}


def test_of_two_plans_the_customers_number_names_none(
    client: FlaskClient, address: str, plan: Subscription, customer: Customer, make: Factories, app: Any
) -> None:
    make.subscription(customer)
    send(client, address, customer.id)
    work(app)
    assert [row.cancel_at for row in rows(make, Subscription)] == [None, None]


def test_strangers_learn_nothing(client: FlaskClient, address: str, plan: Subscription, make: Factories) -> None:
    """The same answer and receipt whether or not address and number are those of a customer."""
    pages = []
    for email, reference in ((EMAIL, plan.id), ("else@example.com", "sub_unknown00000000000000")):
        answer = send(client, address, reference, email=email)
        text = client.get(answer.location, base_url=SECURE).text
        for own in (answer.location.rpartition("/")[2], email, reference, *re.findall(r"bpcn_\w+", text)):
            text = text.replace(own, "…")
        pages.append((answer.status_code, text))
    assert pages[0] == pages[1]
    assert "Gold plan" not in pages[0][1]


def test_the_receipt_goes_to_customers_alone(
    client: FlaskClient, address: str, plan: Subscription, make: Factories, app: Any
) -> None:
    for email in (EMAIL, "stranger@example.com"):
        send(client, address, plan.id, email=email)
    services = app.extensions["portal"]
    with make.database.reading(make.scope) as db:
        mails = [mail for mail in db.query(Mail) if mail.name == "cancellation_received"]
        built = {mail.address: MAIL_BUILDERS[mail.name](services, db, mail) for mail in mails}
    found = built[EMAIL]
    assert found is not None
    assert (found.to, len(found.attachments)) == ("Jenny@example.com", 1)
    assert built["stranger@example.com"] is None


def test_two_clicks_are_one_notice(client: FlaskClient, address: str, plan: Subscription, make: Factories) -> None:
    sent = form(plan.id, once="the-same-page", confirm="1")
    answers = [client.post(address, data=sent, base_url=SECURE) for _ in range(2)]
    assert answers[0].location == answers[1].location
    assert len(rows(make, CancellationNotice)) == 1


def test_the_day_that_is_wanted_counts_where_it_is_later(
    client: FlaskClient, address: str, plan: Subscription, make: Factories, app: Any
) -> None:
    send(client, address, plan.id, wanted_on="2027-01-31")
    work(app)
    (row,) = rows(make, Subscription)
    assert row.cancel_at is not None
    assert clock.now() < plan.current_period_end < row.cancel_at
    (document,) = rows(make, CancellationNotice)
    assert document.wanted_on == "2027-01-31"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"name": ""}, "Enter your name."),
        ({"email": "nobody"}, "Write the address like"),
        ({"reference": ""}, "Enter one of these numbers."),
        ({"kind": "extraordinary"}, "Enter the reason."),
        ({"wanted_on": "2020-01-01"}, "Choose a day to come."),
    ],
)
def test_what_is_missing_is_said(
    client: FlaskClient, address: str, make: Factories, wrong: dict[str, str], words: str
) -> None:
    answer = client.post(address, data={**form("INV-0001"), **wrong, "confirm": "1"}, base_url=SECURE)
    assert answer.status_code == 400
    assert words in answer.text
    assert rows(make, CancellationNotice) == []


def test_a_network_sends_so_many(client: FlaskClient, address: str, make: Factories) -> None:
    codes = [send(client, address, "INV-1", email=f"x{number}@example.com").status_code for number in range(11)]
    assert codes == [303] * 10 + [429]
    assert send(client, address, "INV-1", "192.0.2.2", email="y@example.com").status_code == 303


def test_switched_off_it_is_gone(client: FlaskClient, address: str, api: Api, configuration: str) -> None:
    off = api.post(f"billing_portal/configurations/{configuration}", cancel_page={"enabled": False})
    assert off["cancel_page"] == {"enabled": False, "url": None, "withdrawal_url": None}
    for method in (client.get, client.post):
        assert method(address, base_url=SECURE).status_code == 404


def test_an_old_link_of_a_receipt_has_expired(client: FlaskClient, address: str, plan: Subscription) -> None:
    location = send(client, address, plan.id).location
    with clock.hold_at(NOON + 12 * clock.DAY):
        assert client.get(location, base_url=SECURE).status_code == 410
