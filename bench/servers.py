"""Processes to measure: the portal as it is deployed, and a bare Flask under granian beside it, on loopback."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

from bench.trees import TOP, Tree

STARTS_WITHIN = 180.0


@dataclass(frozen=True)
class Server:
    """A running server."""

    url: str
    process: subprocess.Popen[bytes]

    def cpu_seconds(self) -> float:
        """Processor time that the server and its workers have used so far."""
        return sum(_cpu_seconds(pid) for pid in _family(self.process.pid))

    def memory(self) -> float:
        """MiB of memory of all its processes; what several share counts once."""
        rollups = [Path(f"/proc/{pid}/smaps_rollup").read_text() for pid in _family(self.process.pid)]
        return sum(int(re.findall(r"^Pss:\s+(\d+)", text, re.MULTILINE)[0]) for text in rollups) / 1024


@contextmanager
def serving_hello(document: bytes = b"") -> Iterator[Server]:
    """The yardstick, with a document that it keeps in memory."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(document)
        file.flush()
        with answering(Path(sys.executable), "bench.hello:app", TOP, {**os.environ, "HELLO_DOCUMENT": file.name}) as up:
            yield up


@contextmanager
def answering(python: Path, target: str, folder: Path, environment: dict[str, str]) -> Iterator[Server]:
    """An application of a folder as `module:app` under granian, with two blocking threads as in production."""
    port = free_port()
    command = [str(python), "-m", "granian", target, "--interface", "wsgi", "--no-ws", "--http", "1"]
    command += ["--host", "127.0.0.1", "--port", str(port), "--workers", "1", "--blocking-threads", "2"]
    with _serving([*command, "--log-level", "error"], folder, environment, port) as up:
        yield up


@contextmanager
def serving(tree: Tree, settings: dict[str, str], *options: str, workers: int | None = 1) -> Iterator[Server]:
    """`portal serve` of a tree until the end of the block, from its first answer on."""
    port = free_port()
    settings = {**settings, "PORTAL_BASE_URL": f"http://127.0.0.1:{port}"}
    command = tree.portal("serve", "--port", str(port), *options, *(["--workers", str(workers)] if workers else []))
    with _serving(command, tree.folder, tree.environment(settings), port, workers=workers) as up:
        yield up


@contextmanager
def _serving(
    command: list[str],
    folder: Path,
    environment: dict[str, str],
    port: int,
    *,
    workers: int | None = 1,
) -> Iterator[Server]:
    # one worker has one core, as each has when there are as many as cores; wrk takes the other
    pin = ["taskset", "-c", "0"] if workers == 1 else []
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen([*pin, *command], cwd=folder, env=environment, stdout=log, stderr=log)
        try:
            wait_until(lambda: _answers(f"http://127.0.0.1:{port}/health/ready"), STARTS_WITHIN)
            yield Server(f"http://127.0.0.1:{port}", process)
        except TimeoutError as error:
            log.seek(0)
            raise RuntimeError(log.read().decode()) from error
        finally:
            process.terminate()
            process.wait(timeout=120)


def _answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=5):  # noqa: S310 - loopback
            return True
    except OSError:
        return False


def wait_until(holds: Callable[[], bool], seconds: float, *, step: float = 0.01) -> None:
    """Return as soon as something holds. Raises `TimeoutError`."""
    give_up = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > give_up:
            raise TimeoutError(f"nothing after {seconds:.0f} s")
        time.sleep(step)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _family(pid: int) -> list[int]:
    children = [
        int(child) for file in Path(f"/proc/{pid}/task").glob("*/children") for child in file.read_text().split()
    ]
    return [pid, *(each for child in children for each in _family(child))]


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
