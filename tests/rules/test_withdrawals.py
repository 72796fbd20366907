"""Until when consumers can withdraw, by Regulation (EEC) 1182/71, and what they have not used."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from portal.rules.withdrawals import unused_amount, withdrawal_end


def moment(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("concluded", "zone", "end"),
    [
        # the day of the conclusion is not counted
        ("2026-11-02T00:00:00", "Etc/UTC", "2026-11-17T00:00:00"),
        ("2026-11-02T23:59:59", "Etc/UTC", "2026-11-17T00:00:00"),
        # 21 November 2026 is a Saturday
        ("2026-11-07T12:00:00", "Etc/UTC", "2026-11-24T00:00:00"),
        # the 25th and 26th of December, and then a Sunday
        ("2026-12-11T12:00:00", "Etc/UTC", "2026-12-29T00:00:00"),
        # the merchant's day, in summer at its start and in winter at its end
        ("2026-10-12T22:30:00", "Europe/Berlin", "2026-10-27T23:00:00"),
    ],
)
def test_the_end_of_the_period(concluded: str, zone: str, end: str) -> None:
    assert withdrawal_end(moment(concluded), 14, zone) == moment(end)


@pytest.mark.parametrize(
    ("now", "left"), [(0, 1000), (50, 1000), (100, 1000), (125, 750), (151, 490), (200, 0), (9999, 0)]
)
def test_what_is_not_used(now: int, left: int) -> None:
    assert unused_amount(1000, 100, 200, now) == left


def test_a_credit_shrinks_as_a_charge_does() -> None:
    assert unused_amount(-1000, 0, 4, 1) == -750
