"""Servers to measure: the portal and a bare Flask, both under granian as `portal serve` runs it, on loopback."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

TOP = Path(__file__).parent.parent
STARTS_WITHIN = 30.0


@dataclass(frozen=True)
class Server:
    """A running server."""

    url: str
    process: subprocess.Popen[bytes]

    def cpu_seconds(self) -> float:
        """Processor time that the server and its workers have used so far."""
        return sum(_cpu_seconds(pid) for pid in _family(self.process.pid))


@contextmanager
def running(target: str, environment: dict[str, str] | None = None, *, workers: int = 1) -> Iterator[Server]:
    """`target` as `module:app`, two blocking threads per worker as in production, stopped at the end."""
    port = free_port()
    command = [sys.executable, "-m", "granian", target, "--interface", "wsgi", "--no-ws", "--http", "1"]
    command += ["--host", "127.0.0.1", "--port", str(port), "--workers", str(workers), "--blocking-threads", "2"]
    command += ["--log-level", "error"]
    # one worker has one core, as each has when there are as many as cores; wrk takes the other
    pin = ["taskset", "-c", "0"] if workers == 1 else []
    with tempfile.TemporaryFile() as log:
        everything = {**os.environ, **(environment or {})}
        process = subprocess.Popen([*pin, *command], cwd=TOP, env=everything, stdout=log, stderr=log)
        try:
            _wait(f"http://127.0.0.1:{port}/health/live")
            yield Server(f"http://127.0.0.1:{port}", process)
        except OSError as error:
            log.seek(0)
            raise RuntimeError(log.read().decode()) from error
        finally:
            process.terminate()
            process.wait(timeout=20)


def _wait(url: str) -> None:
    give_up = time.monotonic() + STARTS_WITHIN
    while True:
        try:
            with urlopen(url, timeout=1):  # noqa: S310 - loopback
                return
        except OSError:
            if time.monotonic() > give_up:
                raise
            time.sleep(0.05)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _family(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(each for child in children for each in _family(int(child)))]


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
