"""Renders pages of a portal with nothing kept: in a process that has rendered nothing before.

Run as a program, it takes lines of JSON (paths, cookie, moment) and answers each with one, from a process of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from flask import Flask

from portal import clock, create_app
from portal.settings import Settings, from_environment
from tests.clients import Portal


class FreshPages:
    """The other process."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def render(self, visit: Portal, paths: Sequence[str]) -> list[str]:
        """Pages of a visit, each with its status."""
        cookies = [f"{each.key}={each.value}" for each in visit.client._cookies.values()]
        places = [f"/p/{visit.session_id}/{path}" for path in paths]
        asked = {"paths": places, "cookie": "; ".join(cookies), "now": clock.now()}
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(f"{json.dumps(asked)}\n")
        self._process.stdin.flush()
        pages: list[str] = json.loads(self._process.stdout.readline())
        return pages


@contextmanager
def run(settings: Settings) -> Iterator[FreshPages]:
    """A process beside the tests, on their database."""
    own = {"PORTAL_INSTANCE": str(settings.instance), "PORTAL_DATABASE_URL": settings.database_url}
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.hosted.fresh_pages"],
        env={**os.environ, **own},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield FreshPages(process)
    finally:
        process.communicate("", timeout=20)


def _render(app: Flask, paths: Sequence[str], cookie: str, now: int) -> list[str]:
    browser, headers = app.test_client(use_cookies=False), {"Cookie": cookie}
    with clock.hold_at(now):
        answers = [browser.get(path, base_url="https://localhost", headers=headers) for path in paths]
    return [f"{each.status_code} {each.get_data(as_text=True)}" for each in answers]


def _main() -> None:
    app = create_app(replace(from_environment(), base_url="http://localhost"))
    for name in app.jinja_env.list_templates(filter_func=lambda name: name.startswith(("hosted/", "macros/"))):
        app.jinja_env.get_template(name)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            print(json.dumps(_render(app, **json.loads(line))), flush=True)
            os._exit(0)
        os.waitpid(child, 0)


if __name__ == "__main__":
    _main()
