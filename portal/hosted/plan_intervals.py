"""The plans to choose from, grouped by billing interval; one group is shown at a time."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import request
from flask_babel import gettext as _
from flask_babel import ngettext

from portal.billing.customer_portal.plan_choices import PlanChoice
from portal.hosted.changeable_plan import ChangeablePlan
from portal.models import Price
from portal.rules.money import multiply_price

_MONTHS = {"month": 1, "year": 12}


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
        "day": lambda: ngettext("Every %(num)d day", "Every %(num)d days", count),
        "week": lambda: ngettext("Every %(num)d week", "Every %(num)d weeks", count),
        "month": lambda: ngettext("Every %(num)d month", "Every %(num)d months", count),
        "year": lambda: ngettext("Every %(num)d year", "Every %(num)d years", count),
    }
    return str(words[name]())


def interval_groups(plan: ChangeablePlan) -> list[IntervalGroup]:
    """The groups, the shortest interval first; the one that the URL asks for is chosen, else the present plan's."""
    found = dict.fromkeys(_interval_of_price(each.price) for each in plan.choices)
    asked = request.args.get("interval")
    keys = {f"{count}-{name}": (name, count) for name, count in sorted(found, key=_length_in_days)}
    chosen = asked if asked in keys else _key(plan.sold.price)
    return [IntervalGroup(key, interval_name(interval), key == chosen) for key, interval in keys.items()]


def visible_choices(plan: ChangeablePlan, intervals: Sequence[IntervalGroup]) -> list[PlanChoice]:
    """The plans of the chosen group."""
    chosen = next(each.key for each in intervals if each.chosen)
    return [each for each in plan.choices if _key(each.price) == chosen]


def first_price(plan: ChangeablePlan, key: str) -> Price:
    """A price of the group with this key; the present one where there is none."""
    return next((each.price for each in plan.choices if _key(each.price) == key), plan.sold.price)


def held_up_intervals(plan: ChangeablePlan) -> list[tuple[str, list[str]]]:
    """Intervals that can't be had with what is beside the plan: the name of each, and of the products in its way."""
    possible = {_key(each.price) for each in plan.choices}
    found = {_key(each.price): each for each in plan.held_up if _key(each.price) not in possible}
    ordered = sorted(found.values(), key=lambda each: _length_in_days(_interval_of_price(each.price)))
    return [
        (interval_name(_interval_of_price(each.price)), [product.name for product in each.held_up_by])
        for each in ordered
    ]


def preselected_price(plan: ChangeablePlan, shown: Sequence[PlanChoice]) -> str | None:
    """The price to begin with: what the URL asks for, else the present one; in another group, that of the same plan."""
    asked = next((each for each in plan.choices if each.price.id == request.args.get("price")), plan.current)
    same = [each.price.id for each in shown if each.product.id == asked.product.id]
    return asked.price.id if asked.price.id in same else next(iter(same), None)


def period_savings(plan: ChangeablePlan, shown: Sequence[PlanChoice], quantity: int) -> dict[str, int]:
    """What a plan costs less in a period than the same plan paid by its shortest interval, by price id.

    Only where it can be said exactly, which is between months and years; minor units.
    """
    savings = {}
    for each in shown:
        others = (other for other in plan.choices if other.product.id == each.product.id)
        shorter = sorted((other.price for other in others if _months(other.price)), key=lambda price: _months(price))
        times, rest = divmod(_months(each.price), _months(shorter[0])) if shorter else (0, 0)
        if times > 1 and not rest:
            dearer, cheaper = (
                multiply_price(price.unit_amount_decimal, quantity) for price in (shorter[0], each.price)
            )
            savings[each.price.id] = max(0, dearer * times - cheaper)
    return savings


def _months(price: Price) -> int:
    """The months of a billing interval; 0 where it has other days than months have."""
    name, count = _interval_of_price(price)
    return _MONTHS.get(name, 0) * count


def _key(price: Price) -> str:
    name, count = _interval_of_price(price)
    return f"{count}-{name}"


def _interval_of_price(price: Price) -> tuple[str, int]:
    return price.interval or "month", price.interval_count or 1


def _length_in_days(interval: tuple[str, int]) -> int:
    return {"day": 1, "week": 7, "month": 30, "year": 365}[interval[0]] * interval[1]
