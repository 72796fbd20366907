"""All figures, in the order of the page."""

from __future__ import annotations

from tests.long_look import backups, held_by_tests, kills, made_up_requests, soak
from tests.long_look.figures import Figure

MODULES = (backups, held_by_tests, kills, made_up_requests, soak)
FIGURES: list[Figure] = sorted(
    [each for module in MODULES for each in module.FIGURES],
    key=lambda each: (each.id[0], int(each.id[1:])),
)
