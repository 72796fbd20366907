"""camt messages in the dialects of banks."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from portal.bank_files import reading
from portal.bank_files.values import Entry, UnreadableFile
from tests.statements_of_banks import OWN_IBAN, Transfer, camt, camt_details

VERSIONS = ["camt.052.001.02", "camt.052.001.08", "camt.053.001.02", "camt.053.001.04", "camt.053.001.08"]
VERSIONS += ["camt.053.001.13", "camt.054.001.02", "camt.054.001.08"]


def read(content: bytes) -> list[Any]:
    return list(reading.read_entries(io.BytesIO(content)))


@pytest.mark.parametrize("version", VERSIONS)
def test_every_version_says_the_same(version: str) -> None:
    transfer = Transfer(
        11900, "Rechnung\nROSEN-0001", end_to_end_id="E-1", reference="RF50ROSEN0001", bank_reference="B1"
    )
    (entry,) = read(camt(transfer, version=version))
    assert (entry.head.format, entry.head.account, entry.head.currency) == (version[:8], OWN_IBAN, "eur")
    assert (entry.kind, entry.amount, entry.currency, entry.booked_on) == ("credit", 11900, "eur", date(2026, 11, 20))
    assert (entry.payer_name, entry.payer_iban) == ("Jenny Rosen", "DE89370400440532013000")
    assert entry.purpose == "Rechnung\nROSEN-0001\nRF50ROSEN0001"
    assert (entry.end_to_end_id, entry.reference, entry.bank_reference) == ("E-1", "RF50ROSEN0001", "B1")


def batch(*transfers: Transfer, whole: int, details: bool = True) -> bytes:
    """An entry that is the sum of several transfers, as collective bookings are."""
    told = "".join(f"<TxDtls>{camt_details(each, amount=details)}</TxDtls>" for each in transfers)
    file = camt(Transfer(whole))
    start, end = file.index(b"<TxDtls>"), file.index(b"</TxDtls>") + len(b"</TxDtls>")
    return file[:start] + told.encode() + file[end:]


def test_a_batch_is_its_transfers() -> None:
    entries = read(batch(Transfer(1000, "one"), Transfer(250, "two"), whole=1250))
    assert [(each.amount, each.purpose) for each in entries] == [(1000, "one"), (250, "two")]


def test_a_batch_that_does_not_add_up_is_refused() -> None:
    (error,) = read(batch(Transfer(1000), Transfer(250), whole=1300))
    assert isinstance(error, UnreadableFile)
    assert "1250" in error.reason


def test_a_batch_without_amounts_is_one_transfer_with_all_words() -> None:
    (entry,) = read(batch(Transfer(1000, "one"), Transfer(250, "two"), whole=1250, details=False))
    assert (entry.amount, entry.purpose) == (1250, "one\ntwo")


def test_what_arrived_counts_and_not_what_was_sent() -> None:
    file = camt(Transfer(9800, "abroad")).replace(
        b"</Refs>", b'</Refs><AmtDtls><InstdAmt><Amt Ccy="EUR">100.00</Amt></InstdAmt></AmtDtls>'
    )
    assert read(file)[0].amount == 9800


def test_a_reversal_is_no_debit_and_a_return_no_payment() -> None:
    reversal, debit = read(camt(Transfer(500, reversal=True), Transfer(600, debit=True)))
    assert (reversal.kind, reversal.returned, debit.kind) == ("reversal", "reversal", "debit")
    (returned,) = read(
        camt(Transfer(500, debit=True)).replace(b"</TxDtls>", b"<RtrInf><Rsn><Cd>MD06</Cd></Rsn></RtrInf></TxDtls>")
    )
    assert (returned.kind, returned.returned) == ("reversal", "MD06")


def test_several_statements_stand_in_one_file() -> None:
    file = camt(Transfer(100))
    second = camt(Transfer(200), iban="NL91ABNA0417164300", number="S-2")
    statement = second[second.index(b"<Stmt>") : second.index(b"</Stmt>") + 7]
    entries = read(file.replace(b"</BkToCstmrStmt>", statement + b"</BkToCstmrStmt>"))
    assert [each.head.account for each in entries] == [OWN_IBAN, "NL91ABNA0417164300"]


def test_other_currencies_have_their_own_minor_units() -> None:
    yen = camt(Transfer(50000, currency="JPY"), currency="JPY").replace(b"500.00", b"500")
    assert read(yen)[0].amount == 500
    (error,) = read(camt(Transfer(50050, currency="JPY"), currency="JPY"))
    assert "no amount in jpy" in error.reason


@pytest.mark.parametrize("amount", ["", "-1.00", "1.005", "1e3", "NaN", "1,000.00", "٣", "9" * 14])
def test_an_amount_is_exact_or_refused(amount: str) -> None:
    (error,) = read(camt(Transfer(100)).replace(b">1.00<", f">{amount}<".encode()))
    assert isinstance(error, UnreadableFile)


def test_entities_are_refused_before_they_are_read() -> None:
    bomb = b'<!DOCTYPE lolz [<!ENTITY a "a"><!ENTITY b "&a;&a;">]>'
    with pytest.raises(UnreadableFile, match="DOCTYPE"):
        read(camt(Transfer(100)).replace(b"\n<Document", bomb + b"<Document"))


def test_elements_without_end_are_refused() -> None:
    with pytest.raises(UnreadableFile, match="without end"):
        read(camt(Transfer(100)).replace(b"<Ntry>", b"<x/>" * 60_000 + b"<Ntry>"))
    with pytest.raises(UnreadableFile, match="without end"):
        read(camt(Transfer(100)).replace(b"<Ntry>", b"<x>" * 100 + b"<Ntry>"))


def test_a_text_without_end_is_refused_and_blanks_between_entries_are_none() -> None:
    with pytest.raises(UnreadableFile, match="a text without end"):
        read(camt(Transfer(100, "x" * 120_000)))
    first, second = read(camt(Transfer(100), Transfer(200)).replace(b"<Ntry>", b"\n        " * 20_000 + b"<Ntry>"))
    assert (first.amount, second.amount) == (100, 200)


class _Large(io.RawIOBase):
    """A file of 200 MB that fails when it is read."""

    def seek(self, place: int, whence: int = 0) -> int:
        return 200_000_000 if whence else place


def test_a_file_of_200_mb_is_refused_unread() -> None:
    with pytest.raises(UnreadableFile, match="larger than"):
        list(reading.read_entries(_Large()))  # type: ignore[arg-type]


def test_a_file_of_many_transfers_is_never_held_whole() -> None:
    class Endless(io.RawIOBase):
        """Gives a file piece by piece, and notes how far it was read."""

        def __init__(self) -> None:
            self.pieces = self._make()
            self.given = 0

        def _make(self) -> Iterator[bytes]:
            file = camt(Transfer(100, "x"))
            start, end = file.index(b"<Ntry>"), file.index(b"</Ntry>") + 7
            yield file[:start]
            for _ in range(2000):
                yield file[start:end]
            yield file[end:]

        def seek(self, place: int, whence: int = 0) -> int:
            return 0

        def read(self, size: int = -1) -> bytes:
            if size == 512:
                return b"<Document"
            piece = next(self.pieces, b"")
            self.given += len(piece)
            return piece

    file = Endless()
    entries = reading.read_entries(file)  # type: ignore[arg-type]
    first = next(entries)
    assert isinstance(first, Entry)
    assert file.given < 5000
    assert sum(1 for _ in entries) == 1999
