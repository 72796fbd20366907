"""Writes texts in the letters that every bank of SEPA takes (EPC217-08): plain Latin ones, digits and a few signs."""

import re
import unicodedata

_LETTERS = str.maketrans(
    {
        "Ä": "Ae", "ä": "ae", "Ö": "Oe", "ö": "oe", "Ü": "Ue", "ü": "ue", "ß": "ss", "ẞ": "SS", "Æ": "AE", "æ": "ae",
        "Œ": "OE", "œ": "oe", "Ø": "O", "ø": "o", "Å": "A", "å": "a", "Ð": "D", "ð": "d", "Đ": "D", "đ": "d",
        "Ł": "L", "ł": "l", "Þ": "Th", "þ": "th", "ı": "i", "&": "+", "’": "'", "‘": "'", "“": "'", "”": "'",
        "–": "-", "—": "-", "‑": "-", "€": "E", "@": "(at)", "_": "-", "*": ".", "#": ".", "%": ".", ";": ",",
    }
)  # fmt: skip
_OTHERS = re.compile(r"[^A-Za-z0-9/?:().,'+ -]")


def write_text(text: str, longest: int) -> str:
    """A text in these letters, at most so many; each letter that has no counterpart among them becomes a full stop."""
    plain = unicodedata.normalize("NFKD", text.translate(_LETTERS))
    plain = "".join(each for each in plain if not unicodedata.combining(each))
    # no slash begins or ends a field, and no two stand together
    plain = re.sub(r"//+", "/", _OTHERS.sub(".", plain))
    return " ".join(plain.split())[:longest].strip(" /")
