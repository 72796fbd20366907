"""Requests go to public addresses, whole within their time, and leave nothing behind."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from portal.outbox import webhook_client
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
