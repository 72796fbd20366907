"""Normalizes text from outside and refuses characters that it may not hold."""

import unicodedata


def normalize_text(text: str, *, lines: bool) -> str:
    """The text in NFC. Raises `ValueError` for forbidden characters; line breaks and tabs only with `lines`."""
    result = unicodedata.normalize("NFC", text)
    if result.isprintable():
        return result
    if any(_is_forbidden(character) for character in result):
        raise ValueError("it holds control, unassigned or surrogate characters.")
    if not lines and not _BREAKS.isdisjoint(result):
        raise ValueError("it holds line breaks or tabs.")
    return result


def _is_forbidden(character: str) -> bool:
    if character.isprintable() or character in _BREAKS:
        return False
    if character in _BIDI_OVERRIDES:
        return True
    return unicodedata.category(character) in {"Cc", "Cs", "Cn", "Co"} and character not in _FUTURE_EMOJI


# in a name they could end a mail's header line or a document's row
_BREAKS = frozenset("\t\n\r\u2028\u2029")
# they can make an amount or a name read as another one
_BIDI_OVERRIDES = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# phones send emoji that are newer than this Python's tables
_FUTURE_EMOJI = frozenset(map(chr, range(0x1F000, 0x1FB00)))
