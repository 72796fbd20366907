"""JSON schemas of the values of files and file links."""

from portal.wire.schemas import BOOLEAN, STRING, Schema, list_object, object_ref, or_null

FILE: dict[str, Schema] = {"links": list_object(object_ref("file_link")), "url": or_null(STRING)}
FILE_LINK: dict[str, Schema] = {"expired": BOOLEAN, "url": or_null(STRING)}
