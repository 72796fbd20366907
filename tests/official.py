"""The official client library, talking to the application as it would to its own server."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from stripe import HTTPClient, StripeClient


def client(app: Flask, key: str) -> StripeClient:
    """A client with the merchant's key."""
    return StripeClient(
        key, base_addresses={"api": "http://localhost", "files": "http://localhost"}, http_client=Wire(app)
    )


class Wire(HTTPClient):
    """Hands the library's own requests to the application, byte by byte."""

    name = "flask"

    def __init__(self, app: Flask) -> None:
        super().__init__()
        self._client = app.test_client()

    def request(
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        """The library's one way out."""
        parts = urlsplit(url)
        answer = self._client.open(
            parts.path, method=method.upper(), query_string=parts.query, headers=dict(headers or {}), data=post_data
        )
        return answer.get_data(), answer.status_code, {name.lower(): value for name, value in answer.headers}

    def request_stream(
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None
    ) -> tuple[Any, int, Mapping[str, str]]:
        """The way out of calls that answer with a file."""
        content, status, answered = self.request(method, url, headers, post_data)
        return BytesIO(content), status, answered

    def close(self) -> None:
        """Nothing is held open."""
