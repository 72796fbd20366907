"""Files of wire objects, read as a stream: JSON Lines, a JSON array, or list objects with their `data`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

import ijson
import orjson

#: The longest first line that is tried as JSON Lines; an object of the wire is far shorter.
LONGEST_LINE = 16 * 1024 * 1024


class Unreadable(ValueError):
    """What stands at a place is no JSON."""


def objects(file: BinaryIO) -> Iterator[tuple[str, Any]]:
    """(place, object) for each object of a seekable file; `Unreadable` stands for one that is no JSON.

    It is the last one where an array or list object breaks off.
    """
    first = _first_line(file)
    if first.lstrip()[:1] == b"[":
        return _streamed(file, "item")
    return _lines(file) if _is_json(first) else _streamed(file, "data.item")


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


def _lines(file: BinaryIO) -> Iterator[tuple[str, Any]]:
    for number, line in enumerate(file, start=1):
        if not line.strip():
            continue
        try:
            found: Any = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            found = Unreadable(error.msg)
        for each in _unpacked(found):
            yield f"line {number}", each


def _unpacked(found: Any) -> list[Any]:
    """A page of a list, as a client prints it, stands for its objects."""
    if isinstance(found, dict) and found.get("object") == "list" and isinstance(found.get("data"), list):
        return list(found["data"])
    return [found]


def _streamed(file: BinaryIO, path: str) -> Iterator[tuple[str, Any]]:
    number = 0
    try:
        for each in ijson.items(file, path, use_float=True):
            number += 1
            yield f"object {number}", each
    except ijson.JSONError as error:
        yield f"after object {number}", Unreadable(" ".join(str(error).split()))
