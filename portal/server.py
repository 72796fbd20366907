"""The production server: granian with one worker process per core. With SQLite it also starts `portal worker`."""

from __future__ import annotations

import errno
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from urllib.request import urlopen

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels

from portal import monitoring
from portal.settings import Settings

PROJECT_FOLDER = Path(__file__).resolve().parent.parent
START_TIMEOUT = 30.0
#: Seconds that answers under way may take once the server is to stop; slower readers are cut off then.
STOP_TIMEOUT = 15
#: Seconds in which the port of a server that was killed is given back.
PORT_TIMEOUT = 3


class PortTaken(Exception):
    """Another server listens on this port. The system would divide the requests between both."""


def serve(
    settings: Settings, *, host: str, port: int, workers: int | None, when_up: Callable[[], None] | None = None
) -> None:
    """Serve until stopped. `when_up` runs as soon as the server answers requests.

    Two blocking threads per worker: with one a slow request holds all others, with more they
    contend. Header limits as nginx has them; a worker that dies is replaced. Raises `PortTaken`.
    """
    _await_port(host, port)
    server = Granian(
        target="wsgi:app",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers or os.cpu_count() or 1,
        blocking_threads=2,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=5000, max_buffer_size=16384),
        websockets=False,
        respawn_failed_workers=True,
        workers_kill_timeout=STOP_TIMEOUT,
        working_dir=PROJECT_FOLDER,
        log_level=LogLevels.warning,
    )
    monitoring.start_server(settings)
    beside = _start_worker(settings)
    if when_up:
        threading.Thread(target=_await_first_answer, args=(host, port, when_up), daemon=True).start()
    try:
        server.serve()
    finally:
        if beside:
            beside.terminate()
            beside.wait(timeout=START_TIMEOUT)


def _await_port(host: str, port: int) -> None:
    """Wait until the port is free: a server that has just been killed may still hold it. Raises `PortTaken`."""
    give_up = time.monotonic() + PORT_TIMEOUT
    while not _is_port_free(host, port):
        if time.monotonic() > give_up:
            raise PortTaken(f"Port {port} of {host} is taken by another server. Stop it, or choose another --port.")
        time.sleep(0.1)


def _is_port_free(host: str, port: int) -> bool:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        return error.errno != errno.EADDRINUSE
    return True


def _start_worker(settings: Settings) -> subprocess.Popen[bytes] | None:
    """Start the worker process for an embedded database. With PostgreSQL the operator runs `portal worker`."""
    if not settings.database_url.startswith("sqlite"):
        return None
    # what it counts is served by this process
    environment = {**os.environ, "PORTAL_METRICS_BIND": ""}
    return subprocess.Popen([sys.executable, "-m", "portal.cli", "worker"], cwd=PROJECT_FOLDER, env=environment)


def _await_first_answer(host: str, port: int, when_up: Callable[[], None]) -> None:
    reachable = "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104 - told, not chosen
    give_up = time.monotonic() + START_TIMEOUT
    while time.monotonic() < give_up:
        try:
            with urlopen(f"http://{reachable}:{port}/health/live", timeout=1):
                return when_up()
        except OSError:
            time.sleep(0.1)
    return None
