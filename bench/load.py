"""Load on loopback, bounded in connections and time: requests per second, percentiles, processor time."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass

from bench.servers import Server
from bench.sites import Client

#: How long one run of `wrk` takes.
SECONDS = int(os.environ.get("SECONDS") or 3)
_UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


@dataclass(frozen=True)
class Load:
    """What one run of `wrk` saw; latencies in milliseconds."""

    per_second: float
    p99: float


def wrk(
    url: str, *, headers: dict[str, str] | None = None, connections: int = 8, paths: list[str] | None = None
) -> Load:
    """Ask one URL, or `paths` below it in turn, for a few seconds. Fails on any answer but 2xx."""
    program = shutil.which("wrk")
    if program is None:
        raise RuntimeError("The measurements need wrk: apt-get install wrk")
    pin = ["taskset", "-c", str((os.cpu_count() or 1) - 1)]
    command = [*pin, program, "-t1", f"-c{connections}", f"-d{SECONDS}s", "--latency"]
    for name, value in (headers or {}).items():
        command += ["-H", f"{name}: {value}"]
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        if paths:
            script.write(_in_turn(paths))
            script.flush()
            command += ["-s", script.name]
        out = subprocess.run([*command, url], capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in out or "Socket errors" in out:
        raise RuntimeError(f"{url} failed under load:\n{out}")
    return Load(_number(r"Requests/sec:\s+([\d.]+)", out), _latency(out, "99%"))


def cpu_per_request(server: Server, url: str, headers: dict[str, str], count: int = 1500) -> float:
    """Processor seconds of the server for one request, over `count` of them on one connection."""
    client, path = Client(server, headers), url.removeprefix(server.url)
    before = server.cpu_seconds()
    for _ in range(count):
        client.get(path)
    return (server.cpu_seconds() - before) / count


def _in_turn(paths: list[str]) -> str:
    """A script for wrk that asks for each path after the other."""
    listed = ",".join(f'"{path}"' for path in paths)
    turn = "i = i % #p + 1; return wrk.format('GET', p[i])"
    return f"local p = {{{listed}}}; local i = 0; request = function() {turn} end"


def _number(pattern: str, text: str) -> float:
    found = re.search(pattern, text)
    if found is None:
        raise RuntimeError(f"wrk said something unexpected:\n{text}")
    return float(found[1])


def _latency(text: str, percentile: str) -> float:
    found = re.search(rf"{percentile}\s+([\d.]+)(us|ms|s)", text)
    if found is None:
        raise RuntimeError(f"wrk said something unexpected:\n{text}")
    return float(found[1]) * _UNITS[found[2]]
