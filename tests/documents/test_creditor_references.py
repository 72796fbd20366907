"""What a payer writes on a transfer: a creditor reference that the bank statement is matched by."""

from __future__ import annotations

from portal.documents.xml.references import payment_reference
from portal.rules.creditor_references import make_reference

NEW = {"creditor_references": True}


def test_an_invoice_is_paid_with_a_reference_made_of_its_number() -> None:
    assert payment_reference("ROSEN-0001", None, NEW) == make_reference("ROSEN-0001") == "RF50ROSEN0001"


def test_an_invoice_of_before_keeps_its_number() -> None:
    assert payment_reference("ROSEN-0001", None, {}) == "ROSEN-0001"


def test_the_merchants_own_reference_comes_first() -> None:
    buyer = {"e_invoices": {"creditor_reference": "RF18 5390 0754 7034"}}
    assert payment_reference("ROSEN-0001", buyer, NEW) == "RF18539007547034"


def test_a_number_that_fits_no_reference_stays_what_to_write() -> None:
    assert payment_reference("請求書-1", None, NEW) == "請求書-1"
