"""Check of the URLs that lead customers back to the merchant."""

from urllib.parse import urlsplit

from portal.db import Scope
from portal.errors import InvalidRequest
from portal.wire.urls import is_local_url


def refuse_plain_http(scope: Scope, url: str | None, param: str) -> None:
    """Raises `InvalidRequest` for a plain http URL, which others could listen in on."""
    if url and urlsplit(url).scheme == "http" and (scope.livemode or not is_local_url(url)):
        raise InvalidRequest(
            "Not a valid URL: use https (plain http only in test mode and to localhost).",
            param=param,
            code="url_invalid",
        )
