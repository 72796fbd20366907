"""Every call with an example in the documentation of 2022 answers with every key shown there, of its kind.

`documented/calls.json` holds the keys and kinds; `documented/program.py` makes the calls, once with the newest client
and once with the release of that year.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.live import TOP, Live

FOLDER = Path(__file__).parent.parent / "documented"
DOCUMENTED = json.loads((FOLDER / "calls.json").read_text())
CALLS = set(DOCUMENTED["calls"])
KINDS = {"boolean": (bool,), "integer": (int,), "number": (int, float), "string": (str,)}
#: What only the other of the two clients can ask for.
ONLY_OLDER = {"Invoice.upcoming lines"}
ONLY_NEWER = {"CreditNote.preview lines", "InvoicePayment.list"}


def _answers(live: Live, path: str | None) -> Any:
    environment = {**os.environ, **({"PYTHONPATH": path} if path else {})}
    command = [sys.executable, str(FOLDER / "program.py"), live.url, live.shop().keys.test_key]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


@pytest.fixture(scope="module")
def newest(live_server: Live) -> Any:
    return _answers(live_server, None)


@pytest.fixture(scope="module")
def of_2022(live_server: Live) -> Any:
    return _answers(live_server, str(TOP / ".venv" / "old-client"))


@pytest.mark.parametrize("name", sorted(CALLS - ONLY_OLDER))
def test_the_newest_client_gets_what_is_documented(newest: Any, name: str) -> None:
    assert list(_misfits(newest[name], DOCUMENTED["calls"][name], "")) == []


@pytest.mark.parametrize("name", sorted(CALLS - ONLY_NEWER))
def test_the_client_of_2022_gets_what_is_documented(of_2022: Any, name: str) -> None:
    assert list(_misfits(of_2022[name], DOCUMENTED["calls"][name], "")) == []


def _misfits(value: Any, kind: Any, where: str) -> Iterator[str]:
    """Where an answer lacks a documented key or has one of another kind; what can't be filled is null."""
    if isinstance(kind, str) and kind.startswith("@"):
        kind = DOCUMENTED["types"][kind[1:]]
    if isinstance(kind, dict):
        yield from _in_hash(value, kind, where)
    elif isinstance(kind, list):
        yield from _in_list(value, kind, where)
    elif kind.startswith("="):
        yield from [] if value == kind[1:] else [f"{where} is {value!r}"]
    elif value is not None and kind != "null" and not (type(value) in KINDS[kind] or _expandable(value, kind)):
        yield f"{where} is {value!r}"


def _in_hash(value: Any, kind: dict[str, Any], where: str) -> Iterator[str]:
    if value is None and where:
        return
    if not isinstance(value, dict):
        yield f"{where} is {value!r}"
        return
    for key, inner in kind.items():
        if key in value:
            yield from _misfits(value[key], inner, f"{where}.{key}")
        else:
            yield f"{where}.{key} is missing: {str(value)[:200]}"


def _in_list(value: Any, kind: list[Any], where: str) -> Iterator[str]:
    if value is not None and not isinstance(value, list):
        yield f"{where} is {value!r}"
        return
    for index, item in enumerate(value or [] if kind else []):
        yield from _misfits(item, kind[0], f"{where}[{index}]")


def _expandable(value: Any, kind: str) -> bool:
    return kind == "string" and isinstance(value, dict) and "id" in value
