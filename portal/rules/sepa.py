"""Account numbers of the SEPA area, and what of them may be shown."""

import re
from dataclasses import dataclass
from typing import Literal

from stdnum import exceptions, numdb
from stdnum import iban as iban_numbers

#: Countries and territories whose banks take part in the SEPA schemes, by the letters that their IBANs begin with.
COUNTRIES = frozenset(
    "AD AL AT BE BG CH CY CZ DE DK EE ES FI FR GB GI GR HR HU IE IS IT LI LT LU LV MC MD ME MK MT NL NO PL PT RO RS"
    " SE SI SK SM VA".split()
)
#: Where the part of an IBAN behind that of the bank names the branch.
_WITH_BRANCH = frozenset("AD BG CY ES FR GB GR HU IE IT MC MT PT SM".split())
#: Where a check letter stands before the bank.
_WITH_CHECK_LETTER = frozenset({"IT", "SM"})

Mistake = Literal["checksum", "country", "form", "length"]


class BadIban(ValueError):
    """A text is no IBAN that can be debited; `mistake` says why. The text itself is nowhere in it."""

    def __init__(self, mistake: Mistake) -> None:
        super().__init__(mistake)
        self.mistake = mistake


@dataclass(frozen=True)
class BankAccount:
    """An IBAN, and what it says of its bank. Its representation hides the number."""

    iban: str

    def __repr__(self) -> str:
        return f"BankAccount({self.country}…{self.last4})"

    @property
    def country(self) -> str:
        """The country's two letters."""
        return self.iban[:2]

    @property
    def last4(self) -> str:
        """The last four characters."""
        return self.iban[-4:]

    @property
    def bank_code(self) -> str:
        """The part that names the bank, in its country's way."""
        return self._parts[0]

    @property
    def branch_code(self) -> str | None:
        """The part that names the branch; None where the country has none."""
        return self._parts[1] if self.country in _WITH_BRANCH else None

    @property
    def _parts(self) -> list[str]:
        found, at = [], 4
        for length in map(int, re.findall(r"(\d+)!", _structure(self.country))):
            found.append(self.iban[at : at + length])
            at += length
        return found[1:] if self.country in _WITH_CHECK_LETTER else found


def parse_iban(text: str) -> BankAccount:
    """The account of an IBAN that was typed in any grouping, also with the word in front. Raises `BadIban`."""
    number = re.sub(r"^IBAN:?", "", iban_numbers.compact("".join(text.split())))
    if not re.fullmatch(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{1,30}", number, re.ASCII):
        raise BadIban("form")
    if number[:2] not in COUNTRIES:
        raise BadIban("country")
    if len(number) != 4 + sum(map(int, re.findall(r"(\d+)!", _structure(number[:2])))):
        raise BadIban("length")
    try:
        # registers of banks are never complete, so the bank's own part is not looked at
        return BankAccount(iban_numbers.validate(number, check_country=False))
    except exceptions.InvalidChecksum:
        raise BadIban("checksum") from None
    except exceptions.ValidationError:
        raise BadIban("form") from None


def _structure(country: str) -> str:
    """The form of the country's own part: `8!n10!n`."""
    return str(numdb.get("iban").info(f"{country}00")[0][1]["bban"])
