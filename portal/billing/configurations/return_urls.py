"""Ways back to the merchant, which customers are sent along."""

from __future__ import annotations

from urllib.parse import urlsplit

from portal.db import Scope
from portal.errors import InvalidRequest
from portal.wire.urls import is_local


def refuse_plain_http(scope: Scope, url: str | None, param: str) -> None:
    """Raises `InvalidRequest` for a way back that others could listen in on."""
    if url and urlsplit(url).scheme == "http" and (scope.livemode or not is_local(url)):
        raise InvalidRequest(
            "Not a valid URL: use https (plain http only in test mode and to localhost).",
            param=param,
            code="url_invalid",
        )
