"""The plans to choose from, grouped by billing interval; one group is shown at a time."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import request
from flask_babel import gettext as _
from flask_babel import ngettext

from portal.billing.customer_portal.plan_choices import PlanChoice
from portal.hosted.changeable_plan import ChangeablePlan
from portal.models import Price


@dataclass(frozen=True)
class IntervalGroup:
    """A group of plans with the same billing interval."""

    key: str
    name: str
    chosen: bool


def interval_name(interval: tuple[str, int]) -> str:
    """The name of a billing interval, which is the name of a group of plans."""
    name, count = interval
    if count == 1:
        return str({"day": _("Daily"), "week": _("Weekly"), "month": _("Monthly"), "year": _("Yearly")}[name])
    words = {
        "day": lambda: ngettext("Every day", "Every %(num)d days", count),
        "week": lambda: ngettext("Every week", "Every %(num)d weeks", count),
        "month": lambda: ngettext("Every month", "Every %(num)d months", count),
        "year": lambda: ngettext("Every year", "Every %(num)d years", count),
    }
    return str(words[name]())


def interval_groups(plan: ChangeablePlan) -> list[IntervalGroup]:
    """The groups, the shortest interval first; the one that the URL asks for is chosen, else the present plan's."""
    found = dict.fromkeys(_interval_of_price(each.price) for each in plan.choices)
    asked = request.args.get("interval")
    keys = {f"{count}-{name}": (name, count) for name, count in sorted(found, key=_length_in_days)}
    chosen = asked if asked in keys else f"{plan.sold.price.interval_count}-{plan.sold.price.interval}"
    return [IntervalGroup(key, interval_name(interval), key == chosen) for key, interval in keys.items()]


def visible_choices(plan: ChangeablePlan, intervals: Sequence[IntervalGroup]) -> list[PlanChoice]:
    """The plans of the chosen group."""
    chosen = next(each.key for each in intervals if each.chosen)
    return [each for each in plan.choices if f"{each.price.interval_count}-{each.price.interval}" == chosen]


def _interval_of_price(price: Price) -> tuple[str, int]:
    return price.interval or "month", price.interval_count or 1


def _length_in_days(interval: tuple[str, int]) -> int:
    return {"day": 1, "week": 7, "month": 30, "year": 365}[interval[0]] * interval[1]
