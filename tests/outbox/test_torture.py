"""The short form of `python -m bench.torture`."""

from __future__ import annotations

from bench import torture
from tests.outbox.conftest import Hooks


def test_a_day_without_a_receiver_and_killed_workers_lose_nothing(hooks: Hooks) -> None:
    site = torture.Site(hooks.services, hooks.environment, hooks.make)
    told = torture.outage(site, events=60, kills=2)
    assert told["tried while down"] > 60
    assert told["sent by those killed"] > 0
    assert (told["events"], told["arrived"], told["order breaks"], told["still waiting"]) == (60, 60, 0, 0)


def test_one_of_several_receivers_hangs_and_the_others_hear_at_once(hooks: Hooks) -> None:
    site = torture.Site(hooks.services, hooks.environment, hooks.make)
    assert torture.hanging(site, receivers=5, events=10) < 5
