"""What would be billed otherwise is refused by name, with all that stands on it; nothing is silently less."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from portal.db import Scope
from portal.transfer.reports import ImportReport
from tests.clients import Api
from tests.factories import Factories
from tests.passing import pass_time
from tests.transfer import plain
from tests.transfer.plain import BASE, END, PRICE, START, item, phase, price, schedule, subscription

Imported = Callable[..., ImportReport]
pytestmark = pytest.mark.usefixtures("held_clock")

BY_TEN = {"divide_by": 10, "round": "up"}
LATER = plain.obj("invoice", "in_1", status="paid", customer="cus_1", currency="eur", total=0, subscription="sub_1")


def reasons(report: ImportReport) -> dict[str, str]:
    return {each.id: each.reason for each in report.refused}


@pytest.mark.parametrize("turned", [1, -1])
def test_all_that_stands_on_a_refused_price_names_it(scope: Scope, imported: Imported, turned: int) -> None:
    tens = price(transform_quantity=BY_TEN)
    objects = (plain.CUSTOMER, plain.PRODUCT, tens, subscription(item(of={"id": "price_1"})), LATER)  # type: ignore[arg-type]
    report = imported(scope, *objects[::turned])
    why = "transform_quantity: quantities are not transformed here"
    assert reasons(report) == {
        "price_1": why,
        "sub_1": f"it stands on price price_1, which is refused: {why}",
        "in_1": f"it stands on price price_1, which is refused: {why}",
    }
    assert report.written == {"customer": 1, "product": 1}


@pytest.mark.parametrize("whole", [True, False])
def test_a_subscription_in_another_currency_than_its_price_is_refused(
    scope: Scope, imported: Imported, whole: bool
) -> None:
    dollars = price(currency="usd", currency_options={"eur": {"unit_amount": 1500}})
    sold = item(of=dollars if whole else {"id": "price_1"})
    report = imported(scope, plain.CUSTOMER, plain.PRODUCT, dollars, subscription(sold))
    assert reasons(report) == {"sub_1": "currency: it is billed in eur, and its price 'price_1' is in usd here"}
    assert report.notes == {"price: amounts in further currencies are left out": 1}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"automatic_tax": {"enabled": True}}, "automatic_tax.enabled: taxes are not worked out by themselves here"),
        ({"billing_thresholds": {"amount_gte": 900, "reset_billing_cycle_anchor": None}}, "billing_thresholds: "),
        ({"transfer_data": {"destination": "acct_2", "amount_percent": None}}, "transfer_data: "),
        ({"on_behalf_of": "acct_2"}, "on_behalf_of: "),
        ({"application_fee_percent": 5.5}, "application_fee_percent: "),
        ({"pending_update": {"expires_at": END, "subscription_items": []}}, "pending_update: "),
        ({"invoice_settings": {"issuer": {"type": "account", "account": "acct_2"}}}, "invoice_settings.issuer.type: "),
        ({"discounts": ["di_9"]}, "it names 'di_9', which is neither in the file nor among the discounts"),
        ({"test_clock": "clock_9"}, "it names 'clock_9', which is neither in the file nor among the test clocks"),
        ({"schedule": "sub_sched_9"}, "it names 'sub_sched_9', which is neither in the file nor among the "),
        ({"default_tax_rates": [{"id": "txr_9"}]}, "it names 'txr_9', which is neither in the file nor among the "),
        ({"items": plain.listed()}, "items is missing"),
        ({"items": {**plain.listed(item()), "has_more": True}}, "items is cut off after 1"),
        ({"items": plain.listed(item(), item("si_2", current_period_end=END + 9))}, "items: those of one subscription"),
        ({"items": plain.listed(item(billing_thresholds={"usage_gte": 9}))}, "billing_thresholds: "),
        ({"items": plain.listed(item(of=price(transform_quantity=BY_TEN)))}, "price.transform_quantity: "),
        ({"shiny_new_discounting": "SUMMER"}, "shiny_new_discounting: nothing is known of this"),
    ],
)
def test_a_subscription_is_refused_for_what_would_change_its_bill(
    scope: Scope, imported: Imported, change: dict[str, Any], reason: str
) -> None:
    report = imported(scope, *BASE, subscription(**change))
    assert list(reasons(report)) == ["sub_1"]
    assert reasons(report)["sub_1"].startswith(reason)


def test_one_that_has_ended_is_kept_whatever_it_was_billed_by(scope: Scope, imported: Imported, api: Api) -> None:
    ended = {"status": "canceled", "ended_at": START + 9, "canceled_at": START + 9}
    fee = {"application_fee_percent": 5.5, "schedule": "sub_sched_9", "discounts": ["di_9"]}
    assert imported(scope, *BASE, subscription(**ended, **fee)).refused == []
    assert api.get("subscriptions/sub_1", expand=["schedule", "discounts"])["status"] == "canceled"


@pytest.mark.parametrize("balance", [0, -500])
def test_nobody_is_billed_in_another_currency(scope: Scope, imported: Imported, balance: int) -> None:
    other = {**plain.CUSTOMER, "currency": "usd", "balance": balance}
    waiting = {"object": "invoiceitem", "id": "ii_1", "customer": other["id"], "amount": 999, "currency": "eur"}
    draft = plain.obj("invoice", "in_1", status="draft", customer=other["id"], currency="eur", lines=plain.listed())
    report = imported(scope, other, *BASE[1:], subscription(), {**waiting, "date": START, "invoice": None}, draft)
    words = "currency: it is billed in eur, and its customer in usd"
    assert reasons(report) == {"sub_1": words, "ii_1": words, "in_1": words}


def test_a_subscription_is_refused_that_names_the_schedule_of_another(scope: Scope, imported: Imported) -> None:
    other = subscription(item("si_2", subscription="sub_2"), id="sub_2", schedule="sub_sched_1")
    found = [schedule(phase(START, END)), subscription(schedule="sub_sched_1"), other]
    report = imported(scope, *BASE, *found)
    assert reasons(report) == {"sub_2": "schedule: 'sub_sched_1' is not of this subscription, but of 'sub_1'"}


def test_a_schedule_that_runs_without_a_subscription_is_refused(scope: Scope, imported: Imported) -> None:
    report = imported(
        scope, *BASE, schedule(phase(START, END), subscription=None), subscription(schedule="sub_sched_1")
    )
    why = "subscription is missing, although it is active"
    stands = f"it stands on subscription_schedule sub_sched_1, which is refused: {why}"
    assert reasons(report) == {"sub_sched_1": why, "sub_1": stands}


def test_different_intervals_are_refused(scope: Scope, imported: Imported) -> None:
    yearly = price("price_2", recurring=plain.MONTHLY | {"interval": "year"})
    report = imported(scope, *BASE, yearly, subscription(item(), item("si_2", of=yearly)))
    assert reasons(report) == {"sub_1": "items: those of one subscription have the same interval here"}


@pytest.mark.parametrize(
    "phases",
    [
        [phase(START, END, billing_thresholds={"amount_gte": 1})],
        [phase(START, END), phase(END, END + 9, "price_9")],
        [phase(START, END, tax_percent=19)],
        [phase(START, END, automatic_tax={"enabled": True})],
        [phase(START, END, surprise=True)],
        [phase(START, END, currency="usd")],
        [{**phase(START, END), "end_date": None}],
        [{**phase(START, END), "items": []}],
    ],
)
def test_a_subscription_falls_with_its_schedule_and_the_customers_other_ones_go_on(
    scope: Scope, imported: Imported, api: Api, make: Factories, phases: list[dict[str, Any]]
) -> None:
    other = subscription(item("si_2", subscription="sub_2"), id="sub_2")
    report = imported(scope, *BASE, subscription(schedule="sub_sched_1"), schedule(*phases), other, LATER)
    assert set(reasons(report)) == {"sub_1", "sub_sched_1", "in_1"}
    pass_time(make, END)
    assert [each["subscription"] for each in api.get("invoices")["data"]] == ["sub_2"]


def test_the_root_of_a_chain_is_named(scope: Scope, imported: Imported) -> None:
    lacking = schedule(phase(START, END), phase(END, END + 9, "price_9"))
    report = imported(scope, *BASE, subscription(schedule="sub_sched_1"), lacking, LATER)
    lacks = "it names 'price_9', which is neither in the file nor among the prices"
    stands = f"it stands on subscription_schedule sub_sched_1, which is refused: {lacks}"
    assert reasons(report) == {"sub_1": stands, "sub_sched_1": lacks, "in_1": stands}


def test_a_customer_falls_with_a_discount_that_is_not_there(scope: Scope, imported: Imported) -> None:
    coupon_of_nobody = plain.discount(source={"coupon": "GONE", "type": "coupon"})
    report = imported(scope, {**plain.CUSTOMER, "discount": coupon_of_nobody}, plain.PRODUCT, PRICE, subscription())
    lacks = "it names 'GONE', which is neither in the file nor among the coupons"
    assert reasons(report)["cus_1"] == lacks
    assert reasons(report)["sub_1"] == f"it stands on customer cus_1, which is refused: {lacks}"


def test_what_is_unknown_of_a_document_is_told_of(scope: Scope, imported: Imported) -> None:
    report = imported(scope, *BASE, subscription(), LATER | {"sparkle": 7})
    assert (report.refused, report.notes) == ([], {"invoice.sparkle left out: nothing is known of it": 1})


@pytest.mark.parametrize(
    ("object", "reason"),
    [
        ({**plain.CUSTOMER, "deleted": True}, "it was deleted: leave it out"),
        (
            {**plain.CUSTOMER, "invoice_credit_balance": {"usd": -500}},
            "invoice_credit_balance: a balance of -500 in usd",
        ),
        ({**LATER, "status": None}, "status is missing"),
        ({**LATER, "subscription": None, "tax": 190}, "tax: 190 is divided into no tax rates"),
        ({**LATER, "status": "draft", "subscription": None, "discounts": ["di_9"]}, "it names 'di_9'"),
        ({**LATER, "status": "draft", "automatic_tax": {"enabled": True}}, "automatic_tax.enabled: "),
        (plain.obj("invoiceitem", "ii_1", customer="cus_1", amount=5, currency="eur", discounts=["di_9"]), "it names"),
        (plain.obj("quote", "qt_1", status="open", line_items=plain.listed(), discounts=["di_9"]), "discounts: only"),
        (plain.obj("quote", "qt_1", status="open"), "line_items is missing: expand it"),
        (price("price_9", recurring={**plain.MONTHLY, "usage_type": "metered"}), "recurring.usage_type: metered"),
        (plain.obj("plan", "plan_9", transform_usage=BY_TEN, product="prod_1"), "transform_usage: "),
    ],
)
def test_other_objects_are_refused_by_name(
    scope: Scope, imported: Imported, object: dict[str, Any], reason: str
) -> None:
    report = imported(scope, *(each for each in BASE if each["id"] != object["id"]), object)
    assert reasons(report)[object["id"]].startswith(reason)
