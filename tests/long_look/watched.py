"""A plugin of pytest: counts the requests that tests make within the process, and looks at each answer.

`python -m pytest -p tests.long_look.watched` writes what it has seen to the file that `LOOK_WATCHED` names.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.long_look import answers

FILE = "LOOK_WATCHED"
seen: Counter[str] = Counter()
wrong: list[str] = []


class WatchedClient(FlaskClient):
    """A client of tests whose answers are looked at."""

    def open(self, *args: Any, **options: Any) -> TestResponse:
        """The answer, as any client has it."""
        answer = super().open(*args, **options)
        seen["requests"] += 1
        # a file that is streamed is the test's to read
        body = None if answer.is_streamed or answer.request.method == "HEAD" else answer.get_data()
        # what fails on purpose is the test's to judge, too
        found = answers.find_wrong(answer.request.path, answer.status_code, answer.headers, body)
        wrong.extend(f"{answer.request.path}: {each}" for each in found if not each.startswith("status "))
        return answer


def pytest_configure() -> None:
    Flask.test_client_class = WatchedClient


def pytest_unconfigure() -> None:
    if file := os.environ.get(FILE):
        Path(file).write_text(json.dumps({**seen, "wrong": wrong[:50]}))
