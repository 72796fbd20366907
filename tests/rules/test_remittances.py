"""Numbers of invoices within the words of transfers, and creditor references."""

from __future__ import annotations

import pytest
from stdnum import iso11649

from portal.rules.creditor_references import find_references, list_readings, make_reference, parse_reference, plain_key
from portal.rules.remittances import choose_longest, find_candidates


@pytest.mark.parametrize("number", ["ROSEN-0001", "INV-2026/17", "2026.000123", "Ä1-7", "0ROSEN-0001", "000-1"])
def test_a_reference_is_made_of_a_number_and_leads_back_to_it(number: str) -> None:
    reference = make_reference(number)
    assert reference
    assert iso11649.is_valid(reference)
    spelled = " ".join(reference[start : start + 4] for start in range(0, len(reference), 4)).lower()
    assert parse_reference(spelled) == plain_key(number)
    assert find_references(f"Zahlung {spelled} danke") == [plain_key(number)]


@pytest.mark.parametrize("number", ["A" * 22, "---", "請求書-1"])
def test_a_number_that_fits_no_reference_has_none(number: str) -> None:
    assert make_reference(number) is None


def test_zeros_in_front_are_filling_or_a_number_s_own() -> None:
    assert list_readings("00ROSEN0001") == ("00ROSEN0001", "0ROSEN0001", "ROSEN0001")
    assert list_readings("ROSEN0001") == ("ROSEN0001",)
    assert list_readings("000") == ("000", "00", "0")


def test_a_reference_with_wrong_check_digits_is_none() -> None:
    assert parse_reference("RF51ROSEN0001") is None
    assert find_references("RF51ROSEN0001") == []


def test_digits_are_never_torn_apart() -> None:
    found = find_candidates("ROSEN-00012 20260001")
    assert "ROSEN0001" not in found
    assert "0001" not in found


def test_a_longer_number_hides_the_shorter_one_within() -> None:
    found = find_candidates("ROSEN-0001-2, ROSEN-0001")
    both = {key: found[key] for key in ("ROSEN0001", "ROSEN00012")}
    assert choose_longest(both) == ["ROSEN00012", "ROSEN0001"]


def test_long_texts_have_a_bounded_number_of_candidates() -> None:
    assert len(find_candidates("A1 " * 5000)) < 20_000
    assert len(find_candidates("A" * 5000 + "1")) < 100
