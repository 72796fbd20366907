"""Reads files of wire objects as a stream: JSON Lines, a JSON array, or list objects with their `data`."""

from collections.abc import Iterator
from typing import Any, BinaryIO

import ijson
import orjson

#: What is said where a file has no object at all, as a table of a spreadsheet.
_WANTED = "Needed are objects as the API writes them, as JSON Lines, an array or a list; tables (CSV) are not read"
#: The longest first line that is tried as JSON Lines; an object of the wire is far shorter.
LONGEST_LINE = 16 * 1024 * 1024


class UnreadableJson(ValueError):
    """The text at a place in the file is not JSON."""


def read_objects(file: BinaryIO) -> Iterator[tuple[str, Any]]:
    """(place, object) for each object of a seekable file; an `UnreadableJson` in place of one that is not JSON.

    It is the last item where an array or list object is cut off.
    """
    first = _first_line(file)
    if first.lstrip()[:1] == b"[":
        return _stream_items(file, "item")
    return _read_json_lines(file) if _is_json(first) else _stream_items(file, "data.item")


def _first_line(file: BinaryIO) -> bytes:
    line = b""
    while not line.strip() and (line := file.readline(LONGEST_LINE)):
        pass
    file.seek(0)
    return line


def _is_json(line: bytes) -> bool:
    try:
        orjson.loads(line)
    except orjson.JSONDecodeError:
        return False
    return True


def _read_json_lines(file: BinaryIO) -> Iterator[tuple[str, Any]]:
    for number, line in enumerate(file, start=1):
        if not line.strip():
            continue
        try:
            found: Any = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            found = UnreadableJson(error.msg)
        for each in _unpack_list(found):
            yield f"line {number}", each


def _unpack_list(found: Any) -> list[Any]:
    """A list object, as a client prints it, is replaced by its objects."""
    if isinstance(found, dict) and found.get("object") == "list" and isinstance(found.get("data"), list):
        return list(found["data"])
    return [found]


def _stream_items(file: BinaryIO, path: str) -> Iterator[tuple[str, Any]]:
    number = 0
    try:
        for each in ijson.items(file, path, use_float=True):
            number += 1
            yield f"object {number}", each
    except ijson.JSONError as error:
        place = f"after object {number}" if number else "at the beginning"
        words = " ".join(str(error).split())
        yield place, UnreadableJson(words if number else f"{words}. {_WANTED}")
