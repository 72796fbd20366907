"""Billing periods follow the calendar and never skip one."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest

from portal.rules import periods


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("anchor", "interval", "count", "steps", "expected"),
    [
        ("2026-01-31T12:00", "month", 1, 1, "2026-02-28T12:00"),
        ("2026-01-31T12:00", "month", 1, 2, "2026-03-31T12:00"),
        ("2024-01-31T12:00", "month", 1, 1, "2024-02-29T12:00"),
        ("2024-02-29T00:00", "year", 1, 1, "2025-02-28T00:00"),
        ("2024-02-29T00:00", "year", 1, 4, "2028-02-29T00:00"),
        ("2026-11-30T23:59", "month", 3, 1, "2027-02-28T23:59"),
        ("2026-03-01T08:00", "week", 2, 3, "2026-04-12T08:00"),
        ("2026-03-01T08:00", "day", 10, 1, "2026-03-11T08:00"),
        ("2026-03-31T08:00", "month", 1, -1, "2026-02-28T08:00"),
    ],
)
def test_steps_follow_the_calendar(anchor: str, interval: str, count: int, steps: int, expected: str) -> None:
    assert periods.add(at(anchor), interval, count, steps) == at(expected)


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ("2026-01-31T12:00", "2026-02-28T12:00"),
        ("2026-02-28T12:00", "2026-03-31T12:00"),
        ("2026-02-28T11:59", "2026-02-28T12:00"),
        ("2036-02-01T00:00", "2036-02-29T12:00"),
    ],
)
def test_a_period_ends_at_the_next_step(start: str, expected: str) -> None:
    assert periods.end_after(at("2026-01-31T12:00"), "month", 1, at(start)) == at(expected)


def test_a_period_never_skips_a_step() -> None:
    chance = random.Random(3)
    for _ in range(1000):
        interval, count = chance.choice(["day", "week", "month", "year"]), chance.randint(1, 5)
        anchor = chance.randint(0, 2**31)
        start = anchor + chance.randint(0, 20 * 366 * 86400)
        end = periods.end_after(anchor, interval, count, start)
        assert end > start
        steps = next(steps for steps in range(8000) if periods.add(anchor, interval, count, steps) == end)
        assert steps == 0 or periods.add(anchor, interval, count, steps - 1) <= start
