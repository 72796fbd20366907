"""Numbers in the registers of companies, with the scheme (ICD) that e-invoices name them by in a country.

Peppol's national rules and France's ask for the scheme; elsewhere the number is written without one.
"""

import re
from dataclasses import dataclass

from portal.rules.electronic_addresses import is_well_formed


@dataclass(frozen=True)
class RegisterNumber:
    """A number (BT-30, BT-47); `scheme` is None where the country has none, or the number is not of its form."""

    number: str
    scheme: str | None = None


#: Scheme and number of digits, by country; the Dutch KVK and OIN are told apart by their length.
_SCHEMES: dict[str, tuple[tuple[str, int], ...]] = {
    "BE": (("0208", 10),),
    "DK": (("0184", 8),),
    "FR": (("0002", 9),),
    "IS": (("0196", 10),),
    "NL": (("0106", 8), ("0190", 20)),
    "NO": (("0192", 9),),
    "SE": (("0007", 10),),
}
#: Where a VAT number contains the register number, and rules ask for it.
_WITHIN_VAT_IDS = {"DK": re.compile(r"DK([0-9]{8})"), "FR": re.compile(r"FR[0-9A-Z]{2}([0-9]{9})")}


def find_number(country: str | None, written: str | None, vat_id: str | None) -> RegisterNumber | None:
    """The number that a party wrote, else that within its VAT number; None where neither is there.

    A written number that is not of its country's form gives way to the one within the VAT number.
    """
    named = _with_scheme(country or "", written) if written else None
    if named and named.scheme:
        return named
    pattern = _WITHIN_VAT_IDS.get(country or "")
    contained = pattern.fullmatch(vat_id or "") if pattern else None
    return (_with_scheme(country or "", contained[1]) if contained else None) or named


def _with_scheme(country: str, written: str) -> RegisterNumber:
    digits = "".join(c for c in written if c.isdecimal() and c.isascii())
    # a French SIRET is the SIREN and five digits for the branch
    shortened = digits[:9] if country == "FR" and len(digits) == 14 else digits
    for scheme, length in _SCHEMES.get(country, ()):
        if len(shortened) == length and is_well_formed(scheme, shortened):
            return RegisterNumber(shortened, scheme)
    return RegisterNumber(written)
