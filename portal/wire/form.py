"""Parses form bodies and query strings with brackets (`items[0][price]=…&expand[]=…`) to nested values."""

import re
from typing import Any
from urllib.parse import quote, unquote_to_bytes

from qs_codec import DecodeOptions, Duplicates, decode

from portal.errors import InvalidRequest

#: Enough for 250 lines of ten parameters each; how many bytes there may be, `portal/request_sizes.py` says.
MAX_PARAMETERS = 3000
MAX_DEPTH = 8

_NAME = re.compile(r"[^\[\]]+(?:\[[^\[\]]*\])*")


def parse(text: bytes) -> dict[str, Any]:
    """The nested parameters of a form body or query string: dicts and strings, lists as dicts by index.

    `[0]` is an index, `[]` the next one, `[name]` a key. Raises `InvalidRequest` when the text is not
    UTF-8, holds control characters, or is larger, deeper or stranger than any real request.
    """
    if not text:
        return {}
    pairs = [pair for pair in text.split(b"&") if pair]
    if len(pairs) > MAX_PARAMETERS:
        raise _too_large_error()
    try:
        # curl and many programs send letters beyond ASCII as they are
        source = "&".join(_number_lists([pair.decode("utf-8") for pair in pairs]))
    except UnicodeDecodeError:
        raise _wrong_encoding_error() from None
    try:
        values: dict[str, Any] = decode(source, _DECODE_OPTIONS)
    except (IndexError, ValueError, TypeError):
        raise _too_large_error() from None
    return values


def _too_large_error() -> InvalidRequest:
    return InvalidRequest(
        f"The request has too many parameters (at most {MAX_PARAMETERS:,}) or too deep ones (at most {MAX_DEPTH}"
        " levels)."
    )


def _wrong_encoding_error() -> InvalidRequest:
    return InvalidRequest("The request is not valid UTF-8.")


def _number_lists(pairs: list[str]) -> list[str]:
    """The pairs with each `[]` replaced by an index that is larger than any a request may write itself."""
    numbers = _ListNumbers()
    result = []
    for pair in pairs:
        encoded, equals, value = pair.partition("=")
        name = _decode_text(encoded)
        if not _NAME.fullmatch(name):
            raise InvalidRequest(f"Invalid parameter name: {name[:100]}", code="parameter_unknown")
        if name.count("[") > MAX_DEPTH:
            raise _too_large_error()
        if "[]" in name:
            pair = quote(numbers.add_indexes(name), safe="[]") + equals + value
        result.append(pair)
    return result


class _ListNumbers:
    """Numbers the elements of lists written with `[]`.

    `a[][b]=1&a[][c]=2&a[][b]=3` is two elements: the next one starts where a key comes again.
    """

    def __init__(self) -> None:
        self._last: dict[str, int] = {}
        self._seen: set[tuple[str, int, str]] = set()

    def add_indexes(self, name: str) -> str:
        """The name with an index in place of each `[]`, outer ones first."""
        while "[]" in name:
            head, _, rest = name.partition("[]")
            number = self._last.get(head, MAX_PARAMETERS)
            if "[]" not in rest and (head, number, rest) in self._seen:
                number += 1
            self._last[head] = number
            self._seen.add((head, number, rest))
            name = f"{head}[{number}]{rest}"
        return name


def _decode_text(value: str | None, charset: object = None, kind: object = None) -> str:
    try:
        text = unquote_to_bytes((value or "").replace("+", " ")).decode("utf-8")
    except UnicodeDecodeError:
        raise _wrong_encoding_error() from None
    if _CONTROLS.search(text):
        raise InvalidRequest("The request holds control characters.")
    return text


_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_DECODE_OPTIONS = DecodeOptions(
    # whether `[0]` is an index or a metadata key only the parameter's type can tell
    parse_lists=False,
    depth=MAX_DEPTH,
    strict_depth=True,
    parameter_limit=MAX_PARAMETERS,
    raise_on_limit_exceeded=True,
    duplicates=Duplicates.LAST,
    decoder=_decode_text,
)
