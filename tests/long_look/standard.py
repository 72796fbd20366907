"""S17: what holds each requirement of OWASP ASVS 5.0 that applies: a test, a document, or what is shipped.

`asvs.csv` beside this file has a row for each: level, kind (auto, review, deploy, cond, deviate) and what holds it.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.long_look.figures import NEITHER, Figure, Outcome, Run
from tests.long_look.records import TOP

FILE = Path(__file__).parent / "asvs.csv"


@dataclass(frozen=True)
class Requirement:
    """A requirement and what holds it: a file, or `file::test`."""

    id: str
    level: int
    gist: str
    kind: str
    held_by: str


def read_requirements() -> list[Requirement]:
    """All that apply, in the order of the standard."""
    with FILE.open(encoding="utf-8", newline="") as file:
        rows = [*csv.reader(file)][1:]
    return [Requirement(id, int(level), gist, kind, held_by) for id, level, gist, kind, held_by in rows]


def find_unheld() -> Iterator[str]:
    """Requirements without anything that holds them, and names of what does not exist."""
    for each in read_requirements():
        path, _, test = each.held_by.partition("::")
        if not path and each.level <= 2:
            yield f"{each.id} is held by nothing"
        elif path and not (TOP / path).exists():
            yield f"{each.id} is held by {path}, which does not exist"
        elif test and f"def {test}(" not in (TOP / path).read_text():
            yield f"{each.id} is held by {test}, which does not exist"


def measure(run: Run) -> Outcome:
    """Count what is held."""
    held = [each for each in read_requirements() if each.held_by]
    by_test = [each for each in held if each.held_by.startswith("tests/")]
    counts = {f"of level {level}": len([each for each in held if each.level == level]) for level in (1, 2, 3)}
    return Outcome({"requirements": len(held), "by tests": len(by_test), **counts}, tuple(find_unheld()))


FIGURES = [
    Figure(
        "S17",
        "Every requirement of OWASP ASVS 5.0, levels 1 and 2, that applies is held by a test, a document or what is"
        " shipped; deviations are in SECURITY.md.",
        {"requirements": 226},
        measure,
        databases=NEITHER,
    )
]
