"""The two ways into a portal, as tests use them: a merchant's program and a customer's browser."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from tests import schemas
from tests.factories import Factories


def flattened(values: dict[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """Nested parameters as the pairs of a form: `{"a": {"b": [1]}}` to `a[b][0]=1`."""
    pairs: list[tuple[str, str]] = []
    for key, value in values.items():
        name = f"{prefix}[{key}]" if prefix else key
        if isinstance(value, dict):
            pairs += flattened(value, name)
        elif isinstance(value, list | tuple):
            pairs += flattened({str(index): item for index, item in enumerate(value)}, name)
        else:
            text = "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
            pairs.append((name, text))
    return pairs


@dataclass
class Api:
    """The admin API with a key; answers are parsed, and failures are the test's to expect."""

    client: FlaskClient
    key: str

    def request(
        self,
        method: str,
        path: str,
        *,
        headers: dict[str, str] | None = None,
        raw: str | None = None,
        upload: tuple[str, bytes] | None = None,
        **params: Any,
    ) -> TestResponse:
        """Any call, whose answer must be as the API describes it.

        `raw` sends a body as it is, `upload` (name and content) a file in a multipart body.
        """
        encoded = raw if raw is not None else urlencode(flattened(params))
        sent = {"Authorization": f"Bearer {self.key}", **(headers or {})}
        if method == "GET":
            answer = self.client.get(f"/v1/{path}", query_string=encoded, headers=sent)
        elif upload is not None:
            fields: dict[str, Any] = {**dict(flattened(params)), "file": FileStorage(io.BytesIO(upload[1]), upload[0])}
            boundary, body = encode_multipart(fields)
            sent.setdefault("Content-Type", f"multipart/form-data; boundary={boundary}")
            answer = self.client.open(f"/v1/{path}", method=method, data=body, headers=sent)
        else:
            sent.setdefault("Content-Type", "application/x-www-form-urlencoded")
            answer = self.client.open(f"/v1/{path}", method=method, data=encoded, headers=sent)
        schemas.check(self.client.application, method, f"/v1/{path}", answer)
        return answer

    def get(self, path: str, **params: Any) -> Any:
        """A GET that succeeds."""
        return self._ok(self.request("GET", path, **params))

    def post(self, path: str, **params: Any) -> Any:
        """A POST that succeeds."""
        return self._ok(self.request("POST", path, **params))

    def delete(self, path: str, **params: Any) -> Any:
        """A DELETE that succeeds."""
        return self._ok(self.request("DELETE", path, **params))

    def error(self, method: str, path: str, status: int = 400, **params: Any) -> dict[str, Any]:
        """The error object of a call that fails with `status`."""
        answer = self.request(method, path, **params)
        assert answer.status_code == status, answer.get_data(as_text=True)
        body: dict[str, Any] = answer.get_json()
        assert set(body) == {"error"}
        assert {"type", "message"} <= set(body["error"])
        return body["error"]

    def _ok(self, answer: TestResponse) -> Any:
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return answer.get_json()


def follow_portal_link(client: FlaskClient, link: str) -> TestResponse:
    """The answer to a portal link, in a browser that brings back the cookie of the first answer."""
    # __Host- cookies are Secure, and a test client keeps to that as browsers off localhost do
    first = client.get(link, base_url="https://localhost")
    sent_back = first.status_code == 303 and str(first.location).startswith("/p/session/")
    return client.get(first.location, base_url="https://localhost") if sent_back else first


@dataclass
class Portal:
    """A customer's browser inside an open session; paths are relative to it."""

    client: FlaskClient
    session_id: str

    @classmethod
    def opened(cls, app: Flask, make: Factories, customer: Any, configuration: Any = None, **options: Any) -> Portal:
        """Exchange a fresh link for a cookie."""
        link = make.portal_link(customer, configuration, **options)
        client = app.test_client()
        answer = follow_portal_link(client, link)
        assert answer.status_code == 303, answer.get_data(as_text=True)
        return cls(client, answer.location.split("/")[2])

    def get(self, path: str = "", **options: Any) -> TestResponse:
        """A page of the session."""
        return self.client.get(f"/p/{self.session_id}/{path}", base_url="https://localhost", **options)

    def post(self, path: str, token: bool = True, **fields: Any) -> TestResponse:
        """Send a form, with the session's token as its page carries it."""
        values = dict(fields)
        if token:
            values["csrf_token"] = self.token()
        return self.client.post(f"/p/{self.session_id}/{path}", base_url="https://localhost", data=values)

    def token(self) -> str:
        """The form token of the home page."""
        found = re.search(
            r'name="csrf_token"[^>]*value="([^"]+)"', self.get(follow_redirects=True).get_data(as_text=True)
        )
        assert found, "the home page has no form with a token"
        return found[1]
