"""Mails about plans that were changed or canceled: what they say of bills, and which documents they bring."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from portal import clock, i18n, zones
from portal.billing.ledger import balances
from portal.models import Customer, Price, Subscription
from portal.outbox import mail_contents
from portal.outbox.mail_texts import MailText, OutgoingMail, render_text
from tests.clients import Api
from tests.conftest import NOON
from tests.factories import Factories
from tests.outbox.test_mail_causes import (
    BEGAN,
    COLLECTED,
    change_by_call,
    gold,
    item_of,
    newest_invoice,
    schedule_by_call,
    silver,
    started,
)
from tests.outbox.test_mail_forms import Texts, without_isolates
from tests.outbox.test_queue import Mails, mails, work

__all__ = ["gold", "mails", "silver"]
pytestmark = pytest.mark.usefixtures("held_clock")
DAY = clock.DAY
Newest = Callable[[], tuple[OutgoingMail, MailText]]


@pytest.fixture
def newest(app: Flask, make: Factories, mails: Mails) -> Newest:
    """The newest mail and its words."""

    def build() -> tuple[OutgoingMail, MailText]:
        row = mails()[-1]
        with make.database.reading(make.scope) as db:
            content = mail_contents.build_mail(app.extensions["portal"], db, row)
        assert content is not None
        return content, render_text(row.name, content)

    return build


def day(moment: int) -> str:
    return i18n.format_day(zones.day_of(moment, zones.DEFAULT))


def billed(api: Api, plan: Subscription) -> Any:
    return api.get(f"invoices/{newest_invoice(api, plan)}")


def money(amount: int) -> str:
    return i18n.format_money(amount, "eur")


def test_a_change_that_bills_at_once_says_what_and_brings_the_invoice(
    api: Api, make: Factories, gold: Price, silver: Price, newest: Newest
) -> None:
    plan = started(make, silver, default_tax_rates=[make.tax_rate().id])
    change_by_call(api, plan, gold)
    invoice = billed(api, plan)
    content, text = newest()
    assert invoice["amount_due"] > 0
    assert text.subject == "Your plan has changed"
    for words in (
        "Until now: Silver plan – €10.00 a month",
        "From now on: Gold plan × 2 – €40.00 a month",
        f"Attached: invoice {invoice['number']}",
        f"{money(invoice['amount_due'])} to pay by {day(invoice['due_date'])}.",
        f"Total: {money(invoice['total'])}",
        f"VAT 19%: {money(invoice['tax'])}",
        f"Next bill: €47.60 on {day(plan.current_period_end)}",
    ):
        assert words in without_isolates(text.plain)
    assert list(content.attachments) == [f"{invoice['number']}.pdf"]
    assert content.context["invoice_url"] in Texts(text.html).links


def test_a_change_that_credit_pays_says_so(
    api: Api, make: Factories, gold: Price, silver: Price, newest: Newest
) -> None:
    plan = started(make, silver)
    with make.database.writing(make.scope) as db:
        customer = db.get_one(Customer, (plan.tenant_id, plan.customer_id))
        balances.set_balance(db, customer, -100000, now=clock.now())
    change_by_call(api, plan, gold)
    invoice = billed(api, plan)
    assert invoice["amount_due"] == 0
    plain = without_isolates(newest()[1].plain)
    assert f"Nothing to pay: {money(invoice['total'])} comes from your credit." in plain
    assert f"Credit used: {money(-invoice['total'])}" in plain
    assert "To pay: €0.00" in plain, "of the next bill, which credit pays too"


def test_a_change_to_less_at_once_says_what_is_credited(api: Api, make: Factories, gold: Price, newest: Newest) -> None:
    plan = started(make, gold)
    small = make.price(make.product(name="Silver plan"), unit_amount=100)
    change_by_call(api, plan, small)
    invoice = billed(api, plan)
    assert invoice["total"] < 0
    plain = without_isolates(newest()[1].plain)
    assert f"Nothing to pay. {money(-invoice['total'])} is credited to you." in plain
    assert f"Added to your credit: {money(-invoice['total'])}" in plain


def test_a_change_that_is_billed_later_brings_no_invoice(
    api: Api, make: Factories, gold: Price, silver: Price, newest: Newest
) -> None:
    plan = started(make, silver)
    change_by_call(api, plan, gold, proration_behavior="create_prorations")
    coming = api.post("invoices/create_preview", subscription=plan.id)
    content, text = newest()
    assert content.attachments == {}
    assert "Nothing is billed for it now." in text.plain
    assert f"Next bill: {money(coming['amount_due'])} on {day(plan.current_period_end)}" in text.plain
    assert coming["total"] > 4000, "with what is due for the rest of this month"


def test_a_change_of_the_interval_names_both(api: Api, make: Factories, gold: Price, newest: Newest) -> None:
    yearly = make.price(unit_amount=20000, recurring={"interval": "year"})
    plan = started(make, gold)
    change_by_call(api, plan, yearly)
    plain = newest()[1].plain
    assert "Until now: Gold plan – €20.00 a month" in plain
    assert "From now on: Gold plan × 2 – €400.00 a year" in plain
    assert f"Next bill: €400.00 on {day(api.get(f'subscriptions/{plan.id}')['current_period_end'])}" in plain


def test_a_change_that_waits_for_its_payment_is_told_as_far_as_it_is(
    app: Flask, api: Api, make: Factories, gold: Price, silver: Price, newest: Newest, mails: Mails
) -> None:
    paid, void = (started(make, silver, **COLLECTED) for _ in range(2))
    for plan in (paid, void):
        api.post(f"invoices/{newest_invoice(api, plan)}/pay", paid_out_of_band=True)
    change_by_call(api, paid, gold, payment_behavior="pending_if_incomplete")
    invoice = billed(api, paid)
    content, text = newest()
    assert text.subject == "Your plan will change once its bill is paid"
    for words in (
        "Now: Silver plan – €10.00 a month",
        "From then on: Gold plan × 2 – €40.00 a month",
        f"{money(invoice['amount_due'])} to pay.",
        f"Next bill: €40.00 on {day(paid.current_period_end)}",
    ):
        assert words in text.plain
    assert list(content.attachments) == [f"{invoice['number']}.pdf"]
    api.post(f"invoices/{invoice['id']}/pay", paid_out_of_band=True)
    text = newest()[1]
    assert text.subject == "Your plan has changed"
    assert f"{money(invoice['amount_due'])}, already paid." in text.plain
    with clock.hold_at(NOON + 1):
        change_by_call(api, void, gold, payment_behavior="pending_if_incomplete")
        api.post(f"invoices/{newest_invoice(api, void)}/void")
        work(app)
    assert [mail.status for mail in mails()] == ["sent", "dropped"]


def test_a_change_that_is_to_come_says_when_and_is_dropped_once_it_is_taken_back(
    app: Flask, api: Api, make: Factories, gold: Price, newest: Newest, mails: Mails
) -> None:
    api.post(
        "billing_portal/configurations",
        features={
            "subscription_update": {
                "enabled": True,
                "default_allowed_updates": ["price"],
                "products": [{"product": gold.product_id, "prices": [gold.id]}],
            }
        },
    )
    plan, small = started(make, gold), make.price(make.product(name="Silver plan"), unit_amount=100)
    schedule_by_call(api, plan, small)
    content, text = newest()
    assert text.subject == f"Your plan will change on {day(plan.current_period_end)}"
    for words in (
        "Now: Gold plan – €20.00 a month",
        "From then on: Silver plan × 2 – €2.00 a month",
        "Nothing is billed for it now.",
        f"Next bill: €2.00 on {day(plan.current_period_end)}",
        f"Keep it as it is:\n{content.context['keep_url']}",
    ):
        assert words in text.plain
    api.post(f"subscription_schedules/{api.get(f'subscriptions/{plan.id}')['schedule']}/release")
    work(app)
    assert [mail.status for mail in mails()] == ["dropped"]


@pytest.mark.parametrize("at_end", [True, False])
def test_a_cancellation_that_makes_no_document_brings_none(
    api: Api, make: Factories, gold: Price, newest: Newest, at_end: bool
) -> None:
    plan = started(make, gold)
    if at_end:
        api.post(f"subscriptions/{plan.id}", cancel_at_period_end=True)
    else:
        api.delete(f"subscriptions/{plan.id}")
    content, text = newest()
    assert newest_invoice(api, plan)
    assert content.attachments == {}
    assert "Attached" not in text.plain
    assert "Next bill" not in text.plain


def test_a_cancellation_that_credits_brings_its_document_and_says_so(
    api: Api, make: Factories, gold: Price, newest: Newest
) -> None:
    plan = started(make, gold)
    api.delete(f"subscriptions/{plan.id}", prorate=True, invoice_now=True)
    invoice = billed(api, plan)
    content, text = newest()
    assert invoice["total"] < 0
    assert list(content.attachments) == [f"{invoice['number']}.pdf"]
    assert f"Attached: invoice {invoice['number']}" in text.plain
    assert f"Nothing to pay. {money(-invoice['total'])} is credited to you." in text.plain
    assert "Nothing more will be billed" not in text.plain


def test_mails_that_an_older_version_has_queued_are_sent(
    api: Api, make: Factories, gold: Price, silver: Price, newest: Newest, mails: Mails
) -> None:
    def age_newest() -> None:
        with make.database.writing(make.scope) as db:
            row = db.merge(mails()[-1])
            unknown = {"canceled_at", "schedule"} if "before" in row.data else {"canceled_at", "billed"}
            row.data = {name: value for name, value in row.data.items() if name not in unknown}

    plan = started(make, gold)
    schedule_by_call(api, plan, silver)
    age_newest()
    assert newest()[1].subject == f"Your plan will change on {day(plan.current_period_end)}"
    api.delete(f"subscriptions/{plan.id}")
    age_newest()
    assert "Gold plan" in newest()[1].plain


def test_a_cancellation_says_what_is_still_to_be_billed(api: Api, make: Factories, gold: Price, newest: Newest) -> None:
    plan = started(make, gold)
    api.post("invoiceitems", customer=plan.customer_id, subscription=plan.id, amount=700, currency="eur")
    api.post(f"subscriptions/{plan.id}", cancel_at_period_end=True)
    assert f"Next bill: €7.00 on {day(plan.current_period_end)}" in newest()[1].plain


@pytest.mark.parametrize(
    ("language", "name"),
    [("en", "Gold plan and Silver plan"), ("de", "Gold plan und Silver plan"), ("ar", "Gold plan وSilver plan")],
)
def test_several_products_are_listed_as_the_language_does(
    api: Api, make: Factories, gold: Price, silver: Price, newest: Newest, language: str, name: str
) -> None:
    customer = make.customer(preferred_locales=[language])
    plan = make.subscription(customer, gold, now=BEGAN)
    api.post("subscription_items", subscription=plan.id, price=silver.id)
    with clock.hold_at(NOON + 1):
        api.post(f"subscriptions/{plan.id}", cancel_at_period_end=True)
    assert newest()[0].context["plan"] == name


def test_where_another_system_bills_a_change_says_nothing_of_bills(
    api: Api, make: Factories, gold: Price, silver: Price, newest: Newest
) -> None:
    plan = started(make, silver)
    api.post(f"subscription_items/{item_of(api, plan)}", quantity=3, proration_behavior="none")
    assert "Next bill: €30.00" in newest()[1].plain
    api.post("account", settings={"billing": {"mode": "mirror"}})
    plain = newest()[1].plain
    assert "Next bill" not in plain
    assert "is billed for it now" not in plain


def test_mails_of_test_mode_say_so(app: Flask, api: Api, make: Factories, gold: Price, newest: Newest) -> None:
    api.delete(f"subscriptions/{started(make, gold).id}")
    content, text = newest()
    assert content.testmode
    assert "Test mode" in text.plain.splitlines()
    assert "Test mode" in Texts(text.html).texts
