"""The table of mails: every row is whole, and what a change of a subscription says decides."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from portal.outbox.mail_builders import MAIL_BUILDERS
from portal.outbox.previews import SAMPLES
from portal.rules import events, mails

TEMPLATES = Path(__file__).resolve().parents[2] / "templates" / "mails"
PREFIXES = tuple(family.prefix + "." for family in events.FAMILIES.values())


@pytest.mark.parametrize("rule", mails.MAIL_RULES, ids=lambda rule: f"{rule.event} {rule.mail}")
def test_a_row_is_whole(rule: mails.MailRule) -> None:
    assert rule.mail in MAIL_BUILDERS, "outbox.mail_builders does not build it"
    assert rule.mail in SAMPLES, "outbox.previews has no sample of it"
    parts = {file.name for file in (TEMPLATES / rule.mail).glob("*")}
    assert parts == {"subject.txt", "body.jinja"}, "its templates are missing"
    assert rule.event.startswith(PREFIXES), "no object has such an event"
    assert rule.event not in events.PORTAL_EVENTS, "an account can turn the event off, and the mail with it"


def test_every_mail_that_is_queued_has_its_words() -> None:
    assert set(MAIL_BUILDERS) <= {folder.name for folder in TEMPLATES.iterdir() if folder.is_dir()}
    assert set(mails.SWITCH_BY_MAIL) <= set(MAIL_BUILDERS)


def items(*sold: tuple[str, int]) -> list[dict[str, Any]]:
    return [{"price": {"id": price}, "quantity": quantity} for price, quantity in sold]


def caused(previous: dict[str, Any] | None, *, actor: str = "api_key", **now: Any) -> list[mails.CausedMail]:
    """The mails of a subscription of one gold, which was changed to `now`."""
    object = {
        "object": "subscription",
        "id": "sub_1",
        "cancel_at": None,
        "canceled_at": None,
        "ended_at": None,
        "items": {"data": items(("gold", 1))},
        "latest_invoice": "in_1",
        "pending_update": None,
        "status": "active",
        "status_details": None,
        "test_clock": None,
        **now,
    }
    event = {"id": "evt_1", "type": "customer.subscription.updated", "customer_id": "cus_1", "actor": {"type": actor}}
    event |= {"data": object, "previous_attributes": previous}
    return [mail for _, mail in mails.mails_for_events([event])]


@pytest.mark.parametrize(
    ("previous", "now", "mailed"),
    [
        ({"cancel_at": None}, {"cancel_at": 9, "canceled_at": 5}, True),
        ({"cancel_at": 8}, {"cancel_at": 9, "canceled_at": 5}, True),
        ({"cancel_at": 9}, {}, False),
        ({"ended_at": None, "status": "active"}, {"ended_at": 5, "canceled_at": 5}, True),
        ({"ended_at": None, "cancel_at": 9}, {"ended_at": 5, "canceled_at": 5}, True),
        ({"ended_at": None}, {"ended_at": 9, "canceled_at": 5, "cancel_at": 9}, False),
        ({"ended_at": None}, {"ended_at": 5}, False),  # its first invoice was voided
        ({"metadata": {}}, {"cancel_at": 9}, False),
    ],
)
def test_what_is_a_cancellation(previous: dict[str, Any], now: dict[str, Any], mailed: bool) -> None:
    assert [mail.name for mail in caused(previous, **now)] == ["subscription_canceled"] * mailed


PAUSED = {"paused": {"subscription": {"type": "pause_requested"}}}


@pytest.mark.parametrize(
    ("previous", "now", "mailed"),
    [
        ({"status": "active"}, {"status": "paused", "status_details": PAUSED}, [True]),
        ({"status": "paused"}, {"status": "active"}, [False]),
        ({"metadata": {}}, {"status": "paused", "status_details": PAUSED}, []),
        ({"status": "trialing"}, {"status": "paused", "status_details": {"paused": {"subscription": {}}}}, []),
        ({"status": "paused"}, {"status": "canceled"}, []),
        ({"status": "past_due"}, {"status": "active"}, []),
    ],
)
def test_what_is_a_pause(previous: dict[str, Any], now: dict[str, Any], mailed: list[bool]) -> None:
    assert [mail.data["paused"] for mail in caused(previous, **now) if mail.name == "subscription_paused"] == mailed


WAITING = {"subscription_items": items(("silver", 2)), "expires_at": 9}


@pytest.mark.parametrize(
    ("previous", "now", "mailed"),
    [
        ({"items": {"data": items(("silver", 1))}}, {}, True),
        ({"items": {"data": items(("gold", 2))}}, {}, True),
        ({"items": {"data": items(("gold", 1), ("seat", 1))}}, {}, True),
        ({"items": {"data": items(("gold", 1))}}, {}, False),  # another period
        ({"pending_update": None}, {"pending_update": WAITING}, True),
        ({"pending_update": {"expires_at": 8}}, {"pending_update": WAITING}, True),
        ({"metadata": {}}, {"pending_update": WAITING}, False),
        ({"pending_update": WAITING}, {}, False),  # it was not paid
        ({"pending_update": WAITING, "items": {"data": items(("gold", 1))}}, {"items": WAITING}, False),
        ({"pending_update": WAITING, "items": {"data": items(("old", 1))}}, {}, True),
        ({"pending_update": None}, {"pending_update": {"subscription_items": items(("gold", 1))}}, False),
    ],
)
def test_what_is_a_change_of_plan(previous: dict[str, Any], now: dict[str, Any], mailed: bool) -> None:
    if now.get("items") is WAITING:
        now = {"items": {"data": WAITING["subscription_items"]}}
    assert [mail.name for mail in caused(previous, **now)] == ["subscription_changed"] * mailed


def test_a_change_says_what_to_what_and_what_was_billed() -> None:
    (mail,) = caused({"items": {"data": items(("silver", 2))}, "latest_invoice": "in_0"})
    assert (mail.key, mail.customer_id) == ("subscription_changed:sub_1:evt_1", "cus_1")
    assert mail.data == {
        "subscription": "sub_1",
        "before": [{"price": "silver", "quantity": 2}],
        "after": [{"price": "gold", "quantity": 1}],
        "starts_at": None,
        "schedule": None,
        "unpaid": False,
        "billed": "in_1",
    }


@pytest.mark.parametrize("actor", ["worker", "test_clock"])
def test_what_time_brings_was_told_when_it_was_decided(actor: str) -> None:
    assert caused({"items": {"data": items(("silver", 1))}}, actor=actor) == []
    assert caused({"ended_at": None}, actor=actor, ended_at=5, canceled_at=5) == []


def test_both_in_one_change_are_two_mails() -> None:
    found = caused({"items": {"data": items(("silver", 1))}, "cancel_at": None}, cancel_at=9)
    assert [mail.name for mail in found] == ["subscription_canceled", "subscription_changed"]


def test_other_events_cause_none() -> None:
    event = {"id": "evt_1", "type": "customer.created", "customer_id": "cus_1", "data": {}}
    assert mails.mails_for_events([event]) == []
