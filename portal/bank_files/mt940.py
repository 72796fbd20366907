"""Reads MT940 in the dialects of banks: German subfields, Dutch words between slashes, plain text.

Each statement's entries have to lead from its opening to its closing balance, so that no line is lost unseen.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import BinaryIO

from portal.bank_files import mt940_details
from portal.bank_files.values import (
    Entry,
    EntryKind,
    StatementHead,
    UnreadableFile,
    compact_account,
    given,
    parse_amount,
    parse_currency,
)

#: The fields of a message, and lines of the messages of other networks around it.
_FIELD = re.compile(r":(\d\d[A-Z]?|NS):")
_KNOWN = frozenset("20 21 25 25P 28 28C 13 13D 60F 60M 61 86 62F 62M 64 65 34F 90C 90D NS".split())
_ENVELOPE = re.compile(r"(\{[1235]:([^{}]|\{[^{}]*\})*\})+|\{4:")
_BALANCE = re.compile(r"([CD])(\d{6})([A-Z]{3})([\d,.]+)")
_ENTRY = re.compile(
    r"(?P<day>\d{6})(?P<booked>\d{4})?(?P<mark>R?[CD]|E[CD])(?P<funds>[A-Z])?(?P<amount>\d+[,.]\d*|\d+)"
    r"(?P<type>[NFS][A-Z0-9]{3})(?P<rest>.*)"
)
_SIGNS = {"C": 1, "D": -1, "RC": -1, "RD": 1}
_MOST_LINES = 200


@dataclass
class _Field:
    tag: str
    line: int
    lines: list[str]

    @property
    def text(self) -> str:
        return self.lines[0]


@dataclass
class _Statement:
    """A statement as far as it was read: `balance` is the opening one and what came since."""

    line: int
    number: str | None = None
    account: str | None = None
    currency: str = ""
    balance: int = 0
    whole: bool = True
    entry: _Field | None = None
    details: list[str] = field(default_factory=list)


def read_entries(file: BinaryIO) -> Iterator[Entry | UnreadableFile]:
    """The entries of all statements of a file, in its order; an entry that can't be read is the reason why.

    Raises `UnreadableFile` where the file is none, ends too early, or its balances say that something is missing.
    """
    statement: _Statement | None = None
    seen = False
    for each in _read_fields(file):
        if each.tag == "20" or (statement is None and each.tag in {"25", "60F", "60M"}):
            _refuse_unfinished(statement)
            statement, seen = _Statement(each.line), True
        if statement is None:
            if each.tag in {"61", "62F", "62M"} or not seen:
                raise UnreadableFile(each.line, f":{each.tag}:", "stands outside of a statement")
            continue
        if each.tag != "86" and statement.entry:
            yield _finish_entry(statement)
        if each.tag in {"62F", "62M"}:
            _compare_balance(statement, each)
            statement = None
        else:
            _take_field(statement, each)
    _refuse_unfinished(statement)
    if not seen:
        raise UnreadableFile(1, ":20:", "no statement")


def _read_fields(file: BinaryIO) -> Iterator[_Field]:
    current: _Field | None = None
    for number, raw in enumerate(file, 1):
        line = _decode(raw).rstrip("\r\n")
        line = _ENVELOPE.sub("", line.lstrip("\ufeff\x01"))
        start = _FIELD.match(line)
        if start and start[1] not in _KNOWN:
            raise UnreadableFile(number, start[0], "no field of an MT940 statement")
        if start or line.strip() in {"-", "-}", "\x03", "-\x03"} or line.startswith("-}"):
            if current:
                yield current
            current = _Field(start[1], number, [line[start.end() :]]) if start else None
        elif current and len(current.lines) < _MOST_LINES:
            current.lines.append(line)
        elif current or line.count("\0") or len(line) > 1000:
            raise UnreadableFile(number, "text", "no MT940 statement")
    if current:
        yield current


def _decode(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")


def _refuse_unfinished(statement: _Statement | None) -> None:
    if statement is not None:
        raise UnreadableFile(statement.line, ":62F:", "the statement that begins here has no closing balance")


def _take_field(statement: _Statement, each: _Field) -> None:
    match each.tag:
        case "20":
            statement.number = given(each.text)
        case "25" | "25P":
            statement.account = compact_account(each.text)
        case "28" | "28C":
            statement.number = " ".join(filter(None, [statement.number, given(each.text)]))
        case "60F" | "60M":
            statement.balance, statement.currency = _read_balance(each)
        case "61":
            statement.entry, statement.details = each, []
        case "86" if statement.entry:
            statement.details += each.lines


def _read_balance(each: _Field) -> tuple[int, str]:
    found = _BALANCE.fullmatch(each.text.strip())
    if not found:
        raise UnreadableFile(each.line, f":{each.tag}:", f"'{each.text[:40]}' is no balance")
    try:
        currency = parse_currency(found[3])
        return parse_amount(found[4], currency) * _SIGNS[found[1]], currency
    except ValueError as error:
        raise UnreadableFile(each.line, f":{each.tag}:", str(error)) from None


def _compare_balance(statement: _Statement, each: _Field) -> None:
    balance, currency = _read_balance(each)
    if statement.whole and (balance, currency) != (statement.balance, statement.currency):
        reason = f"the entries lead to {statement.balance} {statement.currency}, the closing balance says {balance}"
        raise UnreadableFile(each.line, f":{each.tag}:", f"{reason} {currency} in minor units")


def _finish_entry(statement: _Statement) -> Entry | UnreadableFile:
    own = statement.entry
    statement.entry = None
    if own is None or statement.account is None or not statement.currency:
        raise UnreadableFile(statement.line, ":25:", "an entry without account or opening balance before it")
    try:
        return _read_entry(statement, statement.account, own)
    except ValueError as error:
        statement.whole = False
        return UnreadableFile(own.line, ":61:", str(error))


def _read_entry(statement: _Statement, account: str, own: _Field) -> Entry:
    found = _ENTRY.fullmatch(own.text.strip())
    if not found:
        raise ValueError(f"'{own.text[:40]}' is no entry")
    amount = parse_amount(found["amount"], statement.currency)
    statement.balance += amount * _SIGNS.get(found["mark"], 0)
    details = mt940_details.read_details(statement.details, own.lines[1:])
    customer_reference, _, bank_reference = found["rest"].partition("//")
    returned = details.returned or ("reversal" if found["mark"] in {"RC", "RD"} else None)
    return Entry(
        head=StatementHead("mt940", account, statement.currency, statement.number, statement.line),
        line=own.line,
        kind=_kind_of(found["mark"], returned),
        amount=amount,
        currency=statement.currency,
        booked_on=_booking_day(found["day"], found["booked"]),
        payer_name=given(details.name),
        payer_iban=details.iban,
        purpose=details.purpose[:2000],
        end_to_end_id=given(details.end_to_end_id) or _own_reference(customer_reference),
        reference=given(details.reference),
        bank_reference=given(bank_reference.strip()),
        returned=returned,
    )


def _kind_of(mark: str, returned: str | None) -> EntryKind:
    if mark.startswith("E"):
        return "pending"
    if _SIGNS[mark] > 0:
        return "credit"
    return "reversal" if returned else "debit"


def _own_reference(text: str) -> str | None:
    # words that say where the reference stands are none
    plain = given(text.strip())
    return None if plain in {"EREF", "KREF", "MARF", "PREF"} else plain


def _booking_day(value_day: str, booked: str | None) -> date:
    """The day of booking, whose year is the one nearest to the value date. Raises `ValueError` for no day."""
    day = date(2000 + int(value_day[:2]), int(value_day[2:4]), int(value_day[4:]))
    if booked is None:
        return day
    near = timedelta(days=183)
    for year in (day.year, day.year - 1, day.year + 1):
        try:
            found = date(year, int(booked[:2]), int(booked[2:]))
        except ValueError:
            continue
        if abs(found - day) <= near:
            return found
    raise ValueError(f"'{booked}' is no day")
