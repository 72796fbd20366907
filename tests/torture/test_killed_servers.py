"""Whatever kills the server, what it acknowledged is kept, whole."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import postgresql
from tests.databases import URL, is_postgresql
from tests.torture.killing import Portal, check, torture


@pytest.fixture
def portal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Portal]:
    url = None
    if is_postgresql(request.config):
        url = postgresql.new_database(
            os.environ[URL], f"portal_killed_{os.getpid()}_{request.node.name[-8:].strip('_')}"
        )
    running = Portal(tmp_path, url)
    yield running
    running.close()


def test_a_killed_server_keeps_what_it_acknowledged(portal: Portal) -> None:
    check(portal, torture(portal, 2))


@pytest.mark.torture
def test_a_server_killed_a_hundred_times_keeps_what_it_acknowledged(portal: Portal) -> None:
    clients = torture(portal, 100)
    check(portal, clients)
    writes = sum(len(each.made) + sum(each.changed.values()) for each in clients)
    unanswered = sum(each.lost for each in clients)
    print(f"\n{writes} writes acknowledged, {unanswered} calls unanswered; nothing lost, nothing without its record")
    assert unanswered > 0
