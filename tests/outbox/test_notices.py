"""Mails that an account sends by itself: switched, worded, dropped where they are not wanted."""

from __future__ import annotations

from datetime import date, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal import clock, zones
from portal.db import Database, Scope
from portal.models import BankStatement, BankTransaction, Mail
from portal.outbox import mail_contents, reminders
from portal.outbox.messages import build_message
from portal.rules import mails as mail_rules
from portal.rules import mails as rules
from portal.settings import Settings
from tests.clients import Api
from tests.factories import Factories
from tests.outbox.test_queue import Mails, mails, work
from tests.passing import pass_time

__all__ = ["mails"]
DAY = clock.DAY


def names(mails: Mails) -> list[tuple[str, str]]:
    return [(mail.name, mail.status) for mail in mails()]


def switch(api: Api, **emails: Any) -> None:
    api.post("account", settings={"emails": emails})


def message(app: Flask, database: Database, scope: Scope, mail: Mail, settings: Settings) -> EmailMessage:
    """What is sent of a queued mail."""
    with database.reading(scope) as db:
        content = mail_contents.build_mail(app.extensions["portal"], db, mail)
    assert content is not None
    return message_from_bytes(build_message(settings, mail.name, content).as_bytes(), policy=default)  # type: ignore[return-value]


def test_a_receipt_goes_out_where_it_is_switched_on(app: Flask, api: Api, make: Factories, mails: Mails) -> None:
    make.paid_invoice(make.customer(), 1000)
    assert names(mails) == []
    switch(api, receipts=True)
    make.paid_invoice(make.customer(), 1000)
    assert names(mails) == [("receipt", "queued")]
    work(app)
    assert names(mails) == [("receipt", "sent")]


def test_what_is_switched_off_meanwhile_is_dropped(app: Flask, api: Api, make: Factories, mails: Mails) -> None:
    switch(api, receipts=True)
    make.paid_invoice(make.customer(), 1000)
    switch(api, receipts=False)
    work(app)
    assert names(mails) == [("receipt", "dropped")]


def test_the_end_of_a_trial_is_told_once(app: Flask, api: Api, make: Factories, mails: Mails) -> None:
    switch(api, trial_endings=True)
    ends = clock.now() + 2 * DAY
    made = api.post("subscriptions", customer=make.customer().id, items=[{"price": make.price().id}], trial_end=ends)
    pass_time(make, clock.now())
    work(app)
    assert made["status"] == "trialing"
    assert names(mails) == [("trial_ending", "sent")]


@pytest.mark.parametrize("type", ["invoice.paid", "customer.subscription.trial_will_end"])
def test_those_who_live_by_a_test_clock_get_none(type: str) -> None:
    event = {"id": "evt_1", "type": type, "actor": {"type": "worker"}, "customer_id": "cus_1"}
    object = {"object": "some", "id": "some_1", "amount_paid": 1, "trial_end": 1}
    for test_clock, most in (("clock_1", 0), (None, 1)):
        data = {**object, "test_clock": test_clock}
        assert len(rules.mails_for_events([{**event, "previous_attributes": None, "data": data}])) == most


VAT = {"type": "eu_vat", "value": "DE136695976"}


def test_a_tax_id_is_mailed_alike_whether_the_api_or_the_portal_changed_it(
    app: Flask, portal: Any, make: Factories, mails: Mails, api: Api
) -> None:
    customer = make.customer()
    visit = portal(customer, make.configuration(customer_update={"enabled": True, "allowed_updates": ["tax_id"]}))
    for _ in range(2):
        api.post(f"customers/{customer.id}/tax_ids", **VAT)
        (own,) = api.get(f"customers/{customer.id}/tax_ids")["data"]
        assert visit.post(f"details/tax-ids/{own['id']}/remove").status_code == 303
        assert visit.post("details/tax-ids?country=DE", **VAT).status_code == 303
        (own,) = api.get(f"customers/{customer.id}/tax_ids")["data"]
        api.delete(f"customers/{customer.id}/tax_ids/{own['id']}")
    work(app)
    assert names(mails) == [("tax_id_changed", "sent")] * 8
    assert [mail.data for mail in mails()] == [{"added": added, **VAT} for added in (True, False)] * 4


