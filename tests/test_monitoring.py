"""Metrics are served on a bind of their own, from every process of a server, and only when asked for."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from prometheus_client.parser import text_string_to_metric_families

from tests.live import PATIENCE, TOP, free_port


@contextmanager
def served(folder: Path, port: int, metrics: int) -> Iterator[subprocess.Popen[bytes]]:
    environment = {
        **os.environ,
        "PORTAL_INSTANCE": str(folder),
        "PORTAL_BASE_URL": f"http://127.0.0.1:{port}",
        "PORTAL_METRICS_BIND": f"127.0.0.1:{metrics}",
    }
    command = [sys.executable, "-m", "portal.cli", "serve", "--port", str(port), "--workers", "2"]
    server = subprocess.Popen(command, cwd=TOP, env=environment)
    try:
        _asked(f"http://127.0.0.1:{port}/health/ready")
        yield server
    finally:
        server.terminate()
        server.wait(timeout=PATIENCE)


def _asked(url: str) -> str:
    give_up = time.monotonic() + PATIENCE
    while True:
        try:
            with urlopen(url, timeout=5) as answer:  # noqa: S310 - our own address
                return str(answer.read().decode())
        except URLError:
            if time.monotonic() > give_up:
                raise
            time.sleep(0.05)


def _samples(text: str) -> dict[tuple[str, str], float]:
    """Values by name and first label."""
    found: dict[tuple[str, str], float] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            label = sample.labels.get("route") or sample.labels.get("queue") or sample.labels.get("lane") or ""
            key = (sample.name, label)
            found[key] = found.get(key, 0) + sample.value
    return found


def test_metrics_of_all_processes_are_served(tmp_path: Path) -> None:
    port, metrics = free_port(), free_port()
    with served(tmp_path, port, metrics) as server:
        for _ in range(20):
            _asked(f"http://127.0.0.1:{port}/static/visit.js")
        give_up = time.monotonic() + PATIENCE
        while ("portal_worker_seen_seconds", "") not in (
            found := _samples(_asked(f"http://127.0.0.1:{metrics}/metrics"))
        ):
            assert time.monotonic() < give_up
            time.sleep(0.1)
    assert server.returncode == 0
    assert found["portal_request_seconds_count", "/static/<path:filename>"] == 20
    assert found["portal_database_up", ""] == 1
    assert found["portal_queue_length", "mails"] == 0
    assert found["portal_queue_age_seconds", "webhooks"] == 0
