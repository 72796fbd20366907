"""R9, R10 and R11: bodies that are too large, connections that are too slow, and what unpacks to much more."""

from __future__ import annotations

import io
import socket
import ssl
import threading
import time
import zlib
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from http.client import HTTPConnection, HTTPException, HTTPSConnection

from tests.long_look.figures import Figure, Outcome, Run
from tests.long_look.sites import serving
from tests.long_look.soak import Size
from tests.test_nginx import nginx_before
from tests.torture.killing import Portal

_TRUSTING = ssl._create_unverified_context()  # noqa: S323 - our own server, on loopback
#: The name in the file of the proxy as it is shipped.
HOST = "billing.example.com"
BODY, PIECE = 100 << 20, b"a" * (1 << 16)


def measure_bodies(run: Run) -> Outcome:
    """Twenty at once send a hundred megabytes, half of them in chunks."""
    sent, longest, wrong = 0, 0.0, list[str]()
    with serving(run) as portal, ThreadPoolExecutor(20) as pool:
        portal.post("customers", name="Ada")
        before = Size.of(portal)
        while run.goes_on(sent, 200):
            for status, seconds in pool.map(lambda number: _send_large(portal, chunked=bool(number % 2)), range(20)):
                sent += 1
                longest = max(longest, seconds)
                wrong += [] if status in {400, 411, 413} else [f"answered {status}"]
        grown = Size.of(portal).memory - before.memory
    wrong += [f"refused after {longest:.1f} s"] if longest > 1 else []
    wrong += [f"memory grew by {grown:.0f} MiB"] if grown > 64 else []
    return Outcome({"bodies": sent, "longest s": round(longest, 2), "memory MiB": round(max(grown, 0))}, tuple(wrong))


