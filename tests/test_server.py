"""The production server: its processes come back when they die, and liveness waits for none of its threads."""

from __future__ import annotations

import fcntl
import json
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import pairwise
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode, urlsplit
from urllib.request import Request, urlopen

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from portal import clock, create_app, disks, embedded_worker, schema
from portal.embedded_worker import EmbeddedWorker, Launch
from portal.outbox import state
from portal.server import call_when_up
from portal.settings import from_environment
from tests.live import TOP, Live, free_port
from tests.test_nginx import nginx_before

PATIENCE = 120.0


@dataclass(frozen=True)
class Server:
    """A `portal serve` of one test, on SQLite with its worker."""

    process: subprocess.Popen[bytes]
    url: str

    def processes(self) -> dict[int, str]:
        """All that it has started, and what these have, by name."""
        return {id: name for id in _list_descendants(self.process.pid) if (name := _find_name(id))}

    def worker(self) -> int | None:
        """The process of the worker."""
        return next(iter(self._named("portal worker")), None)

    def servers(self) -> set[int]:
        """The processes that answer requests."""
        return self._named("portal web")

    def _named(self, wanted: str) -> set[int]:
        return {id for id, name in self.processes().items() if name == wanted}


def _list_descendants(id: int) -> list[int]:
    listed = Path(f"/proc/{id}/task").glob("*/children")
    found = [int(child) for each in listed for child in _read_or_nothing(each).split()]
    return [id for child in found for id in (child, *_list_descendants(child))]


def _find_name(id: int) -> str:
    """Of a process; nothing for one that has ended."""
    return _read_or_nothing(Path(f"/proc/{id}/comm")).strip() if _read_or_nothing(Path(f"/proc/{id}/cmdline")) else ""


def _read_or_nothing(file: Path) -> str:
    try:
        return file.read_text()
    except OSError:
        return ""


@contextmanager
def running(folder: Path, tmp_path: Path) -> Iterator[Server]:
    """A server of the program that lies in `folder`."""
    port = free_port()
    environment = {**os.environ, "PORTAL_INSTANCE": str(tmp_path), "PORTAL_BASE_URL": f"http://127.0.0.1:{port}"}
    environment.pop("PORTAL_DATABASE_URL", None)
    command = [sys.executable, "-m", "portal.cli", "serve", "--port", str(port), "--workers", "2"]
    process = subprocess.Popen(command, cwd=folder, env=environment)
    found = Server(process, f"http://127.0.0.1:{port}")
    try:
        wait_until(lambda: status(f"{found.url}/health/worker") == 200)
        yield found
    finally:
        process.terminate()
        process.wait(PATIENCE)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with running(TOP, tmp_path) as found:
        yield found


def status(url: str, timeout: float = 2) -> int | None:
    """The status of an answer; None where none comes."""
    try:
        with urlopen(url, timeout=timeout) as answer:  # noqa: S310 - our own address
            code: int = answer.status
            return code
    except HTTPError as error:
        return error.code
    except OSError:
        return None


def wait_until(holds: Callable[[], bool]) -> None:
    give_up = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < give_up
        time.sleep(0.05)


def test_what_is_killed_comes_back_and_a_signal_ends_all(server: Server) -> None:
    worker, before = server.worker(), server.servers()
    assert worker
    assert len(before) == 2
    os.kill(min(before), signal.SIGKILL)
    wait_until(lambda: len(server.servers() - before) == 1)
    # the one that has just come
    (new,) = server.servers() - before
    os.kill(new, signal.SIGKILL)
    os.kill(worker, signal.SIGKILL)
    wait_until(lambda: len(server.servers() - {new}) == 2)
    wait_until(lambda: server.worker() not in {None, worker})
    wait_until(lambda: status(f"{server.url}/health/ready") == 200)
    assert server.process.poll() is None
    last = server.processes()
    assert len(last) >= 3
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(PATIENCE) == 0
    wait_until(lambda: not [id for id, name in last.items() if _find_name(id) == name])


