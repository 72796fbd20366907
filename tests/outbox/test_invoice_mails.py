"""Invoices that go by themselves as they are finalized: which, once, and when a call sends them again."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from portal import clock
from portal.billing.invoices import mailing
from portal.models import Invoice
from portal.outbox import mail_contents
from portal.outbox.mail_texts import render_text
from tests.clients import Api
from tests.factories import Factories
from tests.outbox.test_notices import names, switch
from tests.outbox.test_queue import Mails, mails, work
from tests.passing import pass_time

__all__ = ["mails"]
DAY = clock.DAY
BY_INVOICE = {"collection_method": "send_invoice", "days_until_due": 14}


@pytest.fixture(autouse=True)
def switched_on(api: Api) -> None:
    switch(api, invoices=True)


def finalized(api: Api, make: Factories, customer: Any = None, *amounts: int, **sent: Any) -> Any:
    """An invoice that a call has finalized."""
    draft = make.draft(customer, *amounts, **{**BY_INVOICE, **sent})
    return api.post(f"invoices/{draft.id}/finalize")


def told(api: Api, invoice: Any) -> list[str]:
    """The events of an invoice, oldest first."""
    listed = api.get("events", limit=100)["data"]
    return [each["type"] for each in listed if each["data"]["object"]["id"] == invoice["id"]][::-1]


def test_an_invoice_goes_by_itself_with_its_document(app: Flask, api: Api, make: Factories, mails: Mails) -> None:
    invoice = finalized(api, make)
    assert told(api, invoice)[-2:] == ["invoice.finalized", "invoice.sent"]
    work(app)
    assert names(mails) == [("invoice", "sent")]
    (mail,) = mails()
    assert (mail.data, mail.address) == ({"invoice": invoice["id"]}, "jenny.rosen@example.com")


def test_bills_of_a_plan_go_by_themselves(app: Flask, api: Api, make: Factories, mails: Mails) -> None:
    plan = make.subscription()
    assert names(mails) == []
    for bills, moment in enumerate((plan.current_period_start, plan.current_period_end), start=1):
        pass_time(make, moment + 2 * clock.HOUR)
        work(app, moment + 2 * clock.HOUR)
        assert names(mails) == [("invoice", "sent")] * bills


@pytest.mark.parametrize("column", ["due_date", "effective_at"])
def test_what_only_records_the_past_does_not_go(
    api: Api, make: Factories, mails: Mails, writing: Any, column: str
) -> None:
    for back, most in ((mailing.LONGEST_BACKDATING + 60, 0), (-clock.DAY, 1)):
        draft = make.draft(collection_method="send_invoice", due_date=clock.now() + DAY)
        with writing() as db:
            setattr(db.get_one(Invoice, (make.scope.tenant_id, draft.id)), column, clock.now() - back)
        assert api.post(f"invoices/{draft.id}/finalize")["status"] == "open"
        assert len(mails()) == most


def test_what_is_charged_does_not_go(api: Api, make: Factories, mails: Mails) -> None:
    assert api.post(f"invoices/{make.draft().id}/finalize")["status"] == "open"
    assert names(mails) == []


def test_an_invoice_of_nothing_does_not_go_and_one_that_credit_pays_does(
    api: Api, make: Factories, mails: Mails
) -> None:
    assert finalized(api, make, None, 1000, -1000)["status"] == "paid"
    assert names(mails) == []
    customer = make.customer()
    api.post(f"customers/{customer.id}/balance_transactions", amount=-5000, currency="eur")
    assert finalized(api, make, customer)["status"] == "paid"
    assert names(mails) == [("invoice", "queued")]


def test_who_has_no_address_says_no_or_lives_by_a_test_clock_gets_none(api: Api, make: Factories, mails: Mails) -> None:
    clock_id = api.post("test_helpers/test_clocks", frozen_time=clock.now())["id"]
    for sent in ({"email": ""}, {"unsubscribed_from": ["invoice"]}, {"test_clock": clock_id}):
        invoice = finalized(api, make, make.customer(**sent))
        assert "invoice.sent" not in told(api, invoice)
    assert names(mails) == []
    api.post(f"invoices/{finalized(api, make, make.customer(unsubscribed_from=['invoice']))['id']}/send")
    assert names(mails) == [("invoice", "queued")]


def test_where_the_account_or_the_call_says_no_or_another_system_bills_none_goes(
    api: Api, make: Factories, mails: Mails
) -> None:
    api.post(f"invoices/{make.draft(**BY_INVOICE).id}/finalize", auto_advance=False)
    switch(api, invoices=False)
    finalized(api, make)
    switch(api, invoices=True)
    drafts = [make.draft(**BY_INVOICE) for _ in range(2)]
    api.post("account", settings={"billing": {"mode": "mirror"}})
    for draft in drafts:
        api.request("POST", f"invoices/{draft.id}/finalize")
    assert names(mails) == []


def test_a_plan_whose_collection_is_paused_sends_none(api: Api, make: Factories, mails: Mails) -> None:
    plan = make.subscription()
    api.post(f"subscriptions/{plan.id}", pause_collection={"behavior": "mark_uncollectible"})
    pass_time(make, plan.current_period_end + 2 * clock.HOUR)
    assert names(mails) == []


def test_what_is_voided_before_the_mail_leaves_is_not_sent(app: Flask, api: Api, make: Factories, mails: Mails) -> None:
    api.post(f"invoices/{finalized(api, make)['id']}/void")
    work(app)
    assert names(mails) == [("invoice", "dropped")]


def test_sending_right_after_is_the_same_order_unless_another_mail_is_asked_for(
    api: Api, make: Factories, mails: Mails
) -> None:
    invoice = finalized(api, make)
    assert api.post(f"invoices/{invoice['id']}/send")["id"] == invoice["id"]
    assert len(mails()) == 1
    api.post(f"invoices/{invoice['id']}/send", resend=True)
    assert len(mails()) == 2


def test_sending_a_draft_is_one_mail(api: Api, make: Factories, mails: Mails) -> None:
    for resend in ({}, {"resend": True}):
        before = len(mails())
        api.post(f"invoices/{make.draft(**BY_INVOICE).id}/send", **resend)
        assert len(mails()) == before + 1


def test_sending_an_hour_later_sends_again(api: Api, make: Factories, mails: Mails) -> None:
    invoice = finalized(api, make)
    now = clock.now()
    for passed, most in ((mailing.SAME_ORDER - 1, 1), (mailing.SAME_ORDER, 2)):
        with clock.hold_at(now + passed):
            api.post(f"invoices/{invoice['id']}/send")
        assert len(mails()) == most


def test_a_repeated_call_mails_once(api: Api, make: Factories, mails: Mails) -> None:
    draft = make.draft(**BY_INVOICE)
    for _ in range(2):
        api.request("POST", f"invoices/{draft.id}/finalize", headers={"Idempotency-Key": f"one-{draft.id}"})
    assert len(mails()) == 1


def test_a_change_of_plan_does_not_bring_an_invoice_that_comes_by_itself(
    app: Flask, api: Api, make: Factories, mails: Mails
) -> None:
    plan = make.subscription()
    (item,) = api.get(f"subscriptions/{plan.id}")["items"]["data"]
    changed = {"items": [{"id": item["id"], "quantity": 3}], "proration_behavior": "always_invoice"}
    api.post(f"subscriptions/{plan.id}", **changed)
    services = app.extensions["portal"]
    (mail,) = [each for each in mails() if each.name == "subscription_changed"]
    with services.database.reading(make.scope) as db:
        content = mail_contents.build_mail(services, db, mail)
    assert content is not None
    assert content.attachments == {}
    assert "which you get in a mail of its own" in render_text(mail.name, content).plain
    assert [each.name for each in mails()].count("invoice") == 1
