"""What a statement of a bank account says, whatever its format."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Literal

from portal import i18n

#: What an entry is: money that came, money of an earlier entry that was taken back, money that went, not booked yet.
EntryKind = Literal["credit", "reversal", "debit", "pending"]
Format = Literal["camt.052", "camt.053", "camt.054", "mt940"]


class UnreadableFile(Exception):
    """A file, or one entry of it, that can't be read: the line, the element or field, and why."""

    def __init__(self, line: int, element: str, reason: str) -> None:
        super().__init__(f"line {line}, {element}: {reason}")
        self.line, self.element, self.reason = line, element, reason


@dataclass(frozen=True, slots=True)
class StatementHead:
    """A statement of one account. `account` is an IBAN or another number, without blanks, in capitals."""

    format: Format
    account: str
    currency: str | None
    number: str | None
    line: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One transfer on a statement. `amount` is positive, in minor units; texts are as the bank wrote them.

    `purpose` may have several lines, which the bank may have broken within a word. `returned` is the reason for which
    money came back that had gone the other way, or was taken back; None for an ordinary transfer. `charges` is what
    the bank took for it, as far as it says so, in minor units.
    """

    head: StatementHead
    line: int
    kind: EntryKind
    amount: int
    currency: str
    booked_on: date
    payer_name: str | None = None
    payer_iban: str | None = None
    purpose: str = ""
    end_to_end_id: str | None = None
    reference: str | None = None
    bank_reference: str | None = None
    returned: str | None = None
    charges: int = 0


def parse_amount(text: str, currency: str) -> int:
    """`119,00` or `119.00` in minor units. Raises `ValueError` for anything that is no exact, positive amount."""
    plain = text.strip().replace(",", ".")
    try:
        units = Decimal(plain).scaleb(i18n.currency_exponent(currency))
    except InvalidOperation:
        raise ValueError(f"'{text[:40]}' is no amount") from None
    if not (plain.replace(".", "", 1).isdigit() and plain.isascii() and units == int(units) and units < 10**12):
        raise ValueError(f"'{text[:40]}' is no amount in {currency}")
    return int(units)


def parse_currency(text: str) -> str:
    """`EUR` as `eur`. Raises `ValueError`."""
    if not (len(text) == 3 and text.isascii() and text.isalpha()):
        raise ValueError(f"'{text[:40]}' is no currency")
    return text.lower()


def compact_account(text: str) -> str:
    """An account's number without blanks, in capitals."""
    return "".join(text.split()).upper()


#: What banks write where there is nothing to say.
_NOTHING = frozenset({"", "NONREF", "NOTPROVIDED", "NOT PROVIDED", "NOTAVAILABLE", "NOREF"})


def given(text: str | None) -> str | None:
    """A text; None where it says only that there is none."""
    plain = (text or "").strip()
    return None if plain.upper() in _NOTHING else plain[:500]
