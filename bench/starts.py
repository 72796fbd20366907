"""How soon the portal is there, and what it holds while nobody asks for anything."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager

from bench.figures import Figure, Measurement, Side, Take
from bench.servers import Server, serving, wait_until

#: Processor seconds of all processes in a stretch of so many seconds, below which they count as idle.
QUIET, STRETCH = 0.3, 5.0


@contextmanager
def _help(side: Side) -> Iterator[Take]:
    site = side.site("sqlite")
    yield lambda: (statistics.median(_seconds(lambda: site.run("--help")) for _ in range(5)),)


@contextmanager
def _first_answer(side: Side) -> Iterator[Take]:
    """Of the application itself; the server's own `/health/live` is there before it."""
    site = side.site("sqlite")

    def start() -> float:
        begun = time.monotonic()
        with site.serving(workers=2):
            return time.monotonic() - begun

    yield lambda: (start(),)


def _seconds(function: object) -> float:
    assert callable(function)
    start = time.monotonic()
    function()
    return time.monotonic() - start


@contextmanager
def _idle(side: Side) -> Iterator[Take]:
    """What `make run` starts, on a folder of its own, once its sample shop is made and nothing is done any more."""
    folder = side.folder / "shop"
    settings = {"PORTAL_INSTANCE": str(folder), "PORTAL_DEMO": "1"}

    def take() -> tuple[float]:
        with serving(side.tree, settings, "--with-demo", workers=None) as server:
            wait_until(lambda: _is_quiet(server), 600)
            return (server.memory(),)

    yield take


def _is_quiet(server: Server) -> bool:
    before = server.cpu_seconds()
    time.sleep(STRETCH)
    return server.cpu_seconds() - before < QUIET


MEASUREMENTS = [
    Measurement((Figure("portal --help", "s"),), _help),
    Measurement((Figure("portal serve to the first answer", "s"),), _first_answer),
    Measurement((Figure("idle memory of what make run starts, all processes", "MiB"),), _idle),
]
