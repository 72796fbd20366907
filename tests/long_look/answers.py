"""What must be so of every answer, whatever was asked: the headers, the form of an error, and what no body may say."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

#: Headers that each answer has, and what must stand in them.
HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "",
    "permissions-policy": "camera=()",
    "content-security-policy": "default-src 'none'",
    "request-id": "req_",
    "cache-control": "",
}
#: What browsers may keep: files and pictures that are the same for everybody.
KEPT = (
    "/static/",
    "/brand/",
    "/favicon",
    "/robots.txt",
    "/.well-known/",
    "/embed",
    "/docs",
    "/files/",
    "/apple-touch",
    "/v1/openapi.json",
)
_SPOKEN = re.compile(
    rb"Traceback \(most recent|sqlalchemy\.|psycopg\.|sqlite3\.|\bSELECT .{1,200} FROM |File \"/", re.DOTALL
)
_COOKIE_FLAGS = ("secure", "httponly", "samesite=", "path=/")


def find_wrong(path: str, status: int, headers: Iterable[tuple[str, str]], body: bytes | None) -> list[str]:
    """What is wrong with an answer, in words; `path` is without the query, and a body that is not read is None."""
    listed = [(name.lower(), value) for name, value in headers]
    wrong = [*_find_wrong_headers(path, status, listed), *_find_wrong_cookies(listed)]
    # health is told by the status
    if status >= 500 and not path.startswith("/health/"):
        wrong.append(f"status {status}")
    if body is None:
        return wrong
    if path.startswith("/v1/") and status >= 400 and not _is_described_error(body):
        wrong.append(f"{status} whose body is no error of the API: {body[:80]!r}")
    if not path.startswith("/docs") and (found := _SPOKEN.search(body)):
        wrong.append(f"says {found[0][:60]!r}")
    return wrong


def _find_wrong_headers(path: str, status: int, headers: list[tuple[str, str]]) -> list[str]:
    own = dict(headers)
    wrong = [f"{name}: {own.get(name)}" for name, part in HEADERS.items() if name not in own or part not in own[name]]
    policy = own.get("content-security-policy", "")
    # a file in a sandbox runs nothing, so its own styles do no harm
    if ("unsafe" in policy and "sandbox" not in policy) or "*" in re.sub(r"\*\.", "", policy):
        wrong.append(f"policy {policy}")
    private = path.startswith(("/v1/", "/p/")) and not path.startswith(KEPT)
    if private and "no-store" not in own.get("cache-control", ""):
        wrong.append(f"{status} may be kept: {own.get('cache-control')}")
    return wrong


def _find_wrong_cookies(headers: list[tuple[str, str]]) -> list[str]:
    cookies = [value.lower() for name, value in headers if name == "set-cookie"]
    return [
        f"cookie {value.partition('=')[0]} without {flag}"
        for value in cookies
        for flag in _COOKIE_FLAGS
        if flag not in value
    ]


def _is_described_error(body: bytes) -> bool:
    try:
        said = json.loads(body)
    except ValueError:
        return False
    return isinstance(said, dict) and set(said) == {"error"} and {"type", "message"} <= set(said["error"])
