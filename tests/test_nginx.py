"""The shipped nginx file before the portal: what it lets through, what it limits, and that it logs no secret."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from portal import logs
from portal.request_sizes import IDLE_SECONDS, MAX_BODY, MAX_HEAD, MAX_REPORT, MAX_UPLOAD
from tests.live import Live, free_port

TOP = Path(__file__).parent.parent
SHIPPED = (TOP / "deploy" / "nginx.conf").read_text()
PATIENCE = 10.0


class _Connection(HTTPSConnection):
    """To the portal's public name, which is this machine here."""

    def connect(self) -> None:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        plain = socket.create_connection(("127.0.0.1", self.port), PATIENCE)
        self.sock = context.wrap_socket(plain, server_hostname=self.host)


@dataclass(frozen=True)
class Front:
    """An nginx with the shipped file, on ports of its own."""

    port: int
    folder: Path

    def ask(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, bytes]:
        """Status and body of an answer through it."""
        connection = _Connection("billing.example.com", self.port)
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, content

    def logged(self, lines: int) -> list[dict[str, str]]:
        """The newest lines of the access log, once so many are there."""
        ends = time.monotonic() + PATIENCE
        while True:
            found = (self.folder / "portal.log").read_text().splitlines()
            if len(found) >= lines or time.monotonic() > ends:
                return [json.loads(line) for line in found[-lines:]]
            time.sleep(0.05)


