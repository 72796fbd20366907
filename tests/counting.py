"""What work costs, counted instead of timed: the same on every machine, however busy.

Python's instructions are counted, not the processor's, which few machines let a test count.
"""

from __future__ import annotations

import gc
import os
import sys
import threading
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from flask import Flask

from portal.db import Database

FILE = Path(__file__).parent / "budgets.toml"
COMMAND = "UPDATE_GOLDENS=1 .venv/bin/pytest -k budgets tests --database=sqlite, and =postgresql"
#: By how much of its budget a count may differ.
TOLERANCE = 0.05
#: How often a path is counted, after as many times that fill caches.
TIMES = 2
PYTHON = f"Python {sys.version_info[0]}.{sys.version_info[1]}"


class Instructions:
    """How many instructions Python has executed since `counting_instructions` began."""

    count = 0

    def trace(self, frame: FrameType, event: str, argument: Any) -> Any:
        """Counts the instructions of a frame, and of those that it calls."""
        if event == "opcode":
            self.count += 1
        elif event == "call":
            frame.f_trace_lines, frame.f_trace_opcodes = False, True
        return self.trace


@contextmanager
def counting_instructions() -> Iterator[Instructions]:
    """Counts what this thread and those that it starts execute, without what the garbage collector calls."""
    counted, before = Instructions(), sys.gettrace()
    gc.collect()
    gc.disable()
    threading.settrace(counted.trace)
    sys.settrace(counted.trace)
    try:
        yield counted
    finally:
        sys.settrace(before)
        threading.settrace(before)  # type: ignore[arg-type]
        gc.enable()


def instructions_of(function: Callable[[], object]) -> int:
    """How many instructions a call executes."""
    with counting_instructions() as counted:
        function()
    return counted.count


def least(count: Callable[[], int]) -> int:
    """The least of several counts, after as many that fill caches."""
    return min([count() for _ in range(2 * TIMES)][TIMES:])


@contextmanager
def around_requests(app: Flask, counting: Callable[[], Any]) -> Iterator[list[Any]]:
    """Lists what `counting` yields for each request, of the application alone: the test's own client isn't counted."""
    found: list[Any] = []
    answer = app.wsgi_app

    def counted(environ: Any, start_response: Any) -> list[bytes]:
        with counting() as count:
            body = answer(environ, start_response)
            try:
                pieces = list(body)
            finally:
                getattr(body, "close", lambda: None)()
        found.append(count)
        return pieces

    app.wsgi_app = counted  # type: ignore[method-assign]
    try:
        yield found
    finally:
        app.wsgi_app = answer  # type: ignore[method-assign]


def check(table: str, counts: dict[str, int], *, tolerance: float = TOLERANCE) -> None:
    """Compare counts with a table of `budgets.toml`, or record them where UPDATE_GOLDENS is set."""
    if os.environ.get("UPDATE_GOLDENS"):
        _record(table, counts)
    compare(table, counts, tolerance=tolerance)


def compare(table: str, counts: dict[str, int], *, tolerance: float = TOLERANCE) -> None:
    """Fails with what differs from its budget. What is cheaper is told, too: recorded, it can't grow back unseen."""
    budgets = read(table)
    told = [_tell(name, counts.get(name), budgets.get(name), tolerance) for name in sorted({*counts, *budgets})]
    wrong = [line for line in told if line]
    assert not wrong, "\n".join([f"{table}: {len(wrong)} differ from {FILE.name}", *wrong, f"If meant: {COMMAND}"])


def check_instructions(kind: str, database: Database, counts: dict[str, int]) -> None:
    """Check instructions, which differ between versions of Python: one that has no budgets yet has only to count."""
    table = f"instructions of {kind}, {database.dialect}, {PYTHON}"
    assert all(count > 1000 for count in counts.values()), counts
    if os.environ.get("UPDATE_GOLDENS") or read(table):
        check(table, counts)


def read(table: str) -> dict[str, int]:
    """The budgets of a table, by name."""
    found: dict[str, int] = _tables().get(table, {})
    return found


def _tell(name: str, count: int | None, budget: int | None, tolerance: float) -> str:
    if count is None or budget is None:
        return f"  {name}: {'no longer counted' if count is None else f'{count}, which has no budget yet'}"
    if abs(count - budget) <= budget * tolerance:
        return ""
    percent = 100 * (count - budget) / budget if budget else 100
    return f"  {name}: {count} instead of {budget} ({percent:+.1f} %)"


def _tables() -> dict[str, dict[str, int]]:
    return tomllib.loads(FILE.read_text("utf-8")) if FILE.exists() else {}


def _record(table: str, counts: dict[str, int]) -> None:
    tables = {**_tables(), table: counts}
    blocks = [
        "\n".join([f'["{name}"]', *(f'"{key}" = {count}' for key, count in sorted(own.items()))])
        for name, own in sorted(tables.items())
    ]
    head = f"# What pages, calls and work may cost. Recorded: {COMMAND}"
    FILE.write_text("\n\n".join([head, *blocks]) + "\n", "utf-8")
