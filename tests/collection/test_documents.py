"""What the documents of a collected invoice say: that it is collected, by which mandate, and no account to pay to."""

from __future__ import annotations

import io
from typing import Any

import pypdf
import pytest

from portal import clock
from portal.billing.collection import failures, results
from portal.billing.ledger import locks
from portal.documents import build
from portal.models import Invoice
from tests.documents import archival_checks
from tests.statements_of_banks import OWN_IBAN

PRINTED_IBAN = " ".join(OWN_IBAN[start : start + 4] for start in range(0, len(OWN_IBAN), 4))


@pytest.fixture
def told(collecting, debited, make, api, held_clock, app) -> Any:
    """`told()` is the text of the PDF of an invoice that is collected as it is now."""
    api.post("account", settings={"invoices": {"bank_transfer": {"iban": OWN_IBAN}}})
    invoice = debited(11900)

    def text() -> str:
        services = app.extensions["portal"]
        content = services.documents.pdf(make.scope, "invoice", invoice.id)
        assert archival_checks.complaints(content) == []
        pages = pypdf.PdfReader(io.BytesIO(content)).pages
        return " ".join(" ".join(page.extract_text() for page in pages).split())

    text.invoice = invoice  # type: ignore[attr-defined]
    return text


def stored(make, id: str) -> Invoice:
    with make.database.reading(make.scope) as db:
        return db.get_one(Invoice, (make.scope.tenant_id, id))


def plain(text: str) -> str:
    return text.replace("\u2068", "").replace("\u2069", "")


def test_a_collected_invoice_asks_for_no_transfer(told, collecting):
    shown = plain(told())
    reference = stored(collecting.make, told.invoice.id).debit["mandate"]
    said = (
        f"We collect €119.00 on December 7, 2026 from your bank account •••• 3000, mandate reference {reference},"
        " creditor identifier DE98ZZZ09999999999."
    )
    assert said.replace(" ", "") in shown.replace(" ", "")  # a reference may go over the end of a line
    assert PRINTED_IBAN not in shown
    assert "Pay by bank transfer" not in shown


def test_what_failed_for_good_is_to_be_transferred(told, collecting, api):
    told()
    collecting.settings(retry_days="")
    (debit,) = collecting.debits()
    collecting.make_file(clock.now() + 14 * clock.DAY)
    refuse(collecting, debit)
    assert stored(collecting.make, told.invoice.id).debit is None
    shown = plain(told())
    assert "We collect" not in shown
    assert PRINTED_IBAN in shown


def test_a_paid_invoice_says_nothing_of_its_debit(told, collecting, api):
    api.post(f"invoices/{told.invoice.id}/pay", paid_out_of_band=True)
    shown = plain(told())
    assert "We collect" not in shown
    collecting.make_file(clock.now() + 14 * clock.DAY)  # it is canceled there
    assert collecting.debits()[0]["status"] == "canceled"
    assert stored(collecting.make, told.invoice.id).debit is None


def test_a_late_file_has_the_day_that_the_invoice_says(told, collecting):
    collecting.make_file(clock.now() + 20 * clock.DAY)
    (debit,) = collecting.debits()
    assert debit["collect_on"] == "2026-12-14"
    assert stored(collecting.make, told.invoice.id).debit["collect_on"] == "2026-12-14"
    assert "on December 14, 2026" in told()


def test_an_issued_e_invoice_stays_as_it_was(collecting, make, api, app, held_clock):
    """One that was issued without a mandate says so for good, though its PDF tells of the debit that came later."""
    api.post("account", settings={"invoices": {"bank_transfer": {"iban": OWN_IBAN}}})
    customer = make.customer()
    invoice = make.invoice(customer, 11900)
    with make.database.reading(make.scope) as db:
        before = build.describe(db, db.get_one(Invoice, (make.scope.tenant_id, invoice.id)))[0]
    assert before.iban == OWN_IBAN
    assert before.debit is None
    services = app.extensions["portal"]
    kept = services.documents.e_invoices(make.scope, "invoice", invoice.id)
    collecting.sign(customer)
    api.post(f"invoices/{invoice.id}/pay")
    with make.database.reading(make.scope) as db:
        after = build.describe(db, db.get_one(Invoice, (make.scope.tenant_id, invoice.id)))[0]
    assert after.iban is None
    assert after.debit.last4 == "3000"
    assert services.documents.e_invoices(make.scope, "invoice", invoice.id) == kept


def refuse(collecting, debit) -> None:
    with collecting.make.database.writing(collecting.scope) as db:
        billed = locks.invoice_by_id(db, debit["invoice"])
        (row,) = results.lock_debits(db, [debit["id"]])
        failures.fail(db, row, billed, reason="MS02", now=clock.now())
