"""Writes `docs/security.md`: each figure with the command that measures it and the largest run that was recorded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tests.long_look.figures import Figure
from tests.long_look.records import TOP, Piece

PAGE = TOP / "docs" / "security.md"

HEAD = """# Security and reliability, measured

What the portal holds itself to, and what of it was measured. This page is written by `make long-look REPORT=1` from
`tests/long_look/figures.jsonl`, to which each run of `make long-look` adds what it has found.
[SECURITY.md](../SECURITY.md) says how to report a hole.

- Each figure has a command of its own: `make long-look ONLY=R1`. `COUNT=` and `MINUTES=` make a run shorter or longer,
  `DATABASE=` takes one of the two. `make soak` (`HOURS=2`) runs a piece of R12, the load of a day.
- *So far* says how much of the goal the recorded runs have done. Pieces add up where that means something (kills,
  requests, hours); elsewhere the largest run counts. A run that finds something begins the count anew.
- *Result* is that of all runs that are counted: nothing was found wrong, or what was.
- Where a figure names tests, these hold it at each `make test` as well; the command runs them and counts their cases.
"""
NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL", "none": ""}


def write(figures: Sequence[Figure], pieces: Sequence[Piece]) -> str:
    """The page for these pieces, the oldest first."""
    parts = [HEAD]
    for title, letter in (("Security", "S"), ("Reliability", "R")):
        rows = [row for each in figures if each.id.startswith(letter) for row in _rows(each, pieces)]
        parts.append(f"## {title}\n\n| figure | promise | run | so far | result |\n|---|---|---|---|---|")
        parts.append("\n".join(rows) + "\n")
    return "\n".join(parts)


def _rows(figure: Figure, pieces: Sequence[Piece]) -> list[str]:
    own = [each for each in pieces if each.figure == figure.id]
    return [
        _row(figure, database, [each for each in own if each.database == database]) for database in figure.databases
    ]


def _row(figure: Figure, database: str, own: list[Piece]) -> str:
    first = database == figure.databases[0]
    promise = figure.promise + _describe_tests(figure) if first else ""
    on = f" {NAMES[database]}".rstrip()
    counted = find_counted(figure, own)
    cells = [f"{figure.id}{on}", promise, f"`make long-look ONLY={figure.id}`" if first else ""]
    return "| " + " | ".join([*cells, _describe_progress(figure, counted), _describe_result(counted)]) + " |"


def _describe_tests(figure: Figure) -> str:
    return " Tests: " + ", ".join(f"`{each}`" for each in figure.tests) if figure.tests else ""


def find_counted(figure: Figure, own: Sequence[Piece]) -> list[Piece]:
    """The pieces that count: all since the last that found something, or the largest of these; else that one."""
    since: list[Piece] = []
    for each in own:
        since = [*since, each] if each.holds else []
    if not since:
        return list(own[-1:])
    if figure.adds_up:
        return since
    key = next(iter(figure.goal), "")
    return [max(since, key=lambda each: (each.did.get(key, 0), each.date))]


def sum_counts(pieces: Sequence[Piece]) -> dict[str, float]:
    """Counts of pieces together; of a measure with a unit, such as `p99 ms`, the most."""
    sums: Counter[str] = Counter()
    for piece in pieces:
        for name, value in piece.did.items():
            sums[name] = max(sums[name], value) if is_measure(name) else sums[name] + value
    return dict(sums)


def is_measure(name: str) -> bool:
    """Whether a number is one of its run alone, and no count of what was done."""
    return name.rpartition(" ")[2] in {"ms", "s", "MiB", "%"}


def _describe_progress(figure: Figure, counted: Sequence[Piece]) -> str:
    if not counted:
        return "no run yet"
    sums = sum_counts(counted)
    short = [f"{_number(sums.get(name, 0))} of {_number(full)} {name}" for name, full in figure.goal.items()]
    others = {name: value for name, value in sums.items() if name not in figure.goal}
    parts = [*short, *([describe_counts(others)] if others else [])]
    whole = all(sums.get(name, 0) >= full for name, full in figure.goal.items())
    return ", ".join(parts) + ("" if whole else " – so far")


def describe_counts(did: dict[str, float]) -> str:
    """Numbers with their words."""
    return ", ".join(f"{_number(value)} {name}" for name, value in did.items())


def _describe_result(counted: Sequence[Piece]) -> str:
    if not counted:
        return ""
    last = counted[-1]
    runs = f"{len(counted)} runs, the last " if len(counted) > 1 else ""
    said = (
        "nothing wrong" if last.holds else "**wrong:** " + "; ".join(each.replace("|", "/") for each in last.wrong[:3])
    )
    return f"{said} ({runs}{last.date}, `{last.commit}`)"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value % 1 == 0 else f"{value:,.3g}"
