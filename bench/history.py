"""The figures over time: a line of JSON for each run in the repository, shown by `docs/performance.md`."""

from __future__ import annotations

import json
import os
import platform
import re
import sqlite3
import statistics
import subprocess
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from bench.figures import Taken
from bench.trees import TOP, Tree
from tests import postgresql

FILE = TOP / "bench" / "history.jsonl"
#: What answers, reads and prints: a new version of these can move a figure.
PACKAGES = ("flask", "granian", "jinja2", "orjson", "psycopg", "pydantic", "sqlalchemy", "weasyprint")


def refuse_unnamed(tree: Tree) -> None:
    """Raises `SystemExit` where a tree is not what its commit says."""
    if tree.commit.endswith("+"):
        raise SystemExit("Commit first: what is recorded names the commit that was measured.")


def add(trees: list[Tree], taken: list[Taken]) -> None:
    """Add a run to the history. Raises `SystemExit` where nothing was measured."""
    if not taken:
        raise SystemExit("No figure has these words in its name.")
    with FILE.open("a", encoding="utf-8") as file:
        file.write(json.dumps(_describe(trees, taken), ensure_ascii=False) + "\n")


def read() -> list[dict[str, Any]]:
    """All runs, the oldest first."""
    return [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()] if FILE.exists() else []


def _describe(trees: list[Tree], taken: list[Taken]) -> dict[str, Any]:
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "commit": trees[0].commit,
        "against": trees[1].commit if len(trees) > 1 else None,
        "machine": {"cores": os.cpu_count(), "cpu": _processor()},
        "versions": _versions(),
        "figures": {each.figure.name: _figure(each) for each in taken},
    }


def _figure(taken: Taken) -> dict[str, Any]:
    """The spread of a figure: least, median and most."""
    told = {"unit": taken.figure.unit, "more": taken.figure.more, "value": _spread(taken.own)}
    return {**told, "other": _spread(taken.other), "ratio": _spread(taken.ratios)} if taken.other else told


def _spread(values: list[float]) -> list[float]:
    return [float(f"{value:.4g}") for value in (min(values), statistics.median(values), max(values))]


def _processor() -> str:
    found = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    return found[1] if found else platform.machine()


def _versions() -> dict[str, str]:
    command = [postgresql.programs() / "postgres", "--version"]
    server = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[2]
    own = {"python": platform.python_version(), "sqlite": sqlite3.sqlite_version, "postgresql": server}
    return {**own, **{name: metadata.version(name) for name in PACKAGES}}
