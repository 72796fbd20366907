"""Which parts of an invoice's `amounts_due` are paid, and which are to be paid when.

Entries are those of the wire: `amount` in minor units, `due_date` in epoch seconds, in the order of their dates once
the invoice is finalized. `fell_due` says that an entry's date has come while it was not paid. What was paid, credited
or taken from a balance counts for the oldest first, so that what remains is always that of the last ones.
"""

from collections.abc import Mapping, Sequence
from typing import Any

Entry = Mapping[str, Any]


def remaining_of(entries: Sequence[Entry], remaining: int) -> list[int]:
    """What remains of each entry, where so much remains of all."""
    parts = []
    for entry in reversed(entries):
        parts.append(min(entry["amount"], remaining))
        remaining -= parts[-1]
    return parts[::-1]


def unpaid(entries: Sequence[Entry], remaining: int) -> list[tuple[Entry, int]]:
    """The entries of which something remains, and how much; the oldest first."""
    parts = zip(entries, remaining_of(entries, remaining), strict=True)
    return [(entry, part) for entry, part in parts if part > 0]


def due_by(entries: Sequence[Entry] | None, remaining: int, moment: int) -> int:
    """How much of an invoice is to be paid until a moment: all that remains, where it has no entries."""
    if not entries:
        return remaining
    return sum(part for entry, part in unpaid(entries, remaining) if entry["due_date"] <= moment)


def next_amount(entries: Sequence[Entry], remaining: int) -> int:
    """What is to be paid next: all that has fallen due, else the oldest entry."""
    waiting = unpaid(entries, remaining)
    late = sum(part for entry, part in waiting if entry.get("fell_due"))
    return late or (waiting[0][1] if waiting else 0)


def next_due_date(entries: Sequence[Entry], remaining: int) -> int:
    """The date of the oldest entry that is not paid; of the last one, once all are."""
    waiting = unpaid(entries, remaining)
    due: int = (waiting[0][0] if waiting else entries[-1])["due_date"]
    return due


def falls_due_at(entries: Sequence[Entry], remaining: int) -> int | None:
    """When the next date of an entry comes that is not paid."""
    coming = (entry["due_date"] for entry, _part in unpaid(entries, remaining) if not entry.get("fell_due"))
    return min(coming, default=None)


def has_arrears(entries: Sequence[Entry], remaining: int) -> bool:
    """Whether the date of an entry has come that is not paid."""
    return any(entry.get("fell_due") for entry, _part in unpaid(entries, remaining))


def note_dates(entries: Sequence[Entry], remaining: int, now: int) -> list[dict[str, Any]]:
    """The entries, noting the dates that have come."""
    parts = zip(entries, remaining_of(entries, remaining), strict=True)
    return [{**entry, "fell_due": True} if part and entry["due_date"] <= now else dict(entry) for entry, part in parts]


def note_payments(entries: Sequence[Entry], remaining: int, now: int, *, is_charged: bool) -> list[dict[str, Any]]:
    """The entries, noting which are paid. One that is paid no more falls due again, unless it `is_charged`."""
    noted = []
    for entry, part in zip(entries, remaining_of(entries, remaining), strict=True):
        paid_at = (entry.get("paid_at") or now) if part == 0 else None
        fell_due = bool(entry.get("fell_due")) and (part > 0 or is_charged)
        noted.append({**entry, "fell_due": fell_due, "paid_at": paid_at})
    return noted