def test_when_what_they_were_forked_from_dies_all_are_forked_anew(server: Server) -> None:
    worker, before = server.worker(), server.servers()
    loader = _find_parent(min(before))
    assert worker
    assert {_find_parent(id) for id in (worker, *before)} == {loader}
    os.kill(loader, signal.SIGKILL)
    wait_until(lambda: len(server.servers() - before) == 2 and server.worker() not in {None, worker})
    wait_until(lambda: not [id for id in (worker, *before) if _find_name(id)])
    wait_until(lambda: status(f"{server.url}/health/ready") == 200)


def _find_parent(id: int) -> int:
    return int(Path(f"/proc/{id}/stat").read_text().rpartition(")")[2].split()[1])


def test_what_is_forked_from_has_one_thread_and_has_opened_nothing(server: Server) -> None:
    """A fork would else copy locks that nobody opens again, and connections that two would use."""
    loader = Path(f"/proc/{_find_parent(min(server.servers()))}")
    assert len([*(loader / "task").iterdir()]) == 1
    opened = [os.readlink(each) for each in (loader / "fd").iterdir()]
    assert [each for each in opened if "portal.db" in each] == []
    assert len([each for each in opened if each.startswith("socket:")]) == 1


def test_a_group_of_processes_that_is_told_to_end_ends_in_order(server: Server) -> None:
    """As systemd tells it: each process at once."""
    last = server.processes()
    for id in (server.process.pid, *last):
        os.kill(id, signal.SIGTERM)
    assert server.process.wait(PATIENCE) == 0
    wait_until(lambda: not [id for id, name in last.items() if _find_name(id) == name])


