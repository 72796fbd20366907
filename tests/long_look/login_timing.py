"""S11: whether a login page knows an address can't be told by its answers, nor by how long they take."""

from __future__ import annotations

from tests.long_look.figures import Figure, Outcome, Run
from tests.long_look.held_by_tests import run_tests

PAIRS = 2000


def measure(run: Run) -> Outcome:
    """Known and unknown addresses by chance, on as many networks and merchants as limits ask for."""
    pairs = run.count or PAIRS
    told = run_tests(run, ["tests/torture/test_login_answers.py"], "", "--torture", LOOK_REQUESTS=str(pairs * 2))
    return Outcome({"pairs": pairs, **told.did}, told.wrong)


FIGURES = [
    Figure(
        "S11",
        "A login page answers known and unknown addresses with the same bytes, and a classifier of their times is right"
        " in 50 ± 3 % of the cases.",
        {"pairs": PAIRS},
        measure,
    )
]
