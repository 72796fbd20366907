"""What a customer sees of an invoice that is collected: no call to pay it another way."""

from __future__ import annotations

import html
import re

import pytest

from portal import clock
from portal.models import DirectDebit


def words(answer) -> str:
    return " ".join(html.unescape(re.sub("<[^>]+>", " ", answer.get_data(as_text=True))).split())


@pytest.fixture
def visit(collecting, debited, make, portal, held_clock):
    customer = make.customer()
    collecting.sign(customer)
    debited(11900, customer=customer)
    return portal(customer, make.configuration())


def test_what_is_collected_is_not_to_be_paid(visit, collecting, make, api):
    (debit,) = collecting.debits()
    home, page = words(visit.get()), words(visit.get(f"invoices/{debit['invoice']}"))
    for shown in (home, page):
        assert "We collect €119.00 on December 7, 2026 from your bank account •••• 3000 ." in shown
        assert "There is nothing else to do." in shown
        assert "to pay" not in shown
    collecting.make_file(clock.now() + 14 * clock.DAY)
    for path in ("", f"invoices/{debit['invoice']}"):
        assert "We have asked your bank for €119.00 on December 7, 2026" in words(visit.get(path))


def test_what_the_bank_refused_is_to_be_paid_again(visit, collecting, make):
    (debit,) = collecting.debits()
    visit.get()
    with make.database.writing(make.scope) as db:
        db.get_one(DirectDebit, (make.scope.tenant_id, debit["id"])).status = "failed"
    assert "€119.00 to pay" in words(visit.get())
    assert "We collect" not in words(visit.get(f"invoices/{debit['invoice']}"))


def test_only_the_rest_is_to_be_paid(visit, collecting, make, api):
    """A customer has one invoice that is collected, and one that is not."""
    (debit,) = collecting.debits()
    api.post("customers/" + debit["customer"], invoice_settings={"default_payment_method": ""})
    customer = api.get("customers/" + debit["customer"])["id"]
    draft = api.post("invoices", customer=customer, collection_method="send_invoice", days_until_due=14)
    api.post("invoiceitems", customer=customer, invoice=draft["id"], amount=500, currency="eur")
    api.post(f"invoices/{draft['id']}/finalize")
    shown = words(visit.get())
    assert "€5.00 to pay" in shown
    assert "We collect €119.00" in shown
