"""Calendar days in time zones, by rules of which every machine has the same."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from pathlib import Path

import pytest

from portal import clock, zones


def moment(text: str) -> int:
    """The epoch seconds of a time in UTC."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("at", "zone", "day"),
    [
        ("2025-12-31 23:30", "Etc/UTC", date(2025, 12, 31)),
        ("2025-12-31 23:30", "Europe/Berlin", date(2026, 1, 1)),
        ("2026-01-01 04:59", "America/New_York", date(2025, 12, 31)),
        ("2026-01-01 05:00", "America/New_York", date(2026, 1, 1)),
        # half an hour, a quarter
        ("2025-12-31 18:29", "Asia/Kolkata", date(2025, 12, 31)),
        ("2025-12-31 18:30", "Asia/Kolkata", date(2026, 1, 1)),
        ("2025-12-31 18:14", "Asia/Kathmandu", date(2025, 12, 31)),
        ("2025-12-31 18:15", "Asia/Kathmandu", date(2026, 1, 1)),
        # the days on which clocks change have 23 and 25 hours
        ("2026-03-28 23:00", "Europe/Berlin", date(2026, 3, 29)),
        ("2026-03-29 21:59", "Europe/Berlin", date(2026, 3, 29)),
        ("2026-03-29 22:00", "Europe/Berlin", date(2026, 3, 30)),
        ("2026-10-24 22:00", "Europe/Berlin", date(2026, 10, 25)),
        ("2026-10-25 22:59", "Europe/Berlin", date(2026, 10, 25)),
        ("2026-10-25 23:00", "Europe/Berlin", date(2026, 10, 26)),
        # by half an hour
        ("2026-04-04 13:29", "Australia/Lord_Howe", date(2026, 4, 5)),
        ("2026-04-05 13:29", "Australia/Lord_Howe", date(2026, 4, 5)),
        ("2026-04-05 13:30", "Australia/Lord_Howe", date(2026, 4, 6)),
        # the furthest from each other
        ("2026-01-01 11:59", "Etc/GMT+12", date(2025, 12, 31)),
        ("2025-12-31 10:00", "Pacific/Kiritimati", date(2026, 1, 1)),
        # from tzdata 2026b on it has no winter time any more, which older copies of a system don't know
        ("2027-01-15 07:30", "America/Vancouver", date(2027, 1, 15)),
    ],
)
def test_a_moment_has_its_day_in_a_zone(at: str, zone: str, day: date) -> None:
    assert zones.day_of(moment(at), zone) == day


@pytest.mark.parametrize("zone", ["Etc/UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "America/Havana"])
def test_a_day_starts_with_its_first_second(zone: str) -> None:
    for day in (date(2026, 1, 1) + timedelta(days=passed) for passed in range(365)):
        start = zones.start_of_day(day, zone)
        assert (zones.day_of(start, zone), zones.day_of(start - 1, zone)) == (day, day - timedelta(days=1))


def test_the_ends_of_the_calendar_have_days_too() -> None:
    last = moment("9999-12-31 23:59")
    assert zones.day_of(last, "Europe/Berlin") == zones.day_of(2**53, "Etc/UTC") == date(9999, 12, 31)
    assert zones.day_of(0, "America/New_York") == date(1969, 12, 31)
    assert zones.day_of(-(2**53), "Etc/UTC") == date.min


def test_every_name_has_rules() -> None:
    assert {zones.day_of(clock.DAY * 20000 + 12 * clock.HOUR, name) for name in zones.list_names()} <= {
        date(2024, 10, 4),
        date(2024, 10, 5),
    }


def test_a_name_that_is_none_counts_as_utc() -> None:
    assert zones.day_of(moment("2025-12-31 23:30"), "../Europe/Berlin") == date(2025, 12, 31)


def test_the_rules_of_the_system_are_not_asked(tmp_path: Path) -> None:
    """Here the system has Berlin in UTC."""
    wrong = tmp_path / "Europe" / "Berlin"
    wrong.parent.mkdir()
    wrong.write_bytes((files("tzdata") / "zoneinfo" / "Etc" / "UTC").read_bytes())
    program = (
        "import datetime, zoneinfo; from portal import zones; at = 1767223800;"
        "system = datetime.datetime.fromtimestamp(at, zoneinfo.ZoneInfo('Europe/Berlin'));"
        "print(system.date(), zones.day_of(at, 'Europe/Berlin'))"
    )
    environment = {**os.environ, "PYTHONTZPATH": str(tmp_path)}
    told = subprocess.run([sys.executable, "-c", program], env=environment, check=True, capture_output=True, text=True)
    assert told.stdout == "2025-12-31 2026-01-01\n"
