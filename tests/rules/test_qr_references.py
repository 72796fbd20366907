"""QR references: made of numbers, checked, read again in any spelling, and printed in groups."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.ch import esr

from portal.rules.creditor_references import plain_key
from portal.rules.qr_references import (
    find_qr_references,
    group_reference,
    is_qr_iban,
    make_qr_reference,
    parse_qr_reference,
)

MADE = "000000000000810142555503266"


def test_a_reference_is_made_of_a_number() -> None:
    assert make_qr_reference("ROSEN-0001") == MADE
    assert esr.is_valid(MADE)


@given(st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-/", min_size=1, max_size=16).filter(plain_key))
def test_the_number_is_read_from_its_reference(number: str) -> None:
    made = make_qr_reference(number)
    assert made
    assert len(made) == 27
    assert parse_qr_reference(group_reference(made)) == plain_key(number)


@pytest.mark.parametrize("number", ["", "-", "A" * 17, "請求書-1"])
def test_some_numbers_have_no_reference(number: str) -> None:
    assert make_qr_reference(number) is None


@pytest.mark.parametrize("text", [MADE[:-1] + "7", MADE[:-1], MADE + "0", "0" * 27, "RF50ROSEN0001", ""])
def test_what_is_no_reference_of_ours_is_read_as_none(text: str) -> None:
    assert parse_qr_reference(text) is None


def test_references_are_found_in_words() -> None:
    assert find_qr_references(f"20.11.2026 {group_reference(MADE)}\n4711") == ["ROSEN0001"]
    assert find_qr_references(f"{MADE[:11]}\n{MADE[11:]}") == ["ROSEN0001"]
    assert find_qr_references("21 00000 00003 13947 14300 09016") == []


@pytest.mark.parametrize(
    ("iban", "expected"),
    [
        ("CH4431999123000889012", True),
        ("ch44 3199 9123 0008 8901 2", True),
        ("CH5800791123000889012", False),
        ("LI21088100002324013AA", False),
        ("DE89370400440532013000", False),
        (None, False),
    ],
)
def test_a_qr_iban_is_known_by_its_bank(iban: str | None, expected: bool) -> None:
    assert is_qr_iban(iban) is expected


@pytest.mark.parametrize(
    ("reference", "printed"),
    [
        (MADE, "00 00000 00000 81014 25555 03266"),
        ("RF50ROSEN0001", "RF50 ROSE N000 1"),
        ("ROSEN-0001", "ROSEN-0001"),
        ("RF51ROSEN0001", "RF51ROSEN0001"),
    ],
)
def test_people_read_references_in_groups(reference: str, printed: str) -> None:
    assert group_reference(reference) == printed
