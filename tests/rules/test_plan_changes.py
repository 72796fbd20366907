"""When a change of plan is put off to the period's end."""

from __future__ import annotations

from typing import Any

import pytest

from portal.rules.plan_changes import PriceTerms, waits_for_period_end

MONTH, YEAR = PriceTerms(2000, "month", 1), PriceTerms(20000, "year", 1)


def conditions(*types: str) -> dict[str, Any]:
    return {"conditions": [{"type": type} for type in types]}


@pytest.mark.parametrize(
    ("types", "before", "after", "expected"),
    [
        ((), MONTH, PriceTerms(1, "day", 1), False),
        (("decreasing_item_amount",), MONTH, PriceTerms(1999, "month", 1), True),
        (("decreasing_item_amount",), MONTH, MONTH, False),
        (("decreasing_item_amount",), MONTH, YEAR, False),
        (("shortening_interval",), YEAR, MONTH, True),
        (("shortening_interval",), PriceTerms(1, "month", 12), YEAR, False),
        (("shortening_interval",), PriceTerms(1, "month", 3), PriceTerms(1, "month", 2), True),
        (("shortening_interval", "decreasing_item_amount"), YEAR, PriceTerms(1, "year", 1), True),
    ],
)
def test_any_condition_of_the_configuration_suffices(
    types: tuple[str, ...], before: PriceTerms, after: PriceTerms, expected: bool
) -> None:
    assert waits_for_period_end(conditions(*types), before, after) is expected