def test_new_code_loses_no_request(server: Server, tmp_path: Path) -> None:
    """A reload behind nginx, while customers look and programs write."""
    key = subprocess.run(
        [sys.executable, "-m", "portal.cli", "account", "create", "Reload Ltd"],
        cwd=TOP,
        env={**os.environ, "PORTAL_INSTANCE": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    secret = next(word for word in key.stdout.split() if word.startswith("sk_test_"))
    headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/x-www-form-urlencoded"}
    before, worker, done = server.servers(), server.worker(), threading.Event()
    answers: list[tuple[int, bytes]] = []
    (tmp_path / "nginx").mkdir()
    with nginx_before(server.url, tmp_path / "nginx") as front, ThreadPoolExecutor(4) as pool:

        def ask() -> None:
            while not done.is_set():
                answers.append(front.ask("POST", "/v1/customers", b"name=Jenny", headers))
                answers.append(front.ask("GET", "/v1/customers?limit=1", None, headers))
                time.sleep(0.05)  # below what nginx allows one address

        asking = [pool.submit(ask) for _ in range(4)]
        try:
            server.process.send_signal(signal.SIGHUP)
            wait_until(lambda: len(server.servers()) == 2 and not server.servers() & before)
            wait_until(lambda: server.worker() not in {None, worker})
            time.sleep(1)
        finally:
            done.set()
        for each in asking:
            each.result()
    assert [answer for answer in answers if answer[0] != 200] == []
    made = {json.loads(body)["id"] for _, body in answers if b'"object":"customer"' in body[:60]}
    with create_app(from_environment({"PORTAL_INSTANCE": str(tmp_path)})).extensions["portal"].database.reading() as db:
        stored = set(db.execute(text("SELECT id FROM customers")).scalars())
    assert made <= stored
    assert len(stored) == len(answers) // 2


def test_code_that_cannot_start_replaces_nothing(tmp_path: Path) -> None:
    """First the application itself, then what the worker alone imports."""
    program = tmp_path / "program"
    program.mkdir()
    for name in ("portal", "static", "templates", "translations"):
        shutil.copytree(TOP / name, program / name)
    shutil.copy(TOP / "wsgi.py", program)
    sound = (program / "wsgi.py").read_text()
    with running(program, tmp_path) as server:
        before, worker = server.servers(), server.worker()
        tried = program / "tried"
        (program / "wsgi.py").write_text(f"open({str(tried)!r}, 'a').write('x')\nraise SystemExit('no')\n")
        server.process.send_signal(signal.SIGHUP)
        wait_until(tried.exists)
        wait_until(lambda: server.servers() == before)
        time.sleep(1)
        assert (server.servers(), server.worker()) == (before, worker)
        assert tried.read_text() == "x"
        assert status(f"{server.url}/health/ready") == 200
        (program / "wsgi.py").write_text(sound)
        running_worker = program / "portal" / "worker" / "running.py"
        sound_worker = running_worker.read_text()
        running_worker.write_text(f"open({str(tried)!r}, 'a').write('y')\nraise SystemExit('no')\n")
        server.process.send_signal(signal.SIGHUP)
        wait_until(lambda: len(server.servers()) == 2 and not server.servers() & before)
        wait_until(lambda: tried.read_text() == "xy")
        time.sleep(1)
        assert server.worker() == worker
        running_worker.write_text(sound_worker)
        server.process.send_signal(signal.SIGHUP)
        wait_until(lambda: server.worker() not in {None, worker})
        assert status(f"{server.url}/health/ready") == 200


def launching(script: str, folder: Path) -> Launch:
    """Starts a shell's script in place of a worker."""
    return lambda started: subprocess.Popen(["sh", "-c", script], cwd=folder, env={})


def test_a_worker_is_started_again_with_growing_pauses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded_worker, "FIRST_PAUSE", 0.1)
    monkeypatch.setattr(embedded_worker, "LONGEST_PAUSE", 0.4)
    worker = EmbeddedWorker(launching("date +%s.%N >> starts; exit 3", tmp_path))
    worker.start()
    wait_until(lambda: len(_starts(tmp_path)) >= 6)
    worker.stop()
    starts = _starts(tmp_path)
    pauses = [after - before for before, after in pairwise(starts[:6])]
    assert [pause >= least for pause, least in zip(pauses, (0.1, 0.2, 0.4, 0.4, 0.4), strict=True)] == [True] * 5
    time.sleep(0.6)
    assert _starts(tmp_path) == starts


def test_after_a_sound_worker_the_pause_is_short_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded_worker, "FIRST_PAUSE", 0.05)
    monkeypatch.setattr(embedded_worker, "LONGEST_PAUSE", 60.0)
    monkeypatch.setattr(embedded_worker, "SOUND_AFTER", 0.0)
    worker = EmbeddedWorker(launching("date +%s.%N >> starts", tmp_path))
    worker.start()
    wait_until(lambda: len(_starts(tmp_path)) >= 12)
    worker.stop()


def test_a_worker_that_does_not_listen_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded_worker, "STOP_TIMEOUT", 0.3)
    deaf = "trap '' TERM; echo 1 >> starts; while true; do sleep 0.1; done"
    worker = EmbeddedWorker(launching(deaf, tmp_path))
    worker.start()
    wait_until(lambda: _starts(tmp_path) != [])
    worker.stop()
    assert len(_starts(tmp_path)) == 1


def _starts(folder: Path) -> list[float]:
    file = folder / "starts"
    return [float(line) for line in file.read_text().split()] if file.exists() else []


def test_liveness_is_answered_while_every_thread_waits(live: Live) -> None:
    key = live.shop().keys.test_key
    url = f"{live.url}/v1/customers"
    header = {"Authorization": f"Bearer {key}"}
    sent = Request(url, urlencode({"name": "Held"}).encode(), header, method="POST")  # noqa: S310 - our own address
    with ThreadPoolExecutor(8) as pool, _hold_writers(live):
        posts = [pool.submit(lambda: urlopen(sent, timeout=PATIENCE).close()) for _ in range(8)]  # noqa: S310
        # what needs a thread gets none any more
        wait_until(lambda: status(f"{live.url}/health/ready", 0.5) is None)
        began = time.monotonic()
        assert [status(f"{live.url}/health/live") for _ in range(8)] == [200] * 8
        assert time.monotonic() - began < 2
        assert not all(each.done() for each in posts)


