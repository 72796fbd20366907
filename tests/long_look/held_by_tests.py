"""Figures that tests hold every day: the command runs these tests, and counts their cases and requests."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree

from tests.long_look import watched
from tests.long_look.figures import BOTH, NEITHER, Figure, Outcome, Run
from tests.long_look.records import TOP


def held(
    id: str, promise: str, goal: Mapping[str, int], tests: str, *, databases: tuple[str, ...] = BOTH, also: str = ""
) -> Figure:
    """A figure of tests; `tests` are files or `file::name`, apart by blanks, and `also` words of `-k`."""
    nodes = tests.split()
    files = tuple(dict.fromkeys(node.partition("::")[0] for node in nodes))
    return Figure(id, promise, goal, lambda run: run_tests(run, nodes, also), databases, tests=files)


def run_tests(run: Run, nodes: list[str], words: str = "", *options: str, **variables: str) -> Outcome:
    """Run tests, and tell how many cases there were, how many requests these made, and which of them failed."""
    report, seen = run.folder / "report.xml", run.folder / "seen.json"
    database = "sqlite" if run.database == "none" else run.database
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "tests.long_look.watched"]
    command += [
        f"--database={database}",
        f"--junitxml={report}",
        "-o",
        "junit_family=xunit1",
        *options,
        *(["-k", words] if words else []),
        *nodes,
    ]
    environment = {**os.environ, watched.FILE: str(seen), **variables}
    done = subprocess.run(command, cwd=TOP, env=environment, capture_output=True, text=True)
    if not report.exists():
        return Outcome({"cases": 0}, (f"the tests did not run: {done.stdout[-300:]}",))
    cases, failed, measured = _read_report(report)
    told = json.loads(seen.read_text())
    wrong = [*failed, *dict.fromkeys(told["wrong"])]
    if not cases:
        wrong.append("no test has such a name")
    return Outcome({"cases": cases, "requests": told.get("requests", 0), **measured}, tuple(wrong))


def _read_report(file: Path) -> tuple[int, list[str], dict[str, float]]:
    cases = [*ElementTree.parse(file).iter("testcase")]  # noqa: S314 - our own file
    failed = [
        case.get("name", "") for case in cases if case.find("failure") is not None or case.find("error") is not None
    ]
    # what tests have measured, by `record_property`
    measured = {each.get("name", ""): float(each.get("value", 0)) for case in cases for each in case.iter("property")}
    return len(cases), [f"failed: {name}" for name in failed], measured


def measure_restarts(run: Run) -> Outcome:
    """One reload under load after the other."""
    restarts, wrong = 0, list[str]()
    while run.goes_on(restarts, 20) and not wrong:
        wrong += run_tests(run, ["tests/test_server.py::test_new_code_loses_no_request"]).wrong
        restarts += 1
    return Outcome({"restarts": restarts}, tuple(wrong))


FIGURES = [
    held(
        "S1",
        "Nobody sees or changes what is another's: every route by every stranger, own, foreign and missing ids.",
        {"requests": 2_000},
        "tests/test_access.py tests/test_tenancy.py tests/hosted/test_hosts.py tests/api/test_auth.py",
    ),
    held(
        "S5",
        "Every answer carries the whole set of headers and its cookies their flags; nothing private may be kept; a"
        " foreign host gets nothing. Looked at on each answer of these tests.",
        {"requests": 1_000},
        "tests/api/test_errors.py tests/api/test_auth.py tests/hosted/test_arrival.py tests/hosted/test_email_change.py"
        " tests/hosted/test_errors.py tests/hosted/test_frame.py tests/hosted/test_odd_paths.py",
    ),
    held(
        "S6",
        "In a browser no page breaks its own policy, has inline code or asks another host; a form is taken from its own"
        " page and session alone.",
        {"cases": 100},
        "tests/test_access.py tests/hosted/test_frame.py tests/browser/test_story.py tests/hosted/test_embedding.py",
        also="token or inline or mix or embed or story or frame",
        databases=("sqlite",),
    ),
    held(
        "S10",
        "No address that a merchant or customer gives leads anywhere but where it says.",
        {"cases": 200},
        "tests/wire/test_urls.py tests/hosted/test_flows.py",
        databases=NEITHER,
    ),
    held(
        "S12",
        "A code is guessed with less than one chance in a million, the sixth guess fails even when right, and no answer"
        " holds a code or token.",
        {"cases": 50},
        "tests/hosted/test_login.py tests/hosted/test_email_change.py tests/billing/test_email_changes.py"
        " tests/hosted/test_checkout.py::test_wrong_codes_are_counted",
    ),
    held(
        "S15",
        "A weak or wrong setting is refused by name, and production does not start with one.",
        {"cases": 25},
        "tests/test_settings.py tests/test_cli.py",
        databases=NEITHER,
    ),
    held(
        "S8",
        "No document, however hostile its words, opens a file beyond fonts and templates or a connection; each ends in"
        " time and memory, and the next is fine.",
        {"documents": 300},
        "tests/documents/test_hostile.py",
        databases=NEITHER,
    ),
    Figure(
        "R13",
        "New code is taken without losing a request, while customers look and programs write.",
        {"restarts": 20},
        measure_restarts,
        databases=("sqlite",),
        adds_up=True,
        tests=("tests/test_server.py",),
    ),
    held(
        "R17",
        "With the mail server away, hanging or slow, pages are fine, codes fail clearly or wait, notices go out later,"
        " and a code that has run out does not.",
        {"cases": 20},
        "tests/outbox/test_queue.py tests/outbox/test_mails.py tests/hosted/test_email_change.py",
    ),
]
