"""Requests go to public addresses, whole within their time, and leave nothing behind."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from portal.outbox import webhook_client, webhook_connections
from portal.outbox.webhook_client import WebhookClient
from tests.outbox.receiving import Receiver

HERE = "localhost 127.0.0.1 127.1.2.3 0.0.0.0 [::1] [::] [::ffff:127.0.0.1] [64:ff9b::7f00:1]"
INSIDE = "10.0.0.1 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1 192.0.0.8 224.0.0.1 [fe80::1] [fd00::1] [ff02::1]"


@pytest.mark.parametrize("host", [*HERE.split(), *INSIDE.split()])
def test_only_public_addresses_are_reached(receiver: Receiver, host: str) -> None:
    url = receiver.url.replace("127.0.0.1", host)
    answer = WebhookClient([], connections=1).post(url, b"{}", {}, 0)
    assert (answer.status, answer.failure) == (None, "The host's address is not a public one.")
    assert receiver.requests == []


def test_a_host_that_is_named_is_reached_inside(receiver: Receiver) -> None:
    assert WebhookClient(["127.0.0.1"], connections=1).post(receiver.url, b"{}", {}, 0).is_accepted
    assert not WebhookClient(["127.0.0.2"], connections=1).post(receiver.url, b"{}", {}, 0).is_accepted


def test_no_cookie_comes_back(receiver: Receiver) -> None:
    receiver.answer = lambda request: (200, {"Set-Cookie": "a=b"}, b"")
    client = WebhookClient(["127.0.0.1"], connections=1)
    for _ in range(2):
        client.post(receiver.url, b"{}", {}, 0)
    assert [each.headers.get("Cookie") for each in receiver.requests] == [None, None]


def test_what_nobody_answers_is_told(dripping: str) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    answer = WebhookClient(["127.0.0.1"], connections=1).post(f"http://127.0.0.1:{port}/", b"{}", {}, 0)
    assert answer.status is None
    assert "refused" in (answer.failure or "")


def test_an_answer_that_drips_is_cut(dripping: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook_client, "LIMIT", 0.3)
    answer = WebhookClient(["127.0.0.1"], connections=1).post(dripping, b"{}", {}, 0)
    assert "No whole answer" in (answer.failure or "")
    assert 300 <= answer.duration < 5000


def test_a_connection_serves_until_the_receiver_closes_it() -> None:
    with answering(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", requests_each=2) as (url, accepted):
        client = WebhookClient(["127.0.0.1"], connections=1)
        assert [client.post(url, b"{}", {}, 0).body for _ in range(5)] == ["ok"] * 5
    assert len(accepted) == 3


@pytest.mark.parametrize("encrypted", [False, True])
def test_what_comes_as_the_receiver_closes_a_connection_goes_on_another(
    trusted: ssl.SSLContext, encrypted: bool
) -> None:
    ok = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    with answering(ok, requests_each=1, closes_late=True, tls=trusted if encrypted else None) as (url, accepted):
        client = WebhookClient(["127.0.0.1"], connections=1)
        assert [client.post(url, b"{}", {}, 0).body for _ in range(3)] == ["ok"] * 3
    assert len(accepted) == 3


def test_a_long_answer_is_kept_in_part_and_its_connection_is_not() -> None:
    with answering(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + b"x" * 5000) as (url, accepted):
        client = WebhookClient(["127.0.0.1"], connections=1)
        assert [client.post(url, b"{}", {}, 0).body for _ in range(2)] == ["x" * 1024] * 2
    assert len(accepted) == 2


def test_an_answer_that_is_cut_off_is_none() -> None:
    with answering(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nthanks", requests_each=1) as (url, _):
        answer = WebhookClient(["127.0.0.1"], connections=1).post(url, b"{}", {}, 0)
    assert (answer.status, answer.failure) == (None, "IncompleteRead: IncompleteRead(6 bytes read, 44 more expected)")


def test_no_more_connections_wait_than_are_meant_to() -> None:
    ok = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    with answering(ok) as (one, accepted), answering(ok) as (other, _):
        client = WebhookClient(["127.0.0.1"], connections=1)
        assert all(client.post(url, b"{}", {}, 0).is_accepted for url in (one, other, one))
    assert len(accepted) == 2


def test_certificates_have_to_be_trusted_and_of_the_host(tmp_path: Path, trusted: ssl.SSLContext) -> None:
    ok, client = (
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
        WebhookClient(["127.0.0.1", "localhost"], connections=1),
    )
    with answering(ok, tls=server_context(certificate_of("127.0.0.1", tmp_path / "other"))) as (url, _):
        assert "self-signed certificate" in (client.post(url, b"{}", {}, 0).failure or "")
    with answering(ok, tls=trusted) as (url, _):
        assert client.post(url, b"{}", {}, 0).is_accepted
        other = client.post(url.replace("127.0.0.1", "localhost"), b"{}", {}, 0)
        assert "Hostname mismatch" in (other.failure or "")


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ssl.SSLContext]:
    """What a server of 127.0.0.1 needs whose certificate the client trusts."""
    certificate = certificate_of("127.0.0.1", tmp_path)
    monkeypatch.setattr(webhook_connections, "DEFAULT_CA_BUNDLE_PATH", certificate)
    webhook_connections._tls_context.cache_clear()
    yield server_context(certificate)
    webhook_connections._tls_context.cache_clear()


def server_context(certificate: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@contextmanager
def answering(
    answer: bytes, *, requests_each: int = 100, closes_late: bool = False, tls: ssl.SSLContext | None = None
) -> Iterator[tuple[str, list[str]]]:
    """A server that answers so many requests on each connection, and closes it; and the connections it has taken.

    Where it `closes_late`, that is when another request has come.
    """
    accepted: list[str] = []

    def serve(server: socket.socket) -> None:
        with suppress(OSError):
            while True:
                connection, address = server.accept()
                accepted.append(str(address))
                threading.Thread(target=talk, args=(connection,), daemon=True).start()

    def talk(plain: socket.socket) -> None:
        with suppress(OSError), plain, tls.wrap_socket(plain, server_side=True) if tls else plain as connection:
            for _ in range(requests_each):
                received = b""
                while not received.endswith(b"{}"):
                    if not (more := connection.recv(4096)):
                        return
                    received += more
                connection.sendall(answer)
            if closes_late:
                connection.recv(4096)

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve, args=(server,), daemon=True)
        thread.start()
        scheme = "https" if tls else "http"
        yield f"{scheme}://127.0.0.1:{server.getsockname()[1]}/", accepted
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


def certificate_of(address: str, folder: Path) -> str:
    """A self-signed certificate of an address with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, address)])
    start = datetime.now(UTC) - timedelta(days=1)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=9))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    plain = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    folder.mkdir(exist_ok=True)
    file = folder / "certificate.pem"
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, *plain) + made.public_bytes(serialization.Encoding.PEM)
    )
    return str(file)


@pytest.fixture
def dripping() -> Iterator[str]:
    """A server that sends a byte of its headers at a time, and never ends."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        ended = threading.Event()

        def drip() -> None:
            with suppress(OSError):
                connection, _ = server.accept()
                with connection:
                    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
                    while not ended.is_set():
                        connection.sendall(b"x")
                        time.sleep(0.02)

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"
        ended.set()
        server.shutdown(socket.SHUT_RDWR)
        thread.join()
