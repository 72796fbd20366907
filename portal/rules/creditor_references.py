"""Creditor references by ISO 11649 (`RF18 5390…`), made from the numbers of invoices and read in any spelling."""

import re
import unicodedata

from stdnum import iso11649
from stdnum.exceptions import ValidationError
from stdnum.iso7064 import mod_97_10

#: Characters of a reference after `RF` and its two check digits.
LONGEST_PART = 21
_LETTERS = str.maketrans({"Ä": "AE", "Ö": "OE", "Ü": "UE", "ẞ": "SS", "ß": "SS", "Æ": "AE", "Ø": "O", "Ł": "L"})
_REFERENCE = re.compile(r"RF\d\d[0-9A-Z]{1,21}")
_OTHERS = re.compile(r"[^0-9A-Z]")


def plain_key(text: str) -> str:
    """Letters and digits alone, in capitals and without accents: what two spellings of one number have in common."""
    if text.isascii():
        return _OTHERS.sub("", text.upper())
    capitals = text.translate(_LETTERS).upper().translate(_LETTERS)
    return _OTHERS.sub("", unicodedata.normalize("NFKD", capitals))


def make_reference(number: str) -> str | None:
    """The reference of an invoice's number: `ROSEN-0001` is `RF50ROSEN0001`; None for a number that is too long."""
    part = plain_key(number)
    if not 0 < len(part) <= LONGEST_PART or len(part) < len(re.sub(r"[\W_]", "", number)):
        return None
    return f"RF{mod_97_10.calc_check_digits(f'{part}RF')}{part}"


def parse_reference(text: str) -> str | None:
    """The part after the check digits of a reference in any spelling, as `plain_key` of its number; else None."""
    try:
        return str(iso11649.validate(plain_key(text)))[4:]
    except ValidationError:
        return None


def list_readings(part: str) -> tuple[str, ...]:
    """What the part of a reference may stand for, the likeliest first: banks fill it up with zeros in front.

    A number may begin with some of its own, which counts where there is such a number.
    """
    return tuple(part[start:] for start in range(len(part) - len(part.lstrip("0")) + 1) if part[start:])


def find_references(text: str) -> list[str]:
    """The same of all references within a text. Blanks within one are no end of it, so each length is tried."""
    key = plain_key(text)
    found = []
    for start in (match.start() for match in re.finditer(r"(?=RF\d\d)", key)):
        longest = _REFERENCE.match(key, start)
        ends = range(longest.end(), start + 5, -1) if longest else ()
        part = next((part for end in ends if (part := parse_reference(key[start:end]))), None)
        found += [part] if part else []
    return found