@pytest.fixture(scope="module")
def front(live_server: Live, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """nginx before the live portal."""
    with nginx_before(live_server.url, tmp_path_factory.mktemp("nginx")) as found:
        yield found


@contextmanager
def nginx_before(url: str, folder: Path) -> Iterator[Front]:
    """The shipped file before a portal; hosts and ports are changed, nothing else."""
    plain, port = free_port(), free_port()
    _write_certificate(folder)
    changed = {
        "server 127.0.0.1:8000": f"server {url.removeprefix('http://')}",
        "/etc/nginx/portal/": f"{folder}/",
        "/var/log/nginx/": f"{folder}/",
        "listen 80": f"listen 127.0.0.1:{plain}",
        "listen 443": f"listen 127.0.0.1:{port}",
        "proxy_set_header Host              $host": f"proxy_set_header Host {url.removeprefix('http://')}",
    }
    text = re.sub(r"^ *listen \[::\].*\n", "", SHIPPED, flags=re.MULTILINE)
    for before, after in changed.items():
        assert before in text
        text = text.replace(before, after)
    (folder / "portal.conf").write_text(text)
    (folder / "nginx.conf").write_text(_main_settings(folder))
    server = subprocess.Popen([_program(), "-c", str(folder / "nginx.conf"), "-g", "daemon off;"])
    found = Front(port, folder)
    try:
        _await_answer(found)
        yield found
    finally:
        server.terminate()
        server.wait(PATIENCE)


def test_no_secret_reaches_the_log(front: Front) -> None:
    sent = {path: secrets.token_urlsafe(24) for path in logs.SECRET_PATHS}
    for path, secret in sent.items():
        front.ask("GET", f"/{path}/{secret}/pdf?token={secret}", headers={"Referer": f"https://a.example/{secret}"})
    text = "".join(line["path"] for line in front.logged(len(sent)))
    assert not [path for path, secret in sent.items() if secret in (front.folder / "portal.log").read_text()]
    assert all(f"/{path}/***" in text for path in sent)


def test_the_file_masks_the_paths_that_the_portal_masks() -> None:
    (masked,) = re.findall(r"\(\?<portal_kind>([^)]*)\)", SHIPPED)
    assert set(masked.split("|")) == set(logs.SECRET_PATHS)


def test_the_manual_names_the_paths_that_the_portal_masks() -> None:
    (line,) = re.findall(
        r"log no secret: mask what follows (.*?), leave", (TOP / "docs/deployment.md").read_text(), re.S
    )
    assert set(re.findall(r"`/([^`]*)/`", line)) == set(logs.SECRET_PATHS)


@pytest.mark.parametrize(
    ("path", "size", "status"),
    [
        ("/v1/customers", MAX_BODY - 1024, 401),
        ("/v1/customers", MAX_BODY + 1024, 413),
        ("/v1/files", MAX_BODY + 1024, 401),
        ("/v1/files", MAX_UPLOAD - 1024, 401),
        ("/v1/files", MAX_UPLOAD + 1024, 413),
    ],
)
def test_limits_of_size_are_those_of_the_portal(front: Front, path: str, size: int, status: int) -> None:
    """Without a key, so that only who let the request through can answer 401."""
    found, body = front.ask("POST", path, b"a" * size, {"Content-Type": "application/x-www-form-urlencoded"})
    assert found == status, body[:200]
    assert json.loads(body)["error"]["type"] == "invalid_request_error"


def test_the_file_says_the_sizes_that_the_portal_says() -> None:
    sizes = {"k": 1024, "m": 1024 * 1024}
    bodies = [int(number) * sizes[unit] for number, unit in re.findall(r"client_max_body_size +(\d+)([km]);", SHIPPED)]
    assert sorted(bodies) == [MAX_REPORT, MAX_BODY, MAX_UPLOAD]
    buffers = [
        int(number) * sizes[unit] for number, unit in re.findall(r"client_body_buffer_size +(\d+)([km]);", SHIPPED)
    ]
    assert sorted(buffers) == [MAX_BODY, MAX_UPLOAD]
    ((count, each),) = re.findall(r"large_client_header_buffers (\d+) (\d+)k;", SHIPPED)
    assert int(count) * int(each) * 1024 <= MAX_HEAD - 2 * 1024, "its own headers have to fit in, too"
    assert f"larger than {MAX_BODY // 1024} KiB" in SHIPPED
    assert f"larger than {MAX_UPLOAD // 1024**2} MiB" in SHIPPED
    manual = (TOP / "docs/deployment.md").read_text()
    assert f"at most {MAX_BODY // 1024} KiB of body and {int(count) * int(each)} KiB of headers" in manual


def test_connections_to_the_portal_are_closed_by_the_proxy_first() -> None:
    (seconds,) = re.findall(r"upstream portal \{[^}]*keepalive_timeout (\d+)s;", SHIPPED)
    assert int(seconds) < IDLE_SECONDS


@pytest.mark.parametrize(("size", "refused"), [(11 * 1024, False), (MAX_HEAD + 1024, True)])
def test_limits_of_headers_are_met_by_the_proxy(front: Front, live_server: Live, size: int, refused: bool) -> None:
    """In lines that fit into its buffers. The portal takes more than the proxy, and has a limit too."""
    headers = {f"X-Filler-{number}": "a" * 1000 for number in range(size // 1024)}
    assert (front.ask("GET", "/v1/customers", headers=headers)[0] == 400) is refused
    bare = HTTPConnection(live_server.url.removeprefix("http://"), timeout=PATIENCE)
    bare.request("GET", "/v1/customers", headers=headers)
    assert (bare.getresponse().status in {400, 431}) is refused
    bare.close()


def test_reports_of_strangers_are_limited(front: Front) -> None:
    answers = [
        front.ask("POST", "/csp-report", b"{}", {"Content-Type": "application/csp-report"})[0] for _ in range(20)
    ]
    assert answers.count(429) > 5


def test_a_client_of_too_many_connections_is_told_to_ask_again(front: Front) -> None:
    waiting = [_Connection("billing.example.com", front.port) for _ in range(101)]
    try:
        for each in waiting:
            each.putrequest("POST", "/v1/customers")
            each.putheader("Content-Length", "1")
            each.endheaders()  # the body never comes, so the connection stays in use
        answer = waiting[-1].getresponse()
        assert (answer.status, json.loads(answer.read())["error"]["code"]) == (429, "rate_limit")
        assert (answer.headers["Retry-After"], answer.headers["Stripe-Should-Retry"]) == ("1", "true")
    finally:
        for each in waiting:
            each.close()


def _write_certificate(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "billing.example.com")])
    now = datetime.now().astimezone()
    made = x509.CertificateBuilder(
        name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1)
    )
    (folder / "fullchain.pem").write_bytes(made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "privkey.pem").write_bytes(private)


def _main_settings(folder: Path) -> str:
    paths = "\n".join(
        f"{name}_temp_path {folder}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "user root;" if os.geteuid() == 0 else ""
    return f"""
{user}
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ }}
http {{
    {paths}
    include {folder}/portal.conf;
}}
"""


def _await_answer(front: Front) -> None:
    ends = time.monotonic() + PATIENCE
    while time.monotonic() < ends:
        try:
            front.ask("GET", "/health/live")
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"nginx did not start: {(front.folder / 'error.log').read_text()}")


def _program() -> str:
    found = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if found is None:
        raise RuntimeError("The tests need nginx: apt-get install nginx-light")
    return found
