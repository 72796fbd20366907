"""Bracketed form bodies and query strings: `items[0][price]=…&expand[]=…` to nested values."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote_to_bytes

from qs_codec import DecodeOptions, Duplicates, decode

from portal.errors import InvalidRequest

MAX_PARAMETERS = 1000
MAX_DEPTH = 8
MAX_LIST = 250


def parsed(text: bytes) -> dict[str, Any]:
    """The nested parameters of a form body or query string: dicts, lists and strings.

    `[]` appends to a list, `[0]` is an index, `[name]` a key. Raises `InvalidRequest` when the text
    is not UTF-8, holds control characters, or is larger, deeper or stranger than any real request.
    """
    if not text:
        return {}
    try:
        source = text.decode("ascii")
    except UnicodeDecodeError:
        raise InvalidRequest("The request has bytes that are not percent-encoded.") from None
    _refuse_odd_brackets(source)
    try:
        values: dict[str, Any] = decode(source, _OPTIONS)
    except InvalidRequest:
        raise
    except (IndexError, ValueError, TypeError):
        raise InvalidRequest(
            f"The request has too many parameters (at most {MAX_PARAMETERS}), too deep (at most {MAX_DEPTH}) "
            f"or too long lists (at most {MAX_LIST})."
        ) from None
    return values


def _refuse_odd_brackets(source: str) -> None:
    for pair in source.split("&"):
        name = _text(pair.partition("=")[0])
        depth = 0
        for position, character in enumerate(name):
            depth += (character == "[") - (character == "]")
            closes_badly = character == "]" and position + 1 < len(name) and name[position + 1] != "["
            if depth not in {0, 1} or closes_badly or (character == "[" and position == 0):
                raise InvalidRequest(f"Invalid parameter name: {name[:100]}", code="parameter_unknown")
        if depth or (pair and not name):
            raise InvalidRequest(f"Invalid parameter name: {name[:100]}", code="parameter_unknown")


def _text(value: str | None, charset: object = None, kind: object = None) -> str:
    try:
        text = unquote_to_bytes((value or "").replace("+", " ")).decode("utf-8")
    except UnicodeDecodeError:
        raise InvalidRequest("The request is not valid UTF-8.") from None
    if any((character < " " and character not in "\t\n\r") or character == "\x7f" for character in text):
        raise InvalidRequest("The request holds control characters.")
    return text


_OPTIONS = DecodeOptions(
    # whether `[0]` is an index or a metadata key only the parameter's type can tell
    parse_lists=False,
    depth=MAX_DEPTH,
    strict_depth=True,
    parameter_limit=MAX_PARAMETERS,
    list_limit=MAX_LIST,
    raise_on_limit_exceeded=True,
    duplicates=Duplicates.LAST,
    decoder=_text,
)
