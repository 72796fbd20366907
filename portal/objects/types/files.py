"""JSON schemas of the values of files and file links."""

from __future__ import annotations

from portal.wire.schemas import BOOLEAN, STRING, Schema, list_object, object_ref, or_null

VALUE_SCHEMAS: dict[str, dict[str, Schema]] = {
    "file": {"links": list_object(object_ref("file_link")), "url": or_null(STRING)},
    "file_link": {"expired": BOOLEAN, "url": or_null(STRING)},
}
