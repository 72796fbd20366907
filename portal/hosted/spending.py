"""Spending by month: a chart for each currency, and beside it its table with the same figures."""

from dataclasses import dataclass
from datetime import date

from babel.dates import format_skeleton
from flask import Blueprint, render_template

from portal import zones
from portal.billing.customer_portal.monthly_sums import MonthlySums, list_monthly_sums
from portal.hosted import languages
from portal.hosted.page import PageResponse, page
from portal.hosted.visits import Visit
from portal.rules import permissions
from portal.web.services import read_connection

blueprint = Blueprint("spending", __name__, url_prefix="/p")

#: The height of the chart, and the width of a month with its gap, in units of the drawing.
HEIGHT, STEP, WIDTH = 120, 30, 20


@dataclass(frozen=True)
class Bar:
    """A month in the chart: where its bar begins from above, how high it is, and its name, short and in full."""

    name: str
    short_name: str
    amount: int
    top: float
    height: float


@page(blueprint, "/spending", allows=permissions.may_see_spending)
def months(visit: Visit) -> PageResponse:
    """What this month and the eleven before came to."""
    today = zones.day_of(visit.now, languages.zone())
    found = list_monthly_sums(read_connection(), visit.scope.tenant_id, visit.customer_id, today)
    charts = [(each, _draw_bars(each)) for each in found]
    return render_template("hosted/spending.html", charts=charts, height=HEIGHT, step=STEP, width=WIDTH)


def _draw_bars(sums: MonthlySums) -> list[Bar]:
    """Bars from the line of nothing: upwards, and downwards for a month in which more was credited than billed."""
    amounts = [amount for _month, amount in sums.months]
    highest, lowest = max(0, *amounts), min(0, *amounts)
    scale = HEIGHT / ((highest - lowest) or 1)
    return [
        Bar(
            name=_name_month(month, "yMMMM"),
            short_name=_name_month(month, "MMM"),
            amount=amount,
            top=round((highest - max(0, amount)) * scale, 2),
            height=round(abs(amount) * scale, 2),
        )
        for month, amount in sums.months
    ]


def _name_month(month: date, skeleton: str) -> str:
    return format_skeleton(skeleton, month, locale=languages.locale(), fuzzy=True)
