"""QR references of Swiss payment slips: 26 digits and a check digit, made from the numbers of invoices and read again.

A QR-IBAN takes no other reference. The digits are the number itself, as a numeral with a digit for each letter and
digit of its `plain_key`, so nothing has to be stored to find the invoice of a reference.
"""

import re

from stdnum import iso11649
from stdnum.ch import esr
from stdnum.exceptions import ValidationError

from portal.rules.creditor_references import plain_key

LENGTH = 27
_SIGNS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#: Letters and digits of a number that 26 digits have room for.
LONGEST_KEY = 16
_RUNS = re.compile(rf"(?=(\d{{{LENGTH}}}))")


def is_qr_iban(iban: str | None) -> bool:
    """Whether an IBAN is one of Switzerland or Liechtenstein that takes QR references alone (IID 30000 to 31999)."""
    plain = re.sub(r"\s", "", iban or "").upper()
    return plain[:2] in {"CH", "LI"} and plain[4:9].isdigit() and 30_000 <= int(plain[4:9]) <= 31_999


def make_qr_reference(number: str) -> str | None:
    """The reference of an invoice's number, 27 digits; None for a number that is too long or has other letters."""
    key = plain_key(number)
    if not 0 < len(key) <= LONGEST_KEY or len(key) < len(re.sub(r"[\W_]", "", number)):
        return None
    value = 0
    for sign in key:
        # from 1 on, as otherwise zeros in front would be lost
        value = value * len(_SIGNS) + _SIGNS.index(sign) + 1
    digits = str(value).zfill(LENGTH - 1)
    return digits + str(esr.calc_check_digit(digits))


def compact_qr_reference(text: str) -> str | None:
    """A QR reference in any spelling as 27 digits; None for what is none."""
    digits = re.sub(r"\s", "", text)
    try:
        return digits if len(digits) == LENGTH and esr.validate(digits) else None
    except ValidationError:
        return None


def parse_qr_reference(text: str) -> str | None:
    """The `plain_key` of the number that a reference was made from; None for another's reference."""
    digits = compact_qr_reference(text)
    value = int(digits[:-1]) if digits else 0
    key = ""
    while value:
        value, sign = divmod(value - 1, len(_SIGNS))
        key = _SIGNS[sign] + key
    return key if 0 < len(key) <= LONGEST_KEY else None


def find_qr_references(text: str) -> list[str]:
    """The same of all references within a text, wherever blanks stand in them."""
    spotted = (match[1] for match in _RUNS.finditer(plain_key(text)))
    return [key for each in spotted if (key := parse_qr_reference(each))]


def group_reference(reference: str) -> str:
    """A reference as people read it: `RF50 ROSE N000 1`, a QR reference in fives from the right, a number as it is."""
    if compact_qr_reference(reference) == reference:
        return " ".join([reference[:2], *(reference[start : start + 5] for start in range(2, LENGTH, 5))])
    return str(iso11649.format(reference)) if iso11649.is_valid(reference) else reference
