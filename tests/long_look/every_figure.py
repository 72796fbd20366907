"""All figures, in the order of the page."""

from __future__ import annotations

from tests.long_look import (
    backups,
    clocks,
    code_read,
    crawlers,
    echoes,
    heavy,
    held_by_tests,
    inner_addresses,
    kills,
    links,
    login_timing,
    made_up_requests,
    outages,
    parsers,
    races,
    receivers,
    secrets_marked,
    soak,
    standard,
)
from tests.long_look.figures import Figure

MODULES = (
    backups,
    clocks,
    code_read,
    crawlers,
    echoes,
    heavy,
    held_by_tests,
    inner_addresses,
    kills,
    links,
    login_timing,
    made_up_requests,
    outages,
    parsers,
    races,
    receivers,
    secrets_marked,
    soak,
    standard,
)
FIGURES: list[Figure] = sorted(
    [each for module in MODULES for each in module.FIGURES],
    key=lambda each: (each.id[0], int(each.id[1:])),
)
