"""Files and the links to them."""

from __future__ import annotations

from portal.wire.schemas import BOOLEAN, STRING, Schema, listed, maybe, the

TYPES: dict[str, dict[str, Schema]] = {
    "file": {"links": listed(the("file_link")), "url": maybe(STRING)},
    "file_link": {"expired": BOOLEAN, "url": maybe(STRING)},
}