def test_tax_ids_are_not_mailed_to_new_and_deleted_customers_and_those_of_test_clocks(
    app: Flask, make: Factories, mails: Mails, api: Api
) -> None:
    api.post("customers", email="new@customer.example", tax_id_data=[VAT])
    assert names(mails) == []
    clock_id = api.post("test_helpers/test_clocks", frozen_time=clock.now())["id"]
    timed = api.post("customers", email="timed@customer.example", test_clock=clock_id)["id"]
    deleted = make.customer().id
    for id in (timed, deleted):
        api.post(f"customers/{id}/tax_ids", **VAT)
    api.delete(f"customers/{deleted}")
    work(app)
    assert names(mails) == [("tax_id_changed", "dropped")] * 2


def unpaid(api: Api, make: Factories, due_in: int, **sent: Any) -> Any:
    """An open invoice that is due in so many days, and has not been mailed by itself."""
    switch(api, invoices=False)
    invoice = make.invoice(collection_method="send_invoice", due_date=clock.now() + due_in * DAY, **sent)
    return api.get(f"invoices/{invoice.id}")


def opening(moment: int, zone: str = "Etc/UTC") -> int:
    """When the reminders of the day of a moment begin to go out."""
    return zones.start_of_day(zones.day_of(moment, zone), zone) + reminders.OPENING_HOUR


def remind(app: Flask, now: int) -> None:
    while reminders.work(app.extensions["portal"], now):
        pass


def test_reminders_come_on_the_days_that_were_chosen(app: Flask, api: Api, make: Factories, mails: Mails) -> None:
    switch(api, payment_reminders={"days_before_due": [3], "days_after_due": [1]})
    due = unpaid(api, make, 10)["due_date"]
    before, after = opening(due - 3 * DAY), opening(due + DAY)
    days = (before - 1, before, before + DAY, after - 1, after, after + DAY)
    seen = []
    for now in days:
        remind(app, now)
        seen.append(len(mails()))
    assert seen == [0, 1, 1, 1, 2, 2]


def test_what_was_not_sent_on_its_day_comes_a_day_later_and_then_no_more(
    app: Flask, api: Api, make: Factories, mails: Mails
) -> None:
    due = unpaid(api, make, 10)["due_date"]
    switch(api, payment_reminders={"days_after_due": [1]})
    remind(app, opening(due + 3 * DAY))
    assert names(mails) == []
    remind(app, opening(due + 3 * DAY) - 1)
    assert names(mails) == [("payment_reminder", "queued")]


@pytest.mark.parametrize("zone", ["Pacific/Auckland", "America/Los_Angeles"])
def test_the_day_of_a_reminder_is_that_of_the_merchants_calendar(
    app: Flask, api: Api, make: Factories, mails: Mails, zone: str
) -> None:
    api.post("account", settings={"dashboard": {"timezone": zone}})
    switch(api, payment_reminders={"days_after_due": [7]})
    now = clock.now()
    last = zones.start_of_day(zones.day_of(now + 10 * DAY, zone) + timedelta(days=1), zone) - 1
    switch(api, invoices=False)
    make.invoice(collection_method="send_invoice", due_date=last)
    day = zones.day_of(last, zone) + timedelta(days=7)
    morning = zones.start_of_day(day, zone) + reminders.OPENING_HOUR
    seen = []
    for at in (morning - 1, morning):
        remind(app, at)
        seen.append(len(mails()))
    assert seen == [0, 1]


def test_an_invoice_of_today_is_not_reminded_of_today(app: Flask, api: Api, make: Factories, mails: Mails) -> None:
    switch(api, payment_reminders={"days_before_due": [3], "days_after_due": [0]})
    unpaid(api, make, 3)
    unpaid(api, make, 0)
    with clock.hold_at(opening(clock.now()) + DAY):
        remind(app, clock.now())
    assert names(mails) == []


def test_where_another_system_bills_that_one_reminds(app: Flask, api: Api, make: Factories, mails: Mails) -> None:
    due = unpaid(api, make, 10)["due_date"]
    switch(api, payment_reminders={"days_after_due": [1]})
    api.post("account", settings={"billing": {"mode": "mirror"}})
    remind(app, opening(due + DAY))
    assert names(mails) == []


