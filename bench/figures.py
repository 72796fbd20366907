"""A figure of the table, and how two things are measured against each other."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass

ROUNDS = 3


@dataclass(frozen=True)
class Figure:
    """One row of the table: what was measured, and whether it reaches its goal."""

    name: str
    value: float
    goal: float
    at_least: bool
    unit: str = ""

    @property
    def reached(self) -> bool:
        return self.value >= self.goal if self.at_least else self.value <= self.goal

    def __str__(self) -> str:
        sign = "≥" if self.at_least else "≤"
        verdict = "reached" if self.reached else "MISSED"
        return f"{self.name:<62} {self.value:>9.3f}{self.unit:<3} {sign} {self.goal:<5g}{self.unit:<3} {verdict}"


def interleaved_ratio(measured: Callable[[], float], yardstick: Callable[[], float]) -> float:
    """The median of ratios taken one right after the other; the first round only warms up."""
    ratios = [measured() / yardstick() for _ in range(ROUNDS + 1)]
    return statistics.median(ratios[1:])
