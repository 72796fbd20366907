"""When a change of plan is put off to the period's end."""

from __future__ import annotations

from typing import Any

import pytest

from portal.rules.plan_changes import Terms, waits

MONTH, YEAR = Terms(2000, "month", 1), Terms(20000, "year", 1)


def conditions(*types: str) -> dict[str, Any]:
    return {"conditions": [{"type": type} for type in types]}


@pytest.mark.parametrize(
    ("types", "before", "after", "expected"),
    [
        ((), MONTH, Terms(1, "day", 1), False),
        (("decreasing_item_amount",), MONTH, Terms(1999, "month", 1), True),
        (("decreasing_item_amount",), MONTH, MONTH, False),
        (("decreasing_item_amount",), MONTH, YEAR, False),
        (("shortening_interval",), YEAR, MONTH, True),
        (("shortening_interval",), Terms(1, "month", 12), YEAR, False),
        (("shortening_interval",), Terms(1, "month", 3), Terms(1, "month", 2), True),
        (("shortening_interval", "decreasing_item_amount"), YEAR, Terms(1, "year", 1), True),
    ],
)
def test_any_condition_of_the_configuration_suffices(
    types: tuple[str, ...], before: Terms, after: Terms, expected: bool
) -> None:
    assert waits(conditions(*types), before, after) is expected