def test_nobody_is_reminded_while_money_is_on_its_way(
    app: Flask, api: Api, make: Factories, mails: Mails, writing: Any
) -> None:
    invoice = unpaid(api, make, 10)
    switch(api, payment_reminders={"days_after_due": [1]})
    with writing() as db:
        statement = BankStatement(
            id="bkst_waits",
            created=1,
            digest="d",
            format="camt.053",
            status="processing",
            statements=[],
            new_count=1,
            known_count=0,
            other_count=0,
            refused=[],
        )
        db.add(statement)
    remind(app, opening(invoice["due_date"] + DAY))
    with writing() as db:
        db.get_one(BankStatement, (make.scope.tenant_id, "bkst_waits")).status = "complete"
        db.add(
            BankTransaction(
                id="bktx_waits",
                created=1,
                bank_statement_id="bkst_waits",
                customer_id=invoice["customer"],
                type="transfer",
                status="waiting",
                amount=100,
                currency="usd",
                booked_on=date(2026, 11, 21),
                purpose="for the invoice",
                identity="one",
                ordinal=1,
            )
        )
    remind(app, opening(invoice["due_date"] + DAY))
    assert names(mails) == []
    with writing() as db:
        db.get_one(BankTransaction, (make.scope.tenant_id, "bktx_waits")).status = "set_aside"
    remind(app, opening(invoice["due_date"] + DAY))
    assert names(mails) == [("payment_reminder", "queued")]


def test_what_was_paid_meanwhile_is_not_reminded_of(app: Flask, api: Api, make: Factories, mails: Mails) -> None:
    switch(api, payment_reminders={"days_before_due": [3]})
    invoice = unpaid(api, make, 10)
    remind(app, opening(invoice["due_date"] - 3 * DAY))
    api.post(f"invoices/{invoice['id']}/pay", paid_out_of_band=True)
    work(app)
    assert names(mails) == [("payment_reminder", "dropped")]


def test_one_click_ends_reminders_and_a_button_brings_them_back(
    app: Flask,
    api: Api,
    make: Factories,
    mails: Mails,
    database: Database,
    scope: Scope,
    settings: Settings,
    client: FlaskClient,
) -> None:
    switch(api, payment_reminders={"days_before_due": [3]})
    invoice = unpaid(api, make, 10)
    remind(app, opening(invoice["due_date"] - 3 * DAY))
    sent = message(app, database, scope, mails()[0], settings)
    assert sent["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    plain = sent.get_body(("plain",))
    assert isinstance(plain, EmailMessage)
    path = urlsplit(sent["List-Unsubscribe"].strip("<>")).path
    assert path in plain.get_content()
    who = f"customers/{invoice['customer']}"
    assert client.get(path).status_code == 200
    assert api.get(who)["unsubscribed_from"] == []
    assert client.post(path, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    assert api.get(who)["unsubscribed_from"] == ["payment_reminder"]
    work(app)
    assert names(mails) == [("payment_reminder", "dropped")]
    client.post(path, data={"subscribe": "1"})
    assert api.get(who)["unsubscribed_from"] == []


def test_the_merchant_sees_and_sets_what_a_customer_wants(api: Api, make: Factories) -> None:
    path = f"customers/{make.customer().id}"
    assert api.post(path, unsubscribed_from=["trial_ending"])["unsubscribed_from"] == ["trial_ending"]
    assert api.post(path, unsubscribed_from="")["unsubscribed_from"] == []
    assert api.error("POST", path, unsubscribed_from=["receipt"])["param"] == "unsubscribed_from[0]"


def test_proofs_can_not_be_ended(app: Flask, client: FlaskClient, make: Factories) -> None:
    links = app.extensions["portal"].links
    assert client.get(urlsplit(links.unsubscribe(make.scope.tenant_id, "cus_1", "receipt")).path).status_code == 404
    assert client.get("/unsubscribe/nonsense").status_code == 404


def test_switches_show_on_the_account(api: Api) -> None:
    emails = api.get("account")["settings"]["emails"]
    reminders = {"days_after_due": [], "days_before_due": []}
    assert emails == {**mail_rules.MAIL_SWITCHES, "payment_reminders": reminders}
    switch(api, cancellations=False, payment_reminders={"days_after_due": [7, 14]})
    emails = api.get("account")["settings"]["emails"]
    assert (emails["cancellations"], emails["payment_reminders"]["days_after_due"]) == (False, [7, 14])
