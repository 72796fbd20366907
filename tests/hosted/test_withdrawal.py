"""Consumers withdraw from a new contract: what is said before the click is what happens, once."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask.testing import FlaskClient

from portal import clock
from portal.billing.invoices import finalization
from portal.billing.invoices.params import FinalizeInvoice
from portal.documents.build_cancellations import build_withdrawal
from portal.models import CreditNote, Customer, Event, Invoice, Mail, PlanWithdrawal, Refund, Subscription
from portal.outbox.mail_builders import MAIL_BUILDERS
from tests.clients import Api, Portal
from tests.conftest import NOON
from tests.factories import Factories
from tests.hosted.two_clicks import click_twice, twin
from tests.refunding import OWN_ACCOUNT
from tests.statements_of_banks import Transfer, camt

Open = Callable[..., Portal]
pytestmark = pytest.mark.usefixtures("held_clock")


def withdrawing(**settings: Any) -> dict[str, Any]:
    return {"subscription_withdrawal": {"enabled": True, **settings}}


@pytest.fixture
def customer(make: Factories) -> Customer:
    return make.customer(email="jenny@example.com", preferred_locales=["en"])


@pytest.fixture
def plan(make: Factories, customer: Customer) -> Subscription:
    """Begun ten days ago: until 25 November, a Wednesday, it can be withdrawn from."""
    return make.subscription(customer, now=NOON - 10 * clock.DAY)


@pytest.fixture
def visit(portal: Open, make: Factories, customer: Customer) -> Portal:
    return portal(customer, make.configuration(**withdrawing()))


@pytest.fixture
def bill(make: Factories, plan: Subscription) -> Invoice:
    """The first invoice of the plan, finalized: 20.00 euros."""
    with make.database.reading(make.scope) as db:
        draft = db.query(Invoice).where(Invoice.subscription_id == plan.id).one()
    return make.run(finalization.finalize, FinalizeInvoice, draft, now=NOON - 10 * clock.DAY)


def words(answer: Any) -> str:
    return " ".join(html.unescape(re.sub("<[^>]+>", " ", answer.get_data(as_text=True))).split())


def rows(make: Factories, model: Any) -> list[Any]:
    with make.database.reading(make.scope) as db:
        return list(db.query(model))


def transfer(api: Api, invoice: Invoice) -> None:
    """Pay an invoice by a bank transfer, which can be paid back from here."""
    api.post("account", default_currency="eur", settings={"invoices": {"bank_transfer": OWN_ACCOUNT}})
    api.post("bank_statements", upload=("a.xml", camt(Transfer(invoice.total, f"Invoice {invoice.number}"))))


def test_what_was_paid_goes_back_the_way_it_came(
    visit: Portal, plan: Subscription, bill: Invoice, make: Factories, api: Api, client: FlaskClient
) -> None:
    transfer(api, bill)
    path = f"subscriptions/{plan.id}/withdraw"
    assert "Withdraw from contract here" in words(visit.get())
    shown = words(visit.get(path))
    assert "You can withdraw until November 25, 2026, without a reason." in shown
    assert "Paid back the way it was paid €20.00" in shown
    assert "Receipt by mail to jenny@example.com" in shown
    assert rows(make, PlanWithdrawal) == []
    answer = visit.post(path)
    assert answer.status_code == 303
    done = visit.get(f"subscriptions/{plan.id}/withdrawn")
    assert "Paid back the way it was paid €20.00" in words(done)
    link = re.search(r'href="(http[^"]*/w/[^"]+/pdf)"', done.text)
    assert link
    pdf = client.get(link[1])
    assert (pdf.status_code, pdf.mimetype) == (200, "application/pdf")
    (note,), (refund,), (row,) = rows(make, CreditNote), rows(make, Refund), rows(make, PlanWithdrawal)
    assert (note.total, refund.amount, refund.credit_note_id) == (2000, 2000, note.id)
    assert (row.amount_refunded, row.amount_credited, row.amount_waived) == (2000, 0, 0)
    found = api.get(f"subscriptions/{plan.id}")
    assert (found["status"], found["ended_at"]) == ("canceled", NOON)
    (listed,) = api.get("billing_portal/withdrawals", subscription=plan.id)["data"]
    assert (listed["credit_notes"], listed["session"]) == ([note.id], visit.session_id)
    with make.database.reading(make.scope) as db:
        document = build_withdrawal(db, row)
    assert (document.received_at, document.concluded_on.isoformat()) == ("12:00:00 (Etc/UTC)", "2026-11-11")
    assert document.credit_notes == (note.number,)


def test_what_was_paid_elsewhere_becomes_credit(
    visit: Portal, plan: Subscription, bill: Invoice, customer: Customer, api: Api
) -> None:
    api.post(f"invoices/{bill.id}/pay", paid_out_of_band=True)
    assert "Added to your credit €20.00" in words(visit.get(f"subscriptions/{plan.id}/withdraw"))
    visit.post(f"subscriptions/{plan.id}/withdraw")
    assert api.get(f"customers/{customer.id}")["balance"] == -2000


def test_what_is_open_is_not_to_be_paid_any_more(
    visit: Portal, plan: Subscription, bill: Invoice, make: Factories, api: Api
) -> None:
    assert "Not to be paid any more €20.00" in words(visit.get(f"subscriptions/{plan.id}/withdraw"))
    visit.post(f"subscriptions/{plan.id}/withdraw")
    settled = api.get(f"invoices/{bill.id}")
    assert (settled["status"], settled["amount_remaining"]) == ("paid", 0)
    assert rows(make, Subscription)[0].status == "canceled"


def test_used_time_is_kept_where_the_merchant_says_so(
    portal: Open, plan: Subscription, bill: Invoice, customer: Customer, make: Factories, api: Api
) -> None:
    transfer(api, bill)
    visit = portal(customer, make.configuration(**withdrawing(refund="prorated")))
    shown = words(visit.get(f"subscriptions/{plan.id}/withdraw"))
    assert "Paid back the way it was paid €13.33" in shown
    assert "The time until the withdrawal is not paid back." in shown
    visit.post(f"subscriptions/{plan.id}/withdraw")
    assert [refund.amount for refund in rows(make, Refund)] == [1333]


def test_used_time_is_billed_where_the_bill_was_a_draft(
    portal: Open, plan: Subscription, customer: Customer, make: Factories, api: Api
) -> None:
    visit = portal(customer, make.configuration(**withdrawing(refund="prorated")))
    assert "Not to be paid any more €13.33" in words(visit.get(f"subscriptions/{plan.id}/withdraw"))
    assert [invoice.status for invoice in rows(make, Invoice)] == ["draft"]
    visit.post(f"subscriptions/{plan.id}/withdraw")
    (bill,), (note,) = rows(make, Invoice), rows(make, CreditNote)
    assert (bill.status, bill.amount_remaining, note.total) == ("open", 667, 1333)
    types = [event["type"] for event in api.get("events", limit=100)["data"]][::-1]
    assert types.index("invoice.finalized") < types.index("credit_note.created")


def test_a_draft_is_no_bill_where_nothing_is_kept(visit: Portal, plan: Subscription, make: Factories) -> None:
    visit.post(f"subscriptions/{plan.id}/withdraw")
    (draft,) = rows(make, Invoice)
    assert (draft.status, draft.auto_advance, rows(make, CreditNote)) == ("draft", False, [])


def test_only_the_bills_of_the_contract_are_paid_back(
    visit: Portal, plan: Subscription, bill: Invoice, customer: Customer, make: Factories, api: Api
) -> None:
    """A bill of something else, and what such a bill of the plan has taken along, stays."""
    make.paid_invoice(customer, 5000)
    api.post(f"invoices/{bill.id}/pay", paid_out_of_band=True)
    visit.post(f"subscriptions/{plan.id}/withdraw")
    assert [(note.invoice_id, note.total) for note in rows(make, CreditNote)] == [(bill.id, 2000)]


def test_fees_belong_to_the_contract_and_other_work_does_not(
    portal: Open, customer: Customer, make: Factories, api: Api
) -> None:
    make.item(customer, 700, now=NOON - 3 * clock.DAY)
    added = {"price_data": {"currency": "eur", "product": make.product().id, "unit_amount": 300}}
    plan = make.subscription(customer, add_invoice_items=[added])
    with make.database.reading(make.scope) as db:
        draft = db.query(Invoice).where(Invoice.subscription_id == plan.id).one()
    bill = make.run(finalization.finalize, FinalizeInvoice, draft)
    assert bill.total == 3000
    visit = portal(customer, make.configuration(**withdrawing()))
    visit.post(f"subscriptions/{plan.id}/withdraw")
    assert [note.total for note in rows(make, CreditNote)] == [2300]
    assert api.get(f"invoices/{bill.id}")["amount_remaining"] == 700


def test_an_earlier_credit_is_not_given_twice(
    visit: Portal, plan: Subscription, bill: Invoice, make: Factories, api: Api
) -> None:
    api.post(f"invoices/{bill.id}/pay", paid_out_of_band=True)
    make.credit_note(bill, 500, out_of_band_amount=500)
    visit.post(f"subscriptions/{plan.id}/withdraw")
    assert sorted(note.total for note in rows(make, CreditNote)) == [500, 1500]


@pytest.mark.parametrize(("days", "allowed"), [(14, True), (9, False), (10, True)])
def test_the_last_day_counts_whole(
    portal: Open, plan: Subscription, customer: Customer, make: Factories, days: int, allowed: bool
) -> None:
    """Of ten days the last one would be Saturday the 21st, so it is Monday."""
    visit = portal(customer, make.configuration(**withdrawing(days=days)))
    assert ("Withdraw from contract here" in words(visit.get())) is allowed
    visit.post(f"subscriptions/{plan.id}/withdraw")
    assert len(rows(make, PlanWithdrawal)) == allowed


def test_the_button_goes_with_the_last_second(
    portal: Open, plan: Subscription, customer: Customer, make: Factories
) -> None:
    end = NOON + 4 * clock.DAY + 12 * clock.HOUR
    configuration = make.configuration(**withdrawing())
    for moment, shown in ((end - 1, True), (end, False)):
        with clock.hold_at(moment):
            visit = portal(customer, configuration)
            assert ("Withdraw from contract here" in words(visit.get())) is shown
    with clock.hold_at(end):
        visit = portal(customer, configuration)
        answer = visit.get(f"subscriptions/{plan.id}/withdraw")
        assert "You could withdraw until November 25, 2026." in words(answer)
        visit.post(f"subscriptions/{plan.id}/withdraw")
    assert rows(make, PlanWithdrawal) == []


@pytest.mark.parametrize("business", ["business_name", "tax_id"])
def test_a_business_is_no_consumer_unless_the_merchant_says_so(
    portal: Open, plan: Subscription, customer: Customer, make: Factories, api: Api, business: str
) -> None:
    if business == "tax_id":
        api.post(f"customers/{customer.id}/tax_ids", type="eu_vat", value="DE136695976")
    else:
        api.post(f"customers/{customer.id}", business_name="Rosen GmbH")
    visit = portal(customer, make.configuration(**withdrawing()))
    assert "Withdraw from contract here" not in words(visit.get())
    visit.post(f"subscriptions/{plan.id}/withdraw")
    assert rows(make, PlanWithdrawal) == []
    for_all = portal(customer, make.configuration(**withdrawing(customers="all")))
    assert "Withdraw from contract here" in words(for_all.get())


def test_what_is_off_does_not_exist(portal: Open, plan: Subscription, customer: Customer, make: Factories) -> None:
    visit = portal(customer, make.configuration())
    assert "Withdraw" not in words(visit.get())
    assert visit.get(f"subscriptions/{plan.id}/withdraw").status_code == 404
    assert visit.post(f"subscriptions/{plan.id}/withdraw").status_code == 404
    assert rows(make, PlanWithdrawal) == []


def test_two_clicks_are_one_withdrawal(
    visit: Portal, plan: Subscription, bill: Invoice, customer: Customer, make: Factories, api: Api
) -> None:
    api.post(f"invoices/{bill.id}/pay", paid_out_of_band=True)
    answers = click_twice(make, customer, visit, f"subscriptions/{plan.id}/withdraw")
    assert {answer.status_code for answer in answers} == {303}
    assert {answer.location.rpartition("/")[2] for answer in answers} == {"withdrawn"}
    assert (len(rows(make, PlanWithdrawal)), len(rows(make, CreditNote))) == (1, 1)


def test_fifty_posts_at_once_are_one_withdrawal(
    visit: Portal, plan: Subscription, bill: Invoice, customer: Customer, make: Factories, api: Api
) -> None:
    transfer(api, bill)
    token = visit.token()
    with ThreadPoolExecutor(50) as pool:
        path = f"subscriptions/{plan.id}/withdraw"
        clicks = [pool.submit(twin(visit).post, path, token=False, csrf_token=token) for _ in range(50)]
        statuses = {click.result().status_code for click in clicks}
    assert statuses <= {303, 503}
    assert (len(rows(make, PlanWithdrawal)), len(rows(make, CreditNote)), len(rows(make, Refund))) == (1, 1, 1)


def test_one_mail_brings_the_receipt(
    visit: Portal, plan: Subscription, bill: Invoice, make: Factories, api: Api, app: Any
) -> None:
    api.post("account", settings={"portal": {"events": {"cancellations": False}}})
    visit.post(f"subscriptions/{plan.id}/withdraw")
    with make.database.reading(make.scope) as db:
        queued = list(db.query(Mail))
        built = {mail.name: MAIL_BUILDERS[mail.name](app.extensions["portal"], db, mail) for mail in queued}
    mail = built["subscription_withdrawn"]
    assert mail is not None
    assert [name[:5] for name in mail.attachments] == ["bpwd_"]
    assert built.get("subscription_canceled") is None
    assert built["credit_note"] is not None


def test_the_merchant_is_told(visit: Portal, plan: Subscription, make: Factories) -> None:
    visit.post(f"subscriptions/{plan.id}/withdraw")
    types = [event.type for event in rows(make, Event)]
    assert types.count("billing_portal.withdrawal.created") == 1
    assert types.count("customer.subscription.deleted") == 1


def test_a_flow_withdraws_and_leads_on(portal: Open, plan: Subscription, customer: Customer, make: Factories) -> None:
    flow = {
        "type": "subscription_withdrawal",
        "subscription_withdrawal": {"subscription": plan.id},
        "after_completion": {"type": "hosted_confirmation", "hosted_confirmation": {"custom_message": "See you"}},
    }
    visit = portal(customer, make.configuration(**withdrawing()), flow_data=flow)
    path = f"subscriptions/{plan.id}/withdraw"
    assert visit.get().location.endswith(path)
    assert visit.post(path).location.endswith("/done")
    assert "See you" in words(visit.get("done"))


def test_a_flow_needs_the_feature_and_the_time(
    api: Api, plan: Subscription, customer: Customer, make: Factories
) -> None:
    def refused(features: dict[str, Any]) -> str:
        flow = {"type": "subscription_withdrawal", "subscription_withdrawal": {"subscription": plan.id}}
        sent = {"customer": customer.id, "configuration": make.configuration(**features).id, "flow_data": flow}
        return str(api.error("POST", "billing_portal/sessions", **sent)["message"])

    assert "features[subscription_withdrawal][enabled]" in refused({})
    assert "can't withdraw" in refused(withdrawing(days=3))


def test_a_test_clock_is_the_time_of_its_customer(portal: Open, make: Factories, api: Api) -> None:
    clocked = api.post("test_helpers/test_clocks", frozen_time=NOON + 100 * clock.DAY)["id"]
    customer = make.customer(test_clock=clocked)
    plan = make.subscription(customer, now=NOON + 100 * clock.DAY)
    visit = portal(customer, make.configuration(**withdrawing()))
    visit.post(f"subscriptions/{plan.id}/withdraw")
    (row,) = rows(make, PlanWithdrawal)
    assert row.created == NOON + 100 * clock.DAY
    assert rows(make, Mail) == []


def test_the_merchant_takes_one_in_at_any_time_and_once(
    api: Api, plan: Subscription, bill: Invoice, make: Factories
) -> None:
    with clock.hold_at(NOON + 9 * clock.DAY):
        ended = api.post(f"subscriptions/{plan.id}/withdraw", refund="prorated")
        assert ended["status"] == "canceled"
        assert "has ended" in api.error("POST", f"subscriptions/{plan.id}/withdraw")["message"]
    assert [row.session_id for row in rows(make, PlanWithdrawal)] == [None]
    assert len(rows(make, CreditNote)) == 1
