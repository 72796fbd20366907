"""Prorations: what the rest of a period is worth, to the second."""

from __future__ import annotations

import random

import pytest

from portal.rules.proration import amount_between, amount_within, remaining_amount

DAY = 86400


@pytest.mark.parametrize(
    ("amount", "now", "left"),
    [
        (3000, 0, 3000),
        (3000, 15 * DAY, 1500),
        (3000, 30 * DAY, 0),
        (3000, 31 * DAY, 0),
        (3000, -DAY, 3000),
        (1, 15 * DAY, 1),
        (1, 15 * DAY + 1, 0),
        (-1, 15 * DAY, -1),
    ],
)
def test_the_rest_of_thirty_days(amount: int, now: int, left: int) -> None:
    assert remaining_amount(amount, 0, 30 * DAY, now) == left


def test_one_second_counts() -> None:
    assert remaining_amount(30 * DAY, 0, 30 * DAY, 1) == 30 * DAY - 1


def test_no_period_has_no_rest() -> None:
    assert remaining_amount(1000, 5, 5, 5) == 0


def test_the_rest_never_grows_with_time() -> None:
    chance = random.Random(5)
    for _ in range(2000):
        amount, length = chance.randint(0, 10**12), chance.randint(1, 3 * 366 * DAY)
        early, late = sorted(chance.randint(0, length) for _ in range(2))
        assert amount >= remaining_amount(amount, 0, length, early) >= remaining_amount(amount, 0, length, late) >= 0


FIRST_OF_JANUARY = 1767225600  # 2026


@pytest.mark.parametrize(
    ("start", "stop", "worth"),
    [
        (-31 * DAY, 0, 3100),  # December
        (-61 * DAY, 0, 6200),  # and November
        (-10 * DAY, 0, 1000),
        (-31 * DAY, -10 * DAY, 2100),
        (-46 * DAY, -31 * DAY, 1550),
        (0, 0, 0),
    ],
)
def test_time_before_an_anchor_is_counted_in_its_periods(start: int, stop: int, worth: int) -> None:
    anchor = FIRST_OF_JANUARY
    assert amount_between(3100, anchor, "month", 1, anchor + start, anchor + stop) == worth


@pytest.mark.parametrize(
    ("whole", "start", "stop", "worth"),
    [
        ((0, 30 * DAY), 5 * DAY, 20 * DAY, 1500),
        ((0, 30 * DAY), 0, 30 * DAY, 3000),
        ((0, 30 * DAY), 20 * DAY, 5 * DAY, 0),
        ((DAY, DAY), DAY, DAY, 0),
    ],
)
def test_a_part_of_a_period(whole: tuple[int, int], start: int, stop: int, worth: int) -> None:
    assert amount_within(3000, whole, start, stop) == worth
