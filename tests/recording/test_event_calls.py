"""`/v1/events` as the official clients read it, and the operator's view of the log."""

from __future__ import annotations

import json

import pytest
import stripe
from click.testing import CliRunner

from portal import clock
from portal.billing.events import events
from portal.commands import audit
from tests import goldens


def test_an_event_on_the_wire(api, told, held_clock):
    customer = api.post("customers", name="Jenny Rosen")
    api.post(f"customers/{customer['id']}", name="Jenny")
    event = api.get("events", type="customer.updated")["data"][0]
    assert event == api.get(f"events/{event['id']}")
    assert event["data"]["previous_attributes"] == {"name": "Jenny Rosen"}
    assert event["data"]["object"]["name"] == "Jenny"
    assert event["created"] == held_clock
    goldens.check("event", {**event, "data": {"object": {"id": customer["id"]}, "previous_attributes": {}}})


def test_the_official_client_reads_an_event(api, told):
    customer = api.post("customers", name="Jenny Rosen")
    listed = api.get("events", related_object=customer["id"])
    event = stripe.Event.construct_from(listed["data"][0], "key")
    assert (event.type, event.data.object.id) == ("customer.created", customer["id"])
    assert "previous_attributes" not in event.data


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"type": "customer.created"}, ["customer.created"]),
        ({"type": "customer.*"}, ["customer.tax_id.created", "customer.created"]),
        ({"types": ["product.created", "customer.created"]}, ["product.created", "customer.created"]),
        ({"created": {"gt": 4102444800}}, []),
        ({"delivery_success": False}, []),
        ({"delivery_success": True, "limit": 1}, ["product.created"]),
    ],
)
def test_events_are_filtered(api, make, filters, expected):
    customer = make.customer()
    api.post(f"customers/{customer.id}/tax_ids", type="eu_vat", value="DE123456789")
    make.product()
    assert [event["type"] for event in api.get("events", **filters)["data"]] == expected


def test_type_and_types_exclude_each_other(api):
    assert api.error("GET", "events", type="a", types=["b"])["param"] == "type"


def test_events_are_kept_for_30_days_and_the_log_for_ever(api, make, database, told, audited):
    make.customer()
    logged, later = len(audited()), clock.now() + 30 * clock.DAY + 1
    with clock.hold_at(later):
        assert api.get("events")["data"] == []
    with database.writing() as db:
        assert events.prune(db, now=later) > 0
    assert (len(told()), len(audited())) == (0, logged)


def test_another_mode_sees_nothing(app, api, merchant, make):
    make.customer()
    api.key = merchant.live_key
    assert {event["livemode"] for event in api.get("events")["data"]} == {True}


def test_the_operator_reads_the_log(database, merchant, api, make):
    customer = make.customer()
    api.post(f"customers/{customer.id}", email="new@example.com")
    asked = ["--account", merchant.account.id, "--customer", customer.id]
    lines = CliRunner().invoke(audit.show_audit, asked, obj=lambda: database).output.splitlines()
    assert "customer.updated" in lines[-1]
    assert lines[-1].endswith("(email)")
    printed = CliRunner().invoke(audit.show_audit, [*asked, "--json", "--limit", "1"], obj=lambda: database).output
    assert json.loads(printed)["after"] == {"email": "n•••@example.com"}
