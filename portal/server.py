"""The production server: granian with one worker process per core. With SQLite it also starts `portal worker`."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels

from portal import monitoring, ports
from portal.settings import Settings

PROJECT_FOLDER = Path(__file__).resolve().parent.parent
START_TIMEOUT = 30.0
#: Seconds that answers under way may take once the server is to stop; slower readers are cut off then.
STOP_TIMEOUT = 15


def serve(
    settings: Settings, *, host: str, port: int, workers: int | None, when_up: Callable[[], None] | None = None
) -> None:
    """Serve until stopped. `when_up` runs as soon as the server answers requests.

    Two blocking threads per worker: with one a slow request holds all others, with more they
    contend. Header limits as nginx has them; a worker that dies is replaced. Raises `PortTaken`.
    """
    ports.await_free_port(host, port)
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
        threading.Thread(target=_call_when_up, args=(host, port, when_up), daemon=True).start()
    try:
        server.serve()
    finally:
        if beside:
            beside.terminate()
            beside.wait(timeout=START_TIMEOUT)


def _call_when_up(host: str, port: int, when_up: Callable[[], None]) -> None:
    if ports.await_answer(host, port, seconds=START_TIMEOUT):
        when_up()


def _start_worker(settings: Settings) -> subprocess.Popen[bytes] | None:
    """Start the worker process for an embedded database. With PostgreSQL the operator runs `portal worker`."""
    if not settings.database_url.startswith("sqlite"):
        return None
    # what it counts is served by this process
    environment = {**os.environ, "PORTAL_METRICS_BIND": ""}
    return subprocess.Popen([sys.executable, "-m", "portal.cli", "worker"], cwd=PROJECT_FOLDER, env=environment)
