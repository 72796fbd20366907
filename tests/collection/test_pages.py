"""What a customer sees and reads of an invoice that is collected: no call to pay it another way."""

from __future__ import annotations

import html
import re
from email import message_from_bytes
from email.policy import default
from uuid import uuid4

import pytest

from portal import clock
from portal.models import DirectDebit, Mail
from portal.outbox import reminders
from tests.mailing import send_due_mails
from tests.statements_of_banks import OWN_IBAN


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


def test_the_page_of_a_cancellation_says_that_it_is_collected(collecting, make, portal, held_clock, api):
    customer = make.customer()
    collecting.sign(customer)
    plan = make.subscription(customer, collection_method="charge_automatically", days_until_due=None)
    shown = words(portal(customer, make.configuration()).get(f"subscriptions/{plan.id}/cancel"))
    assert "We collect €20.00 on December 7, 2026 from your bank account •••• 3000 ." in shown
    assert "to pay." not in shown


def test_mails_do_not_ask_for_what_is_collected(collecting, debited, app, api, make):
    api.post("account", settings={"invoices": {"bank_transfer": {"iban": OWN_IBAN}}})
    customer = make.customer(email=f"{uuid4()}@example.com")
    collecting.sign(customer)
    invoice = debited(11900, customer=customer)
    api.post(f"invoices/{invoice.id}/send")
    send_due_mails(app.extensions["portal"])
    folder = app.extensions["portal"].settings.instance / "mail"
    (sent,) = [file for file in folder.glob("*-invoice-*") if customer.email.encode() in file.read_bytes()]
    text = message_from_bytes(sent.read_bytes(), policy=default).get_body(("plain",)).get_content()
    assert "We collect €119.00 on" in text
    assert "How to pay" not in text
    assert "to pay" not in text


def test_nobody_is_reminded_of_what_is_collected(collecting, make, app, api, held_clock):
    api.post("account", settings={"emails": {"payment_reminders": {"days_after_due": [1]}}})
    customer, due = make.customer(), clock.now() + 3 * clock.DAY
    collecting.sign(customer)
    asked, other = (make.invoice(customer, collection_method="send_invoice", due_date=due) for _ in range(2))
    api.post(f"invoices/{asked.id}/pay")
    reminders.work(app.extensions["portal"], due + clock.DAY + 10 * clock.HOUR)
    with make.database.reading(make.scope) as db:
        reminded = [mail.data["invoice"] for mail in db.query(Mail).filter_by(name="payment_reminder")]
    assert reminded == [other.id]
