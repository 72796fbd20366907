"""Web addresses from outside: parsed once, rebuilt, and only then stored."""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import urlsplit, urlunsplit

from pydantic import AfterValidator

from portal.wire.params import text, wrong

MAX_LENGTH = 2048
_HOST = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))*\.?|\[[0-9a-f:.]+\]", re.ASCII)
_LOCAL = frozenset({"localhost", "127.0.0.1", "[::1]"})


def safe(url: str) -> str:
    """The URL in canonical form. Raises `ValueError` unless it is plain http(s) to a named host.

    Refused are other schemes, user names, backslashes, controls and blanks, hosts that are not
    ASCII after IDNA, odd ports and more than 2,048 bytes.
    """
    if len(url) > MAX_LENGTH or any(character in url for character in "\\ \t\r\n\x7f") or not url.isprintable():
        raise ValueError("it holds blanks, backslashes or control characters, or is too long")
    parts = urlsplit(url)
    if parts.scheme.lower() not in {"http", "https"} or not parts.netloc or "@" in parts.netloc:
        raise ValueError("it must start with https:// and a host name, without a user name")
    return urlunsplit((parts.scheme.lower(), _authority(parts.hostname or "", parts.port), *parts[2:]))


def is_local(url: str) -> bool:
    """Whether the host is this machine, the only place where plain http is safe."""
    return (urlsplit(url).netloc.rsplit(":", 1)[0] if not url.endswith("]") else urlsplit(url).netloc) in _LOCAL


def origin(url: str) -> str:
    """`https://host:port` of a URL that `safe` has passed."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _authority(host: str, port: int | None) -> str:
    name = f"[{host}]" if ":" in host else host.encode("idna").decode("ascii")
    if not _HOST.fullmatch(name.lower()):
        raise ValueError("its host name is not valid")
    return name.lower() + (f":{port}" if port else "")


def _checked(url: str) -> str:
    try:
        return safe(url)
    except (ValueError, UnicodeError) as error:
        raise wrong("url_invalid", f"Not a valid URL: {error}.") from None


WebUrl = Annotated[str, text(MAX_LENGTH), AfterValidator(_checked)]
