"""Calendar days in a merchant's time zone: the only way in which a moment becomes a date that people read.

The rules of the zones are those of the `tzdata` package, whose version the lock file names. `zoneinfo` alone would
prefer the system's copy, which may be years old, so that two machines would date one document differently.
"""

from collections.abc import Mapping
from datetime import date, datetime
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

DEFAULT = "Etc/UTC"

_DATA = files("tzdata")
#: In the list of names, but for machines whose zone nobody has set.
_NO_PLACES = frozenset({"Factory"})


@cache
def list_names() -> frozenset[str]:
    """Every name of the IANA database, older ones such as `Asia/Calcutta` too."""
    return frozenset((_DATA / "zones").read_text().split()) - _NO_PLACES


def of_account(settings: Mapping[str, Any]) -> str:
    """The time zone of an account with these settings."""
    return settings.get("dashboard", {}).get("timezone") or DEFAULT


def of_document(frozen_seller: Mapping[str, Any] | None) -> str:
    """The time zone that was frozen with a document; UTC for those from before accounts had one."""
    return (frozen_seller or {}).get("timezone") or DEFAULT


def day_of(moment: int, zone: str) -> date:
    """The calendar day of a moment, in epoch seconds, in a zone by its name; an unknown one counts as UTC.

    What lies outside of the calendar, such as the last night of 9999 to the east of Greenwich, is its nearest day.
    """
    try:
        return datetime.fromtimestamp(moment, _load_zone(zone)).date()
    except (OverflowError, ValueError):
        return date.max if moment > 0 else date.min


def moment_in(moment: int, zone: str) -> datetime:
    """A moment, in epoch seconds, as a clock in a zone shows it."""
    return datetime.fromtimestamp(moment, _load_zone(zone))


def start_of_day(day: date, zone: str) -> int:
    """The first moment of a calendar day, in epoch seconds."""
    return int(datetime(day.year, day.month, day.day, tzinfo=_load_zone(zone)).timestamp())


@lru_cache(maxsize=1024)
def _load_zone(name: str) -> ZoneInfo:
    # an import may bring documents with anything as their zone
    known = name if name in list_names() else DEFAULT
    with (_DATA / "zoneinfo").joinpath(known).open("rb") as file:
        return ZoneInfo.from_file(file, key=known)
