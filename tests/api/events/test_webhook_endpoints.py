"""Webhook endpoints as the official client drives them, and what waits for them."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from portal import clock
from portal.billing.accounts.new_accounts import NewAccount
from portal.billing.events import events, webhook_endpoints
from portal.db import Database, Scope
from portal.models import AuditEntry
from tests import official
from tests.clients import Api
from tests.factories import Factories

URL = "https://example.com/hooks"


def test_the_official_client_makes_changes_and_deletes_one(app: Flask, merchant: NewAccount) -> None:
    hooks = official.client(app, merchant.test_key).v1.webhook_endpoints
    made = hooks.create({"url": URL, "enabled_events": ["invoice.paid"], "description": "Books"})
    assert (made.secret or "").startswith("whsec_")
    changed = hooks.update(made.id, {"enabled_events": ["*"], "disabled": True, "metadata": {"a": "b"}})
    assert (changed.status, changed.enabled_events, changed.secret) == ("disabled", ["*"], None)
    assert hooks.retrieve(made.id).metadata["a"] == "b"
    assert [each.id for each in hooks.list().data] == [made.id]
    assert hooks.delete(made.id).deleted
    assert hooks.list().data == []


@pytest.mark.parametrize(
    ("sent", "param", "words"),
    [
        ({"url": "http://example.com"}, "url", "use https"),
        ({"url": "ftp://example.com"}, "url", "https"),
        ({"url": "https://user@example.com"}, "url", "user name"),
        ({"enabled_events": [""]}, "enabled_events[0]", "empty"),
        ({"enabled_events": ""}, "enabled_events", "at least one"),
        ({"enabled_events": ["custmer.created"]}, "enabled_events[0]", "customer.created"),
        ({"api_version": "newest"}, "api_version", "2026"),
        ({"connect": True}, "connect", "connected"),
    ],
)
def test_what_is_wrong_is_named(api: Api, sent: dict[str, Any], param: str, words: str) -> None:
    error = api.error("POST", "webhook_endpoints", **{"url": URL, "enabled_events": ["*"], **sent})
    assert error["param"] == param
    assert words in error["message"]


def test_this_machine_is_reached_by_http_where_the_settings_say_so(api: Api) -> None:
    assert api.post("webhook_endpoints", url="http://127.0.0.1:4242/", enabled_events=["*"])["status"] == "enabled"


def test_there_are_sixteen_at_most(api: Api) -> None:
    for _ in range(webhook_endpoints.MOST_ENDPOINTS):
        endpoint(api)
    assert "16" in api.error("POST", "webhook_endpoints", url=URL, enabled_events=["*"])["message"]


def test_only_who_wants_an_event_waits_for_it(api: Api, make: Factories) -> None:
    paid, every = endpoint(api, "invoice.paid"), endpoint(api)
    make.customer()
    (event,) = api.get("events", delivery_success=False)["data"]
    assert event["pending_webhooks"] == 1
    assert [each["webhook_endpoint"] for each in deliveries(api, f"events/{event['id']}")] == [every["id"]]
    assert deliveries(api, f"webhook_endpoints/{paid['id']}") == []


def test_without_its_endpoint_an_event_waits_no_longer(api: Api, make: Factories) -> None:
    gone = endpoint(api)
    make.customer()
    api.delete(f"webhook_endpoints/{gone['id']}")
    assert api.get("events", delivery_success=False)["data"] == []


def test_a_secret_is_rolled_with_an_overlap(api: Api, held_clock: int) -> None:
    made = endpoint(api)
    path = f"webhook_endpoints/{made['id']}"
    rolled = api.post(f"{path}/roll_secret", expires_at=held_clock + 60)
    assert rolled["secret"] != made["secret"]
    assert api.get(path)["previous_secret_expires_at"] == held_clock + 60
    assert api.post(f"{path}/roll_secret")["previous_secret_expires_at"] == held_clock + clock.DAY
    assert api.post(f"{path}/roll_secret", expires_at="now")["previous_secret_expires_at"] is None
    assert api.error("POST", f"{path}/roll_secret", expires_at=held_clock - 1)["param"] == "expires_at"


def test_the_log_holds_no_secret(api: Api, database: Database, scope: Scope) -> None:
    made = endpoint(api)
    rolled = api.post(f"webhook_endpoints/{made['id']}/roll_secret")
    with database.reading(scope) as db:
        entries = db.query(AuditEntry).filter(AuditEntry.object_id == made["id"]).all()
    words = str([(each.action, each.before, each.after) for each in entries])
    assert [each.action for each in entries] == ["webhook_endpoint.created", "webhook_endpoint.updated"]
    assert made["secret"] not in words
    assert rolled["secret"] not in words


def test_deliveries_go_with_their_events(api: Api, make: Factories, database: Database) -> None:
    kept = endpoint(api)
    make.customer()
    with clock.hold_at(clock.now() + events.KEPT_FOR + 1), database.writing() as db:
        assert events.prune(db, now=clock.now()) >= 1
    assert deliveries(api, f"webhook_endpoints/{kept['id']}") == []


def test_a_range_is_sent_to_an_endpoint_that_came_later(api: Api, make: Factories) -> None:
    make.customer()
    late = endpoint(api, "customer.created")
    path = f"webhook_endpoints/{late['id']}"
    api.post(f"{path}/replay", created={"gt": clock.now() + 60})
    assert deliveries(api, path) == []
    for _ in range(2):
        api.post(f"{path}/replay", delivery_success=False)
        assert [each["event_type"] for each in deliveries(api, path)] == ["customer.created"]
    assert api.get("events")["data"][0]["pending_webhooks"] == 1


def test_an_event_that_nobody_wants_is_not_sent_again(api: Api, make: Factories) -> None:
    make.customer()
    event = api.get("events")["data"][0]["id"]
    assert "No enabled webhook endpoint" in api.error("POST", f"events/{event}/retry")["message"]
    named = endpoint(api, "invoice.paid")["id"]
    assert api.post(f"events/{event}/retry", webhook_endpoint=named)["pending_webhooks"] == 1


def endpoint(api: Api, *types: str) -> Any:
    return api.post("webhook_endpoints", url=URL, enabled_events=list(types or ("*",)))


def deliveries(api: Api, path: str) -> Any:
    return api.get(f"{path}/deliveries")["data"]
