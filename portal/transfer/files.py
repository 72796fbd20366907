"""Reads files of wire objects as a stream: JSON Lines, a JSON array, list objects with their `data`, or objects as a
client prints them, over several lines and one after the other.
"""

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

import ijson
import orjson

#: What is said where a file has no object at all, as a table of a spreadsheet.
_WANTED = "Needed are objects as the API writes them, as JSON Lines, an array or a list; tables (CSV) are not read"
#: The longest first line that is tried as JSON Lines; an object of the wire is far shorter.
LONGEST_LINE = 16 * 1024 * 1024


class UnreadableJson(ValueError):
    """The text at a place in the file is not JSON."""


@dataclass(frozen=True)
class ListPage:
    """A list object that was read: its `url`, and whether it says that there is more."""

    url: str
    has_more: bool


def read_objects(file: BinaryIO) -> Iterator[tuple[str, Any]]:
    """(place, object) for each object of a seekable file; an `UnreadableJson` in place of one that is not JSON.

    It is the last item where an array or list object is cut off. A `ListPage` follows the objects of a list.
    """
    start = len(codecs.BOM_UTF8) if file.read(len(codecs.BOM_UTF8)) == codecs.BOM_UTF8 else 0
    first = _first_line(file, start)
    if first.lstrip()[:1] == b"[":
        return _stream_items(file, "item")
    if _is_json(first):
        return _read_json_lines(file)
    return _stream_list(file, start) if _is_list(file, start) else _stream_values(file)


def _first_line(file: BinaryIO, start: int) -> bytes:
    file.seek(start)
    line = b""
    while not line.strip() and (line := file.readline(LONGEST_LINE)):
        pass
    file.seek(start)
    return line


def _is_list(file: BinaryIO, start: int) -> bool:
    """Whether the file is one list object, which may be too large to be read at once."""
    try:
        return list(ijson.items(file, "object", multiple_values=True)) == ["list"]
    except ijson.JSONError:
        return True  # what is wrong with it is told where it is read
    finally:
        file.seek(start)


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
        return [*found["data"], ListPage(str(found.get("url")), found.get("has_more") is True)]
    return [found]


def _stream_list(file: BinaryIO, start: int) -> Iterator[tuple[str, Any]]:
    yield from _stream_items(file, "data.item")
    try:
        url, has_more = (_find_value(file, start, path) for path in ("url", "has_more"))
    except ijson.JSONError:
        return  # told already
    yield "at the end", ListPage(str(url), has_more is True)


def _find_value(file: BinaryIO, start: int, path: str) -> Any:
    file.seek(start)
    return next(ijson.items(file, path), None)


def _stream_values(file: BinaryIO) -> Iterator[tuple[str, Any]]:
    number = 0
    try:
        for found in ijson.items(file, "", use_float=True, multiple_values=True):
            for each in _unpack_list(found):
                number += not isinstance(each, ListPage)
                yield f"object {number}", each
    except ijson.JSONError as error:
        yield _unreadable(number, error)


def _stream_items(file: BinaryIO, path: str) -> Iterator[tuple[str, Any]]:
    number = 0
    try:
        for found in ijson.items(file, path, use_float=True):
            for each in _unpack_list(found):
                number += not isinstance(each, ListPage)
                yield f"object {number}", each
    except ijson.JSONError as error:
        yield _unreadable(number, error)


def _unreadable(number: int, error: Exception) -> tuple[str, UnreadableJson]:
    words = " ".join(str(error).split())
    if number:
        return f"after object {number}", UnreadableJson(words)
    return "at the beginning", UnreadableJson(f"{words}. {_WANTED}")
