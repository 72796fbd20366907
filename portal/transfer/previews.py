"""Bills that a file foretells: previews of the other system, to be compared with those from here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from portal import zones
from portal.transfer.tables import linked_id

Object = Mapping[str, Any]


@dataclass(frozen=True)
class Bill:
    """What a next bill comes to, in minor units; `ends` is the end of the period, None where it isn't told."""

    currency: str
    total: int
    amount_due: int
    lines: int
    ends: int | None = None

    def __str__(self) -> str:
        lines = f"{self.lines} line{'' if self.lines == 1 else 's'}"
        due = "" if self.amount_due == self.total else f", {self.amount_due} due"
        return f"{self.total} {self.currency}{due} ({lines})"

    def with_end(self, zone: str) -> str:
        """The bill in words, with the day on which its period ends in a time zone."""
        return f"{self} until {zones.day_of(self.ends or 0, zone)}"

    def ends_apart(self, other: Bill) -> bool:
        """Whether both tell the end of their period, and it is another one."""
        return None not in (self.ends, other.ends) and self.ends != other.ends

    def agrees(self, other: Bill) -> bool:
        """Whether both are the same bill, however many lines it has."""
        own = (self.currency, self.total, self.amount_due)
        return not self.ends_apart(other) and own == (other.currency, other.total, other.amount_due)


@dataclass
class GivenPreviews:
    """The previews of a file by subscription; `unnamed` counts those that name none."""

    by_subscription: dict[str, Bill] = field(default_factory=dict)
    unnamed: int = 0

    def take(self, object: Any) -> bool:
        """Take an object if it is a preview: an invoice without an id, or with one of something that isn't there."""
        if not isinstance(object, dict) or object.get("object") != "invoice":
            return False
        id = object.get("id")
        if id is not None and not str(id).startswith("upcoming_in"):
            return False
        subscription = _subscription_of(object)
        if subscription is None:
            self.unnamed += 1
        else:
            self.by_subscription[subscription] = bill_of(object)
        return True


def bill_of(preview: Object) -> Bill:
    """A preview of the wire as a bill."""
    lines = preview.get("lines") or {}
    total = preview.get("total") or 0
    return Bill(
        str(preview.get("currency")).lower(),
        total,
        preview.get("amount_due", total),
        lines.get("total_count") or len(lines.get("data") or []),
        preview.get("period_end"),
    )


def _subscription_of(preview: Object) -> Any:
    """The subscription of a preview, in either generation."""
    details = (preview.get("parent") or {}).get("subscription_details") or {}
    return linked_id(preview.get("subscription") or details.get("subscription"))
