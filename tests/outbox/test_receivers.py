"""Real deliveries of a live server, taken by the official client and by the sample receivers."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import pytest
import stripe

from tests.live import Live, free_port
from tests.outbox.receiving import receiving

TOP = Path(__file__).parent.parent.parent
PATIENCE = 30.0
SAMPLES = {
    "python": [sys.executable, "examples/webhook_receiver.py"],
    "node": ["node", "examples/webhook_receiver.mjs"],
    "official node client": ["node", "tests/node/receiver.mjs"],
}


def test_the_official_client_verifies_what_a_live_server_sends(served: Live) -> None:
    shop = served.shop()
    client = stripe.StripeClient(shop.keys.test_key, base_addresses={"api": served.url})
    with receiving() as receiver:
        made = client.v1.webhook_endpoints.create({"url": receiver.url, "enabled_events": ["customer.created"]})
        begun = time.time()
        customer = client.v1.customers.create({"name": "Jenny Rosen"})
        _wait_until(lambda: receiver.requests)
        client.v1.webhook_endpoints.delete(made.id)
    request = receiver.requests[0]
    event = client.construct_event(request.body, request.headers["Stripe-Signature"], made.secret or "")
    assert (event.type, event.data.object.id) == ("customer.created", customer.id)
    assert begun - 1 <= request.at


@pytest.mark.parametrize("language", ["python", "node"])
def test_a_sample_receiver_without_a_secret_says_what_it_needs(language: str) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "PORTAL_WEBHOOK_SECRET"}
    command = [*SAMPLES[language], "4242"]
    ended = subprocess.run(command, cwd=TOP, env=environment, capture_output=True, text=True, timeout=PATIENCE)
    assert (ended.returncode, "PORTAL_WEBHOOK_SECRET=whsec_…" in ended.stderr) == (1, True)


@pytest.mark.parametrize("language", sorted(SAMPLES))
def test_a_sample_receiver_takes_an_event_once(served: Live, tmp_path: Path, language: str) -> None:
    shop = served.shop()
    client = stripe.StripeClient(shop.keys.test_key, base_addresses={"api": served.url})
    port = free_port()
    made = client.v1.webhook_endpoints.create(
        {"url": f"http://127.0.0.1:{port}/", "enabled_events": ["customer.created"]}
    )
    with _running(language, port, made.secret or "", tmp_path / "said") as said:
        customer = client.v1.customers.create({"name": "Jenny Rosen"})
        _wait_until(lambda: customer.id in said())
        event = client.v1.events.list({"type": "customer.created"}).data[0]
        client.raw_request("post", f"/v1/events/{event.id}/retry")
        _wait_until(lambda: client.v1.events.retrieve(event.id).pending_webhooks == 0)
        assert said().splitlines() == [f"{event.id} customer.created {customer.id}"]
        with pytest.raises(HTTPError, match="400"):
            urlopen(Request(f"http://127.0.0.1:{port}/", b"{}", {"Stripe-Signature": "t=1,v1=00"}))
    client.v1.webhook_endpoints.delete(made.id)


@contextmanager
def _running(language: str, port: int, secret: str, file: Path) -> Iterator[Callable[[], str]]:
    with file.open("w") as said:
        environment = {**os.environ, "PORTAL_WEBHOOK_SECRET": secret}
        receiver = subprocess.Popen([*SAMPLES[language], str(port)], cwd=TOP, env=environment, stdout=said)
    try:
        _wait_until(lambda: _answers(port))
        yield file.read_text
    finally:
        receiver.terminate()
        receiver.wait(PATIENCE)


def _answers(port: int) -> bool:
    try:
        urlopen(Request(f"http://127.0.0.1:{port}/", b"{}"), timeout=1)
    except HTTPError:
        return True
    except URLError:
        return False
    return False


def _wait_until(holds: Callable[[], object]) -> None:
    give_up = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < give_up
        time.sleep(0.02)
