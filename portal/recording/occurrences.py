"""What a change of one object comes to: its events and its audit entry, found by comparing before with after."""

from collections.abc import Mapping
from typing import Any

from portal.objects import catalogue
from portal.recording.changes import ObjectChange, ObjectKey, Occurrence
from portal.rules import events as event_rules
from portal.rules.masking import mask_value, masked_summary

Wire = Mapping[str, Any]


def build_occurrences(
    key: ObjectKey, before: Wire | None, after: Wire | None, change: ObjectChange, *, known: bool
) -> list[Occurrence]:
    """The occurrences of one object; empty where nothing visible changed."""
    type = key[1]
    object = after or before
    if object is None:
        return []
    previous = event_rules.previous_attributes(before, after) if before and after else None
    stamps = event_rules.types_of_columns(type, object, change.columns)
    if previous is not None and not previous.keys() - _SILENT_KEYS and not stamps:
        return []
    events = event_rules.types_of_change(type, before, after, known=known) + stamps
    shown = _masked_values(before, after, previous)
    own = Occurrence(key, events, _audit_action(type, events, before, after), object, previous, *shown)
    return [own, *_plan_occurrences(key, before, after, known)]


#: Keys whose change alone is nothing to tell.
_SILENT_KEYS = frozenset({"last_seen_at", "next_invoice_sequence"})


def _audit_action(type: str, events: list[str], before: Wire | None, after: Wire | None) -> str:
    """The audit log's single word for a change: the specific event rather than `updated`."""
    telling = [each for each in events if not each.endswith(".updated")] or events
    if telling:
        return telling[0]
    return f"{type}.{'created' if before is None else 'deleted' if after is None else 'updated'}"


def _masked_values(before: Wire | None, after: Wire | None, previous: Wire | None) -> tuple[Wire | None, Wire | None]:
    if after is None or previous is None:
        return (masked_summary(before) if before else None), (masked_summary(after) if after else None)
    return mask_value(previous), mask_value(event_rules.current_attributes(after, previous))


def _plan_occurrences(key: ObjectKey, before: Wire | None, after: Wire | None, known: bool) -> list[Occurrence]:
    """A recurring price is also recorded as the plan of the older wire."""
    if key[1] != "price" or not (after or before or {}).get("recurring"):
        return []
    was, is_now = (catalogue.plan_from_price(each) if each else None for each in (before, after))
    previous = event_rules.previous_attributes(was, is_now) if was and is_now else None
    if previous == {}:
        return []
    events = event_rules.types_of_change("plan", was, is_now, known=known)
    return [Occurrence((key[0], "plan", key[2]), events, "", is_now or was or {}, previous)]
