"""A small server that charges as Stripe does: the calls that the provider makes, with memory and idempotency keys."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlparse

import qs_codec

#: By the name of a method: code and decline code of what is refused.
REFUSALS = {
    "pm_declined": ("card_declined", "insufficient_funds"),
    "pm_stolen": ("card_declined", "stolen_card"),
    "pm_confirm": ("authentication_required", "authentication_required"),
}


#: One of each that is asked for by its name.
EXAMPLES: dict[str, dict[str, Any]] = {
    "cs_test_1": {
        "id": "cs_test_1",
        "object": "checkout.session",
        "status": "open",
        "mode": "setup",
        "url": "https://checkout.stripe.com/cs_test_1",
    },
    "pi_1": {"id": "pi_1", "object": "payment_intent", "status": "processing", "amount": 1},
    "dp_1": {"id": "dp_1", "object": "dispute", "status": "needs_response", "payment_intent": "pi_1"},
    "re_1": {"id": "re_1", "object": "refund", "status": "succeeded", "amount": 1, "payment_intent": "pi_1"},
}


@dataclass
class StripePeer:
    """What the server knows. With `drops` it does what it is asked, and closes the connection without an answer.

    With `refuses` it takes no answers to disputes; `slow` seconds pass before each answer.
    """

    address: str = ""
    kept: dict[str, dict[str, Any]] = field(default_factory=dict)
    answers: dict[str, tuple[int, dict[str, Any]]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    drops: int = 0
    refuses: bool = False
    slow: float = 0

    def charged(self) -> int:
        """How much has been charged and not been given back."""
        given = sum(each["amount"] for each in self.kept.values() if each["object"] == "refund")
        taken = [each for each in self.kept.values() if each["object"] == "payment_intent"]
        return sum(each["amount"] for each in taken if each["status"] == "succeeded") - given

    def pages(self, mode: str) -> list[dict[str, Any]]:
        """The pages that were made, the newest last."""
        found = [each for each in self.kept.values() if each["object"] == "checkout.session"]
        return [each for each in found if each["mode"] == mode]

    def give_card(self, page: str, method: str = "pm_ok") -> None:
        """What a customer does on a page in setup mode."""
        setup = {"payment_method": _describe_card(method)}
        self.kept[page] |= {"status": "complete", "customer": "cus_peer", "setup_intent": setup}

    def pay(self, page: str) -> None:
        """What a customer does on a page in payment mode."""
        session = self.kept[page]
        price = session["line_items"][0]["price_data"]
        about = session["payment_intent_data"]["metadata"]
        intent = self._intent(int(price["unit_amount"]), price["currency"], about)
        intent["payment_method"] = _describe_card("pm_given")
        self.kept[page] |= {"status": "complete", "customer": "cus_peer", "payment_intent": intent["id"]}

    def dispute(self, intent: str, status: str = "needs_response", amount: int | None = None) -> dict[str, Any]:
        """What the bank of a customer does, by default about the whole payment; answers with the dispute."""
        self.kept[intent]["latest_charge"]["disputed"] = True
        told = {"amount": amount or self.kept[intent]["amount"], "evidence_details": {"submission_count": 0}}
        return self._keep("dispute", "du", payment_intent=intent, status=status, **told)

    def answer(self, method: str, path: str, sent: dict[str, Any], key: str | None) -> tuple[int, dict[str, Any]]:
        """The status and the object of a call; with the same key, the first one again."""
        self.asked.append(f"{method} {path}")
        if key and key in self.answers:
            return self.answers[key]
        made = self._make(path, sent) if method == "POST" else self._find(path, sent)
        if key:
            self.answers[key] = made
        return made

    def _make(self, path: str, sent: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if path == "/v1/checkout/sessions":
            session = self._keep("checkout.session", "cs", status="open", **sent)
            session["url"] = f"https://checkout.stripe.com/{session['id']}"
            return 200, session
        if path.endswith("/expire"):
            return self._expire(path.split("/")[-2])
        if path.startswith("/v1/disputes/"):
            return self._answer_dispute(path.split("/")[3], sent, closes=path.endswith("/close"))
        if path == "/v1/refunds":
            return 200, self._keep("refund", "re", status="succeeded", **sent | {"amount": int(sent["amount"])})
        if refused := REFUSALS.get(sent["payment_method"]):
            intent = self._keep("payment_intent", "pi", status="requires_payment_method", amount=0)
            error = {"type": "card_error", "code": refused[0], "decline_code": refused[1], "message": "No."}
            intent["last_payment_error"] = error
            return 402, {"error": {**error, "payment_intent": intent}}
        return 200, self._intent(int(sent["amount"]), sent["currency"], sent["metadata"])

    def _find(self, path: str, sent: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        noun, _, id = path.removeprefix("/v1/").rpartition("/")
        if path in {"/v1/disputes", "/v1/refunds"}:
            type = path.removeprefix("/v1/").rstrip("s")
            found = [each for each in self.kept.values() if each["object"] == type]
            mine = [each for each in found if each["payment_intent"] == sent["payment_intent"]]
            return 200, {"object": "list", "data": mine, "has_more": False, "url": path}
        if id == "search":
            found = [each for each in self.kept.values() if each["object"] == "payment_intent"]
            mine = [each for each in found if each.get("metadata", {}).get("portal_id", "-") in sent["query"]]
            return 200, {"object": "search_result", "data": mine, "has_more": False, "url": path}
        if id not in self.kept:
            return 404, {"error": {"type": "invalid_request_error", "code": "resource_missing", "message": noun}}
        found_one = self.kept[id]
        if isinstance(found_one.get("payment_intent"), str) and found_one["object"] == "checkout.session":
            return 200, found_one | {"payment_intent": self.kept[found_one["payment_intent"]]}
        return 200, found_one

    def _answer_dispute(self, id: str, sent: dict[str, Any], *, closes: bool) -> tuple[int, dict[str, Any]]:
        dispute = self.kept[id]
        if self.refuses:
            return 400, {"error": {"type": "invalid_request_error", "message": "Not by this key."}}
        if dispute["status"] not in {"needs_response", "warning_needs_response"}:
            return 400, {"error": {"type": "invalid_request_error", "message": "This dispute is already closed."}}
        warning = "warning_" if dispute["status"].startswith("warning_") else ""
        if closes:
            dispute["status"] = "warning_closed" if warning else "lost"
        else:
            count = dispute["evidence_details"]["submission_count"] + 1
            dispute |= {"status": f"{warning}under_review", "evidence": sent["evidence"]}
            dispute["evidence_details"] = {"submission_count": count}
        return 200, dispute

    def _expire(self, id: str) -> tuple[int, dict[str, Any]]:
        if self.kept[id]["status"] != "open":
            return 400, {"error": {"type": "invalid_request_error", "message": "Only open sessions can be expired."}}
        self.kept[id]["status"] = "expired"
        return 200, self.kept[id]

    def _intent(self, amount: int, currency: str, metadata: dict[str, str]) -> dict[str, Any]:
        about = {"amount": amount, "currency": currency, "metadata": metadata}
        return self._keep("payment_intent", "pi", status="succeeded", latest_charge={"disputed": False}, **about)

    def _keep(self, object: str, prefix: str, **values: Any) -> dict[str, Any]:
        id = f"{prefix}_peer{len(self.kept) + 1}"
        self.kept[id] = {**values, "id": id, "object": object}
        return self.kept[id]


def _describe_card(method: str) -> dict[str, Any]:
    words = {"brand": "visa", "country": "DE", "fingerprint": "f", "funding": "credit", "last4": "4242"}
    card = {**words, "exp_month": 12, "exp_year": 2030}
    return {"id": method, "card": card, "billing_details": {"name": "Jenny Rosen"}}


@contextmanager
def running() -> Iterator[StripePeer]:
    """The server, on loopback, as long as the block lasts."""
    peer = StripePeer()
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def _do(self) -> None:
            url = urlparse(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            sent = qs_codec.decode(body) if body else {key: each[-1] for key, each in parse_qs(url.query).items()}
            time.sleep(peer.slow)
            with lock:
                status, made = peer.answer(self.command, url.path, sent, self.headers.get("Idempotency-Key"))
                if peer.drops:
                    peer.drops -= 1
                    self.close_connection = True
                    return
            content = json.dumps(made).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = _do

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing is printed."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    peer.address = f"http://127.0.0.1:{server.server_port}"
    try:
        yield peer
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
