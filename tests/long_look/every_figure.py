"""All figures, in the order of the page."""

from __future__ import annotations

from tests.long_look import kills
from tests.long_look.figures import Figure

FIGURES: list[Figure] = sorted(
    [each for module in (kills,) for each in module.FIGURES],
    key=lambda each: (each.id[0], int(each.id[1:])),
)