def _send_large(portal: Portal, *, chunked: bool) -> tuple[int, float]:
    """The status, and seconds from the last byte that was taken until it came."""
    length = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {BODY}"
    head = f"POST /v1/customers HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {portal.key}\r\n"
    head += f"Content-Type: application/x-www-form-urlencoded\r\n{length}\r\n\r\n"
    with closing(socket.create_connection(("127.0.0.1", portal.port), timeout=30)) as connection:
        began = time.monotonic()
        with suppress(OSError):
            connection.sendall(head.encode())
            connection.settimeout(1)
            for _ in range(BODY // len(PIECE)):
                connection.sendall(b"%x\r\n%s\r\n" % (len(PIECE), PIECE) if chunked else PIECE)
                began = time.monotonic()
        connection.settimeout(30)
        try:
            answer = connection.recv(4096)
        except OSError:
            # it was closed with bytes under way, which is a refusal too
            return 413, time.monotonic() - began
        return int(answer.split()[1]) if answer else 413, time.monotonic() - began


def measure_slow(run: Run) -> Outcome:
    """Connections that send a byte now and then, through the proxy as it is shipped, from many addresses."""
    count, minutes = run.count or 1000, run.minutes or 5
    probes, late, ended = 0, 0, threading.Event()
    (run.folder / "nginx").mkdir()
    with ExitStack() as stack:
        portal = stack.enter_context(serving(run))
        front = stack.enter_context(nginx_before(f"http://127.0.0.1:{portal.port}", run.folder / "nginx"))
        slow = [stack.enter_context(closing(_open_slow(front.port, number))) for number in range(count)]
        dripping = threading.Thread(target=_drip, args=(slow, ended))
        dripping.start()
        until = time.monotonic() + minutes * 60
        while time.monotonic() < until and not run.told_to_end:
            probes += 1
            late += not _answers_in_time(front.port)
            time.sleep(0.2)
        ended.set()
        dripping.join()
    good = 100 * (1 - late / max(probes, 1))
    wrong = (f"only {good:.1f} % of the probes were answered within a second",) if good < 99 else ()
    return Outcome({"slow connections": count, "probes": probes, "late probes": late}, wrong)


def _open_slow(port: int, number: int) -> socket.socket:
    # nginx lets one address have so many connections only
    own = (f"127.{2 + number // 20 // 250}.{number // 20 % 250}.1", 0)
    plain = socket.create_connection(("127.0.0.1", port), timeout=10, source_address=own)
    connection = _TRUSTING.wrap_socket(plain, server_hostname=HOST)
    head = f"POST /v1/customers HTTP/1.1\r\nHost: {HOST}\r\n"
    body = "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 5000\r\n\r\n"
    connection.sendall((head + (body if number % 2 else "X-A: ")).encode())
    return connection


def _drip(connections: list[socket.socket], ended: threading.Event) -> None:
    while not ended.wait(5):
        for each in connections:
            with suppress(OSError):
                each.sendall(b"a")


def _new_probe(port: int) -> HTTPSConnection:
    connection = HTTPSConnection(HOST, port, timeout=1)
    plain = socket.create_connection(("127.0.0.1", port), timeout=1)
    connection.sock = _TRUSTING.wrap_socket(plain, server_hostname=HOST)
    return connection


def _answers_in_time(port: int) -> bool:
    with suppress(OSError, HTTPException), closing(_new_probe(port)) as connection:
        connection.request("GET", "/robots.txt")
        with connection.getresponse() as answer:
            return answer.status == 200
    return False


def measure_bombs(run: Run) -> Outcome:
    """Pictures and bodies that unpack to much more than they are."""
    bombs, wrong = 0, list[str]()
    with serving(run) as portal:
        portal.post("customers", name="Ada")
        for _ in range(10):
            # each process loads what reads pictures
            _upload(portal, _png(10, 10))
        before, longest = Size.of(portal), 0.0
        while run.goes_on(bombs, 100):
            for content in (_png(60_000, 60_000), _png(10, 10, b"zTXt"), _png(10, 10, b"iCCP")):
                began = time.monotonic()
                status = _upload(portal, content)
                longest = max(longest, time.monotonic() - began)
                wrong += [] if status < 500 else [f"a picture was answered {status}"]
                bombs += 1
            status = _send_packed(portal)
            wrong += [] if status == 400 else [f"a packed body was answered {status}"]
            bombs += 1
        grown = Size.of(portal).memory - before.memory
    wrong += [f"memory grew by {grown:.0f} MiB"] if grown > 64 else []
    return Outcome({"bombs": bombs, "longest s": round(longest, 2), "memory MiB": round(max(grown, 0))}, tuple(wrong))


def _png(width: int, height: int, chunk: bytes = b"") -> bytes:
    """A picture of one colour; with a chunk that unpacks to fifty megabytes."""

    def part(name: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + name + data + zlib.crc32(name + data).to_bytes(4, "big")

    head = part(b"IHDR", width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([8, 0, 0, 0, 0]))
    extra = part(chunk, b"bomb\0\0" + zlib.compress(bytes(50 << 20), 9)) if chunk else b""
    rows = zlib.compress(bytes((width + 1) * min(height, 2000)), 9)
    return b"\x89PNG\r\n\x1a\n" + head + extra + part(b"IDAT", rows) + part(b"IEND", b"")


def _upload(portal: Portal, content: bytes) -> int:
    out = io.BytesIO()
    out.write(b'--x\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nbusiness_logo\r\n--x\r\n')
    out.write(b'Content-Disposition: form-data; name="file"; filename="logo.png"\r\nContent-Type: image/png\r\n\r\n')
    out.write(content + b"\r\n--x--\r\n")
    return _post(portal, "/v1/files", out.getvalue(), {"Content-Type": "multipart/form-data; boundary=x"})


def _send_packed(portal: Portal) -> int:
    packed = zlib.compress(b"name=" + b"a" * (50 << 20), 9)
    form = {"Content-Type": "application/x-www-form-urlencoded", "Content-Encoding": "deflate"}
    return _post(portal, "/v1/customers", packed, form)


def _post(portal: Portal, path: str, body: bytes, headers: dict[str, str]) -> int:
    login = b64encode(f"{portal.key}:".encode()).decode()
    with closing(HTTPConnection("127.0.0.1", portal.port, timeout=30)) as connection:
        connection.request("POST", path, body, {"Authorization": f"Basic {login}", **headers})
        with connection.getresponse() as answer:
            answer.read()
            return answer.status


FIGURES = [
    Figure(
        "R9",
        "A body of 100 MB, its size told or not, is refused within a second of what was read, by twenty at once, and"
        " memory grows by less than 32 MiB for each process that answers.",
        {"bodies": 200},
        measure_bodies,
        databases=("sqlite",),
        tests=("tests/test_server.py",),
    ),
    Figure(
        "R10",
        "While 1,000 connections send a byte now and then, 99 of 100 others are answered within a second, by the set-up"
        " that is shipped.",
        {"slow connections": 1000, "probes": 1000},
        measure_slow,
        databases=("sqlite",),
        tests=("tests/hosted/test_slow_readers.py", "tests/test_nginx.py"),
    ),
    Figure(
        "R11",
        "What unpacks to much more than it is, as a body or a picture, is refused, and memory grows by less than 32 MiB"
        " for each process that answers.",
        {"bombs": 100},
        measure_bombs,
        databases=("sqlite",),
        tests=("tests/documents/test_hostile.py",),
    ),
]
