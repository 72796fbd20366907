"""MT940 in the dialects of banks."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

import pytest

from portal.bank_files import reading
from portal.bank_files.values import UnreadableFile
from tests.statements_of_banks import Transfer, mt940


def read(content: bytes) -> list[Any]:
    return list(reading.read_entries(io.BytesIO(content)))


def statement(account: str, entry: str, *, amount: str = "119,00", closing: str = "1119,00") -> bytes:
    """A statement with one entry; a blank `amount` stands in the entry's text."""
    text = f"""
:20:940S261120
:25:{account}
:28C:00230/1
:60F:C261119EUR1000,00
{entry.strip()}
:62F:C261120EUR{closing}
:64:C261120EUR{closing}
-
"""
    return text.strip().replace("\n", "\r\n").encode()


SPARKASSE = """
:61:2611201120CR119,00N051NONREF
:86:166?00GUTSCHR. UEBERWEISUNG?109310?20EREF+RE-77?21SVWZ+Rechnung ROSEN-00?2201 vom 20.11.
2026?30BYLADEM1001?31DE89370400440532013000?32Jenny Rosen Gmb?33H
"""
DEUTSCHE_BANK = """
:61:2611201120C119,00NTRFEREF//2632500001
:86:166?00SEPA-GUTSCHRIFT?20EREF+RE-77?21KREF+NONREF?22SVWZ+Rechnung ROSEN-0001 vom?23 20.11.2026
?30COBADEFFXXX?31DE89370400440532013000?32Jenny Rosen GmbH
"""
ABN_AMRO = """
:61:2611201120C119,00N526NONREF
:86:/TRTP/SEPA OVERBOEKING/IBAN/DE89370400440532013000/BIC/COBADEFF/NA
ME/Jenny Rosen GmbH/REMI/Rechnung ROSEN-0001 vom 20.11.2026/EREF/RE-
77
"""
ING = """
:61:2611201120C119,00NTRFEREF//00000000001005
/TRCD/00100/
:86:/EREF/RE-77//CNTP/DE89370400440532013000/COBADEFF/Jenny Rosen GmbH
///REMI/USTD//Rechnung ROSEN-0001 vom 20.11.2026/
"""
RABOBANK = """
:61:261120C000000000119,00N102EREF//00000000001005
DE89370400440532013000
:86:/EREF/RE-77/ORDP//NAME/Jenny Rosen GmbH/REMI/Rechnung ROSEN-0001 v
om 20.11.2026/ISDT/2026-11-20
"""
MBANK = """
:61:2611201120C119,00S944RE-77//BR26324000000123
944-PRZELEW ZEWN
:86:944~00PRZELEW~20Rechnung ROSEN-0001~21 vom 20.11.2026~30 11402004
~32Jenny Rosen GmbH~38DE89370400440532013000
"""
PLAIN = """
:61:2611201120C119,00NTRFRE-77
:86:Jenny Rosen GmbH
Rechnung ROSEN-0001 vom 20.11.2026
"""


@pytest.mark.parametrize(
    ("account", "entry"),
    [
        pytest.param("12030000/202051", SPARKASSE, id="Sparkasse"),
        pytest.param("DE02120300000000202051EUR", DEUTSCHE_BANK, id="Deutsche Bank"),
        pytest.param("417164300", ABN_AMRO, id="ABN AMRO"),
        pytest.param("NL69INGB0123456789EUR", ING, id="ING"),
        pytest.param("NL44RABO0123456789 EUR", RABOBANK, id="Rabobank"),
        pytest.param("PL61109010140000071219812874", MBANK, id="mBank"),
        pytest.param("12030000/202051", PLAIN, id="plain"),
    ],
)
def test_dialects_say_the_same(account: str, entry: str) -> None:
    (read_entry,) = read(statement(account, entry))
    assert (read_entry.kind, read_entry.amount, read_entry.booked_on) == ("credit", 11900, date(2026, 11, 20))
    assert "Rechnung ROSEN-0001 vom 20.11.2026" in read_entry.purpose
    assert read_entry.end_to_end_id == "RE-77"
    if entry is not PLAIN:
        assert (read_entry.payer_name, read_entry.payer_iban) == ("Jenny Rosen GmbH", "DE89370400440532013000")


@pytest.mark.parametrize(
    ("mark", "code", "kind", "closing"),
    [
        ("C", "166", "credit", "1119,00"),
        ("D", "116", "debit", "881,00"),
        ("RC", "166", "reversal", "881,00"),
        ("D", "109", "reversal", "881,00"),
        ("RD", "116", "credit", "1119,00"),
        ("EC", "166", "pending", "1000,00"),
    ],
)
def test_marks_and_codes_say_what_an_entry_is(mark: str, code: str, kind: str, closing: str) -> None:
    entry = f":61:2611201120{mark}R119,00N051NONREF\n:86:{code}?00X?20SVWZ+Y"
    (found,) = read(statement("12030000/202051", entry, closing=closing))
    assert found.kind == kind
    assert bool(found.returned) == (mark in {"RC", "RD"} or code == "109")


def test_an_entry_of_january_may_be_booked_in_december() -> None:
    entry = SPARKASSE.replace("2611201120", "2701021231")
    assert read(statement("12030000/202051", entry))[0].booked_on == date(2026, 12, 31)


def test_several_statements_and_envelopes_stand_in_one_file() -> None:
    one = (
        b"{1:F01INGBNL2ABXXX0000000000}{2:I940INGBNL2AXN}{4:\r\n" + statement("12030000/202051", PLAIN)[:-1] + b"-}\r\n"
    )
    assert len(read(one + one)) == 2


def test_letters_of_older_encodings_are_read() -> None:
    file = statement("12030000/202051", PLAIN.replace("Jenny", "J\u00fcrgen")).decode().encode("cp1252")
    assert "Jürgen" in read(file)[0].purpose


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda file: file.replace(b"R119,00", b"R118,00"), "closing balance"),
        (lambda file: file[: file.index(b":62F:")], "no closing balance"),
        (lambda file: file.replace(b":60F:C261119EUR1000,00\r\n", b""), "opening balance"),
        (lambda file: file.replace(b":64:", b":99:"), ":99:"),
        (lambda file: file.replace(b"C261120EUR1119,00", b"soon"), "no balance"),
    ],
)
def test_what_is_missing_refuses_the_file(change: Any, words: str) -> None:
    with pytest.raises(UnreadableFile, match=words):
        read(change(mt940(Transfer(11900, "x")).replace(b"-\r\n", b":64:C261120EUR1119,00\r\n-\r\n")))


def test_an_entry_that_can_not_be_read_is_named() -> None:
    (error,) = read(mt940(Transfer(11900, "x")).replace(b"R119,00", b"R1x9,00"))
    assert (error.line, error.element) == (5, ":61:")
