"""Decides which changes of a plan its customer may make, by the rules of a configuration and by its metadata."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from portal import clock, zones
from portal.rules import periods
from portal.rules.permissions import QuantityRange
from portal.rules.plan_changes import PriceTerms

ChangeKind = Literal["decreasing_item_amount", "increasing_item_amount", "lengthening_interval", "shortening_interval"]
#: What a commitment forbids.
_SMALLER = frozenset({"decreasing_item_amount", "shortening_interval"})


@dataclass(frozen=True)
class PlanTerms:
    """What a plan is of, and what all of it costs."""

    product_id: str
    price: PriceTerms


@dataclass(frozen=True)
class Refusal:
    """Why a change is not allowed: the kind of change, or a commitment that lasts until the moment `until`."""

    kind: ChangeKind
    until: int | None = None


def find_refusal(
    rules: Mapping[str, Any],
    before: PlanTerms,
    after: PlanTerms,
    as_many: int,
    *,
    committed_until: int | None,
    now: int,
) -> Refusal | None:
    """Why a customer can't make this change; None for one that is allowed.

    `as_many` is what the quantities of before cost at the prices of after, in minor units.
    """
    for kind in _list_kinds(before, after, as_many):
        if kind not in rules["allowed_changes"]:
            return Refusal(kind)
        if kind in _SMALLER and committed_until is not None and now < committed_until:
            return Refusal(kind, committed_until)
    return None


def find_commitment(rules: Mapping[str, Any], start_date: int, metadata: Mapping[str, str], zone: str) -> int | None:
    """The moment at which the commitment of a subscription ends; None without one.

    It lasts so long from the start on, or through the day that the metadata name, whichever is later.
    """
    sent = rules["commitment"]
    if sent is None:
        return None
    ends = []
    if sent["interval"] is not None:
        ends.append(periods.add(start_date, sent["interval"], sent["interval_count"], 1))
    day = _parse_day(metadata.get(sent["metadata"] or "", ""))
    if day is not None:
        ends.append(zones.start_of_day(day, zone) + clock.DAY)
    return max(ends, default=None)


def raise_minimum(
    rules: Mapping[str, Any], quantities: QuantityRange | None, metadata: Mapping[str, str]
) -> QuantityRange | None:
    """The quantities to choose from, without those below the least one of the rules or of the metadata."""
    sent = rules["minimum_quantity"]
    if sent is None or quantities is None:
        return quantities
    named = metadata.get(sent["metadata"] or "", "")
    least = max(quantities.minimum, sent["quantity"] or 0, int(named) if _is_number(named) else 0)
    most = quantities.maximum
    return QuantityRange(least if most is None else min(least, most), most)


def _list_kinds(before: PlanTerms, after: PlanTerms, as_many: int) -> Iterator[ChangeKind]:
    old, new = before.price, after.price
    difference = _compare(before, after, as_many)
    if difference:
        yield "increasing_item_amount" if difference > 0 else "decreasing_item_amount"
    if new.length_in_days != old.length_in_days:
        yield "lengthening_interval" if new.length_in_days > old.length_in_days else "shortening_interval"


def _compare(before: PlanTerms, after: PlanTerms, as_many: int) -> int:
    """Above 0 for more, below for less: the same product by another interval is no more and no less."""
    old, new = before.price, after.price
    if old.length_in_days == new.length_in_days:
        return new.amount - old.amount
    if before.product_id == after.product_id:
        return new.amount - as_many
    return new.amount * old.length_in_days - old.amount * new.length_in_days


def _parse_day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 6
