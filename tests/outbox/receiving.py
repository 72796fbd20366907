"""A merchant's own server on this machine, which takes, refuses or ignores what it is sent."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

#: What a request is answered with: a status, headers, and a body.
Answer = tuple[int, dict[str, str], bytes]
OK: Answer = (200, {}, b"thanks")


@dataclass(frozen=True)
class Request:
    """What arrived, when."""

    headers: dict[str, str]
    body: bytes
    at: float

    @property
    def event(self) -> Any:
        return json.loads(self.body)


@dataclass
class Receiver:
    """Answers each request as `answer` says; `hang` holds every answer back."""

    url: str = ""
    answer: Callable[[Request], Answer] = lambda request: OK
    requests: list[Request] = field(default_factory=list)
    hang: threading.Event = field(default_factory=threading.Event)
    refuses: bool = False

    @property
    def types(self) -> list[str]:
        return [each.event["type"] for each in self.requests]

    def taken(self, request: Request) -> Answer:
        self.requests.append(request)
        return self.answer(request)


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver that takes everything, unless the test says otherwise."""
    receiver = Receiver()
    receiver.hang.set()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            body = self.rfile.read(length)
            if len(body) < length:
                # whoever sent it died meanwhile
                self.close_connection = True
                return
            status, headers, words = receiver.taken(Request(dict(self.headers), body, time.time()))
            receiver.hang.wait(60)
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(words))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(words)

        def log_message(self, format: str, *args: Any) -> None:
            """Silent."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False
        request_queue_size = 128

        def handle_error(self, request: Any, client_address: Any) -> None:
            """Whoever hangs up has been cut off."""

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        receiver.url = f"http://127.0.0.1:{server.server_address[1]}/hooks"
        try:
            yield receiver
        finally:
            receiver.hang.set()
            server.shutdown()
            thread.join()
