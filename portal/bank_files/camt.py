"""Reads camt.052, camt.053 and camt.054 of any version.

Where an entry is a batch whose transfers are told one by one, each is an entry of its own.
"""

import re
from collections.abc import Iterator
from datetime import date
from typing import BinaryIO, cast

from portal.bank_files import camt_parties
from portal.bank_files.camt_elements import Element, ElementReader
from portal.bank_files.values import (
    Entry,
    EntryKind,
    Format,
    StatementHead,
    UnreadableFile,
    compact_account,
    given,
    parse_amount,
    parse_currency,
)

_STATEMENTS = {"Stmt": "camt.053", "Rpt": "camt.052", "Ntfctn": "camt.054"}
_WANTED = frozenset({*_STATEMENTS, "Ntry", "TxDtls"})
_NAMESPACE = re.compile(r"camt\.05[234]\.")


def read_entries(file: BinaryIO) -> Iterator[Entry | UnreadableFile]:
    """The entries of all statements of a file, in its order; an entry that can't be read is the reason why.

    Raises `UnreadableFile` where the file is none, ends too early or has no statement.
    """
    reader = ElementReader(_WANTED)
    head: StatementHead | None = None
    details: list[Element] = []
    for moment, element, around in reader.read(file):
        _refuse_other_messages(reader)
        if element.name in _STATEMENTS:
            head = None if moment == "start" else head or _read_head(element)
        elif moment == "start":
            head = head or _read_head(_statement_around(element, around))
            details = details if element.name == "TxDtls" else []
        elif element.name == "TxDtls":
            details.append(element)
        else:
            yield from _read_entry(cast(StatementHead, head), element, details)
    _refuse_other_messages(reader)


def _refuse_other_messages(reader: ElementReader) -> None:
    if reader.root != "Document" or not _NAMESPACE.search(reader.namespace):
        raise UnreadableFile(1, f"<{reader.root or 'document'}>", "no camt.052, camt.053 or camt.054 message")


def _statement_around(element: Element, around: list[Element]) -> Element:
    found = next((each for each in around if each.name in _STATEMENTS), None)
    if found is None:
        raise UnreadableFile(element.line, f"<{element.name}>", "stands outside of a statement")
    return found


def _read_head(element: Element) -> StatementHead:
    account = element.value("Acct/Id/IBAN", "Acct/Id/Othr/Id")
    if account is None:
        raise UnreadableFile(element.line, f"<{element.name}>", "names no account (Acct/Id)")
    currency = element.value("Acct/Ccy")
    return StatementHead(
        cast(Format, _STATEMENTS[element.name]),
        compact_account(account),
        currency.lower() if currency else None,
        given(element.value("Id")),
        element.line,
    )


def _read_entry(head: StatementHead, entry: Element, details: list[Element]) -> Iterator[Entry | UnreadableFile]:
    try:
        yield from _split_entry(head, entry, details)
    except UnreadableFile as error:
        yield error
    except ValueError as error:
        yield UnreadableFile(entry.line, "<Ntry>", str(error))


def _split_entry(head: StatementHead, entry: Element, details: list[Element]) -> list[Entry]:
    """The transfers of an entry. Raises `ValueError` where they don't come to the amount of the entry."""
    amount, currency = _read_money(entry, "Amt")
    if len(details) < 2 or any(_find_amount(each, currency) is None for each in details):
        # what arrived is the entry's amount; a single transfer may say what was sent, before charges
        return [_build_entry(head, entry, details, entry, amount, currency)]
    parts = [
        _build_entry(head, entry, [each], each, cast(int, _find_amount(each, currency)), currency) for each in details
    ]
    signs = {"CRDT": 1, "DBIT": -1}
    whole = amount * signs[_direction(entry, entry)]
    told = sum(part.amount * signs[_direction(each, entry)] for part, each in zip(parts, details, strict=True))
    if told != whole:
        raise ValueError(f"its parts come to {told}, the entry to {whole} in minor units")
    return parts


def _build_entry(
    head: StatementHead, entry: Element, details: list[Element], own: Element, amount: int, currency: str
) -> Entry:
    told = details[0] if len(details) == 1 else entry
    direction = _direction(own, entry)
    reversal = (entry.value("RvslInd") or "").lower() in {"true", "1"}
    returned = camt_parties.read_return(told, entry) or ("reversal" if reversal else None)
    payer_name, payer_iban = camt_parties.read_payer(told, head.account)
    return Entry(
        head=head,
        line=own.line,
        kind=_kind_of(entry, direction, returned),
        amount=amount,
        currency=currency,
        booked_on=_booking_day(entry),
        payer_name=payer_name,
        payer_iban=payer_iban,
        purpose=camt_parties.read_purpose(details or [entry], entry),
        end_to_end_id=given(told.value("Refs/EndToEndId")),
        reference=camt_parties.read_reference(told) or camt_parties.read_batch(told, entry),
        bank_reference=given(told.value("Refs/AcctSvcrRef", "Refs/TxId") or entry.value("AcctSvcrRef", "NtryRef")),
        returned=returned,
        charges=_read_charges(told, entry, currency),
    )


def _read_charges(told: Element, entry: Element, currency: str) -> int:
    """What the bank took for an entry, of its own and others' charges."""
    for element in (told, entry):
        charges = element.find("Chrgs")
        if charges is not None:
            records = charges.find_all("Rcrd") or [charges]
            read = [_read_money(each, "Amt") for each in records if each.find("Amt") is not None]
            return sum(amount for amount, own in read if own == currency)
    return 0


def _kind_of(entry: Element, direction: str, returned: str | None) -> EntryKind:
    if (entry.value("Sts/Cd", "Sts") or "BOOK").upper() != "BOOK":
        return "pending"
    if direction == "CRDT":
        return "credit"
    return "reversal" if returned else "debit"


def _direction(own: Element, entry: Element) -> str:
    direction = own.value("CdtDbtInd") or entry.value("CdtDbtInd") or ""
    if direction not in {"CRDT", "DBIT"}:
        raise UnreadableFile(own.line, "<CdtDbtInd>", f"'{direction[:20]}' is neither CRDT nor DBIT")
    return direction


def _booking_day(entry: Element) -> date:
    text = entry.value("BookgDt/Dt", "BookgDt/DtTm", "ValDt/Dt", "ValDt/DtTm")
    try:
        return date.fromisoformat((text or "")[:10])
    except ValueError:
        raise UnreadableFile(entry.line, "<BookgDt>", f"'{(text or '')[:40]}' is no day") from None


def _read_money(element: Element, path: str) -> tuple[int, str]:
    found = element.find(path)
    if found is None:
        raise UnreadableFile(element.line, f"<{path}>", "there is no amount")
    try:
        currency = parse_currency(found.attributes.get("Ccy", ""))
        return parse_amount(found.text, currency), currency
    except ValueError as error:
        raise UnreadableFile(found.line, f"<{path}>", str(error)) from None


def _find_amount(details: Element, currency: str) -> int | None:
    """The amount of one transfer in the account's currency; None where it is not told."""
    for path in ("Amt", "AmtDtls/TxAmt/Amt", "AmtDtls/InstdAmt/Amt"):
        if details.find(path) is not None:
            amount, own = _read_money(details, path)
            if own == currency:
                return amount
    return None
