"""The form of the numbers of invoices and credit notes."""

from __future__ import annotations

import pytest

from portal.rules.numbering import credit_note_number, invoice_number


@pytest.mark.parametrize(("sequence", "number"), [(1, "ABCD-0001"), (9999, "ABCD-9999"), (12345, "ABCD-12345")])
def test_invoice_numbers_have_four_digits_or_more(sequence: int, number: str) -> None:
    assert invoice_number("ABCD", sequence) == number


def test_credit_notes_are_numbered_below_their_invoice() -> None:
    assert [credit_note_number("ABCD-0001", each) for each in (1, 12, 100)] == [
        "ABCD-0001-CN-01",
        "ABCD-0001-CN-12",
        "ABCD-0001-CN-100",
    ]
