"""A sample webhook receiver: verifies the signature, takes each event once, answers at once.

    PORTAL_WEBHOOK_SECRET=whsec_… python examples/webhook_receiver.py 4242

Events may arrive twice, always with the same id; a real receiver keeps the ids in its database, in the
transaction in which it does the work. With the official library the check is one call:
`stripe.Webhook.construct_event(body, signature, secret)`.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOLERANCE = 300  # seconds between the clocks, after which a captured request is worth nothing
SECRET = os.environ.get("PORTAL_WEBHOOK_SECRET", "")
seen: set[str] = set()


def is_genuine(body: bytes, signature: str, secret: str, now: float) -> bool:
    """Whether one of the signatures in `Stripe-Signature` is ours, and fresh."""
    parts = [part.split("=", 1) for part in signature.split(",") if "=" in part]
    moment = next((value for name, value in parts if name == "t"), "")
    if not moment.isdigit() or abs(now - int(moment)) > TOLERANCE:
        return False
    expected = hmac.new(secret.encode(), moment.encode() + b"." + body, hashlib.sha256).hexdigest()
    return any(name == "v1" and hmac.compare_digest(expected, value) for name, value in parts)


def take(event: dict[str, Any]) -> None:
    """What the app does with an event."""
    print(event["id"], event["type"], event["data"]["object"]["id"], flush=True)


class Receiver(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if not is_genuine(body, self.headers.get("Stripe-Signature", ""), SECRET, time.time()):
            print("refused: the signature is not made with PORTAL_WEBHOOK_SECRET, or is old", file=sys.stderr)
            return self.answer(400)
        event = json.loads(body)
        if event["id"] not in seen:
            take(event)
            seen.add(event["id"])
        return self.answer(204)

    def answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Say only what arrived."""


if __name__ == "__main__":
    if not SECRET or len(sys.argv) != 2:
        sys.exit("PORTAL_WEBHOOK_SECRET=whsec_… python examples/webhook_receiver.py 4242")
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver).serve_forever()