@contextmanager
def _hold_writers(live: Live) -> Iterator[None]:
    """Another process, or connection, that stands still while it writes."""
    if live.database.dialect == "sqlite":
        with open(f"{live.database.url.database}.lock", "r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
        return
    with live.database.writer.connect() as connection:
        connection.execute(text("LOCK TABLE customers IN ACCESS EXCLUSIVE MODE"))
        yield
        connection.rollback()


def test_a_disk_that_is_full_is_told(app: Flask, client: FlaskClient) -> None:
    assert client.get("/health/ready").status_code == 200
    with _no_room():
        answer = client.get("/health/ready")
    sqlite = app.extensions["portal"].database.dialect == "sqlite"
    assert answer.status_code == (503 if sqlite else 200)
    assert answer.text.splitlines()[0] == ("not ready" if sqlite else "ok")
    assert "disk of instance: full" in answer.text
    assert client.get("/health/ready").status_code == 200


@contextmanager
def _no_room() -> Iterator[None]:
    """No file of this process can grow, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (disks.ROOM // 2, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize(("since", "status"), [(None, 200), (0, 200), (state.MISSING_AFTER + 1, 503)])
def test_a_worker_of_its_own_that_is_missing_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, since: int | None, status: int
) -> None:
    if since is not None:
        monkeypatch.setenv(state.EMBEDDED_SINCE, str(clock.now() - since))
    app = create_app(from_environment({"PORTAL_INSTANCE": str(tmp_path)}))
    schema.upgrade(app.extensions["portal"].database)
    answer = app.test_client().get("/health/ready")
    assert (answer.status_code, "worker: not seen" in answer.text) == (status, True)
    app.extensions["portal"].database.dispose()


def test_a_body_in_chunks_is_read_up_to_the_limit(live: Live) -> None:
    """The official Go client sends its parameters so."""
    key = live.shop().keys.test_key
    answers = {size: _post_in_chunks(live, key, b"name=Jenny&description=" + b"x" * size) for size in (10, 300 * 1024)}
    assert answers == {10: 200, 300 * 1024: 413}


def _post_in_chunks(live: Live, key: str, body: bytes) -> int:
    """The status of a new customer, whose parameters come in chunks of a kilobyte."""
    chunks = (body[at : at + 1024] for at in range(0, len(body), 1024))
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/x-www-form-urlencoded"}
    connection = HTTPConnection(urlsplit(live.url).netloc, timeout=PATIENCE)
    with closing(connection):
        # a server that has read enough may hang up before the last chunk; its answer is there all the same
        with suppress(ConnectionError):
            connection.request("POST", "/v1/customers", chunks, headers, encode_chunked=True)
        return connection.getresponse().status


def test_the_answer_to_liveness_needs_no_thread_for_others_either(live: Live) -> None:
    """Slow senders hold connections, but no thread."""
    host, port = live.url.removeprefix("http://").split(":")
    slow = [socket.create_connection((host, int(port)), PATIENCE) for _ in range(8)]
    for each in slow:
        each.sendall(b"POST /v1/customers HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\na")
    assert status(f"{live.url}/health/live") == 200
    for each in slow:
        each.close()


class Answering(BaseHTTPRequestHandler):
    """Answers everything."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()


def test_what_waits_for_the_server_waits_for_a_slow_start_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.server.START_TIMEOUT", 0.1)
    port, up = free_port(), threading.Event()
    threading.Thread(target=call_when_up, args=("127.0.0.1", port, up.set), daemon=True).start()
    assert not up.wait(0.5)
    with HTTPServer(("127.0.0.1", port), Answering) as late:
        threading.Thread(target=late.serve_forever, daemon=True).start()
        assert up.wait(10)
        late.shutdown()
