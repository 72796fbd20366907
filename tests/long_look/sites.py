"""A running portal of one measurement: its server, its worker, a merchant, and a browser with an open visit."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.servers import Server
from bench.sites import Client, Merchant, open_visit
from tests.live import PATIENCE, TOP
from tests.long_look.figures import Run
from tests.torture.killing import Portal


@contextmanager
def serving(run: Run, name: str = "site", **settings: str) -> Iterator[Portal]:
    """A portal that answers and works until the end of the block, with these settings beside its own."""
    variables = run.new_database(name)
    portal = Portal(Path(variables["PORTAL_INSTANCE"]), variables.get("PORTAL_DATABASE_URL"))
    portal.environment |= {"PORTAL_BASE_URL": f"http://127.0.0.1:{portal.port}", **settings}
    portal.start()
    worker = start_worker(portal) if run.database == "postgresql" else None
    try:
        yield portal
    finally:
        portal.kill()
        if worker:
            worker.kill()
            worker.wait(PATIENCE)
        portal.close()


def start_worker(portal: Portal) -> subprocess.Popen[bytes]:
    """A worker of its own, which a portal on PostgreSQL needs."""
    command = [sys.executable, "-m", "portal.cli", "worker"]
    quiet = subprocess.DEVNULL
    return subprocess.Popen(command, cwd=TOP, env={**os.environ, **portal.environment}, stdout=quiet, stderr=quiet)


def open_browser(portal: Portal, customer: str) -> tuple[str, Client]:
    """The path of a visit of a customer, and the browser that it is open in."""
    merchant = Merchant("", portal.key, 0)
    return open_visit(as_server(portal), merchant, customer)


def new_client(portal: Portal) -> Client:
    """A merchant's program on one connection."""
    return Client.of_merchant(as_server(portal), Merchant("", portal.key, 0))


def as_server(portal: Portal) -> Server:
    """The portal as the bench knows servers."""
    process: Any = None
    return Server(f"http://127.0.0.1:{portal.port}", process)


def find_processes(portal: Portal) -> dict[int, str]:
    """All processes of the server by name, its embedded worker's too."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if os.getpgid(int(folder.name)) == portal.process_group:
                found[int(folder.name)] = (folder / "comm").read_text().strip()
        except OSError:
            continue
    return found
