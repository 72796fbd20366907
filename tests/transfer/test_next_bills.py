"""What another system's file says of discounts, taxes and ends: the next bill is the one it would have made."""

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
from tests.transfer.plain import BASE, COUPON, END, START, discount, item, older_discount, phase, schedule, subscription

Imported = Callable[..., ImportReport]
pytestmark = pytest.mark.usefixtures("held_clock")


def total(api: Api, **sent: Any) -> int:
    """The next bill's total in minor units."""
    found = api.post("invoices/create_preview", **(sent or {"subscription": "sub_1"}))
    return int(found["total"])


OWNER = {"subscription": "sub_1"}
WHOLE = discount(source={"coupon": COUPON, "type": "coupon"}, **OWNER)


@pytest.mark.parametrize(
    "objects",
    [
        (subscription(discounts=["di_1"]), discount(**OWNER)),
        (discount(**OWNER), subscription(discounts=["di_1"])),
        (subscription(discounts=[discount(**OWNER)]),),
        (subscription(discounts=[WHOLE]),),
        (subscription(discounts=[older_discount(**OWNER)]),),
        (subscription(discount=older_discount(**OWNER)),),
        (subscription(discount={**older_discount(**OWNER), "id": None}),),
        (subscription(item(discounts=["di_1"])), discount(**OWNER, subscription_item="si_1")),
        (subscription(item(discounts=[WHOLE | {"subscription_item": "si_1"}])),),
        ({**plain.CUSTOMER, "discount": older_discount()}, subscription()),
        ({**plain.CUSTOMER, "discount": discount()}, subscription()),
    ],
)
def test_a_discount_lowers_the_next_bill_and_counts_no_redemption(
    scope: Scope, imported: Imported, api: Api, objects: tuple[Any, ...]
) -> None:
    assert imported(scope, *BASE, *objects).refused == []
    assert total(api) == 1000
    assert api.get("coupons/HALF")["times_redeemed"] == 3


@pytest.mark.parametrize(("end", "bill"), [(END - 1, 2000), (END, 2000), (END + 1, 1000)])
def test_a_discount_for_some_months_ends_when_it_did(
    scope: Scope, imported: Imported, api: Api, end: int, bill: int
) -> None:
    coupon = COUPON | {"duration": "repeating", "duration_in_months": 3}
    assert imported(scope, *BASE, coupon, subscription(discounts=[discount(**OWNER, end=end)])).refused == []
    assert total(api) == bill


def test_a_discount_for_other_products_is_asked_of_the_coupon(scope: Scope, imported: Imported, api: Api) -> None:
    elsewhere = COUPON | {"applies_to": {"products": ["prod_2"]}}
    imported(scope, *BASE, elsewhere, subscription(discount=older_discount(**OWNER)))
    assert total(api) == 2000


def test_a_coupon_that_does_not_say_for_which_products_it_is_is_told_of(scope: Scope, imported: Imported) -> None:
    report = imported(scope, {key: value for key, value in COUPON.items() if key != "applies_to"})
    assert report.notes == {"coupon: taken as valid for every product, as applies_to is not there": 1}


@pytest.mark.parametrize("form", ["coupon", "coupon id", "promotion", "promotion id"])
def test_a_promotion_code_can_be_used_on(scope: Scope, imported: Imported, api: Api, form: str) -> None:
    coupon = "HALF" if form.endswith("id") else COUPON
    held = {"coupon": coupon} if form.startswith("coupon") else {"promotion": {"coupon": coupon, "type": "coupon"}}
    limits = {"first_time_transaction": False, "minimum_amount": None, "minimum_amount_currency": None}
    code = plain.obj("promotion_code", "promo_1", code="FALL", active=True, times_redeemed=2, restrictions=limits)
    assert imported(scope, *BASE, {**code, **held}, subscription()).refused == []
    api.post("subscriptions/sub_1", discounts=[{"promotion_code": "promo_1"}])
    assert (total(api), api.get("promotion_codes/promo_1")["times_redeemed"]) == (1000, 3)


def test_the_tax_percent_of_the_older_generation_is_a_tax_rate(scope: Scope, imported: Imported, api: Api) -> None:
    assert imported(scope, *BASE, subscription(tax_percent=19.0)).refused == []
    assert total(api) == 2380
    [rate] = api.get("subscriptions/sub_1")["default_tax_rates"]
    assert (rate["percentage"], rate["inclusive"]) == (19, False)


def test_an_end_with_the_period_is_one_whichever_generation_tells_it(
    scope: Scope, imported: Imported, api: Api, make: Factories
) -> None:
    imported(scope, *BASE, subscription(cancel_at_period_end=True))
    pass_time(make, END)
    assert api.get("subscriptions/sub_1")["status"] == "canceled"
    assert api.get("invoices")["data"] == []


@pytest.mark.parametrize("order", [1, -1])
def test_the_next_phase_of_a_schedule_is_billed(
    scope: Scope, imported: Imported, api: Api, make: Factories, order: int
) -> None:
    later = plain.price("price_2", 3000)
    found = [subscription(schedule="sub_sched_1"), schedule(phase(START, END), phase(END, END + 9 * 86400, "price_2"))]
    assert imported(scope, *BASE, later, *found[::order]).refused == []
    assert total(api) == 3000
    pass_time(make, END)
    [bill] = api.get("invoices")["data"]
    assert (bill["total"], api.get("subscription_schedules/sub_sched_1")["current_phase"]["start_date"]) == (3000, END)


def test_a_schedule_that_has_not_begun_begins_by_itself(
    scope: Scope, imported: Imported, api: Api, make: Factories
) -> None:
    found = schedule(phase(END, END + 30 * 86400), status="not_started", current_phase=None, subscription=None)
    assert imported(scope, *BASE, found).refused == []
    pass_time(make, END)
    assert api.get("subscription_schedules/sub_sched_1")["status"] == "active"
    assert [each["total"] for each in api.get("invoices")["data"]] == [2000]


def test_the_discounts_and_taxes_of_a_phase_are_billed(scope: Scope, imported: Imported, api: Api) -> None:
    more = {
        "discounts": [{"coupon": COUPON, "discount": None, "promotion_code": None}],
        "default_tax_rates": [plain.RATE],
    }
    found = schedule(phase(START, END), phase(END, END + 9 * 86400, **more))
    assert imported(scope, *BASE, subscription(schedule="sub_sched_1"), found).refused == []
    assert total(api) == 1190


def test_a_phase_of_an_older_generation_is_read_too(scope: Scope, imported: Imported, api: Api) -> None:
    older = phase(END, END + 9 * 86400, coupon="HALF", plans=[{"plan": "price_1", "quantity": 2, "tax_rates": []}])
    older = {key: value for key, value in older.items() if key not in {"items", "discounts", "proration_behavior"}}
    imported(
        scope, *BASE, subscription(schedule="sub_sched_1"), schedule(phase(START, END), older | {"prorate": False})
    )
    assert total(api) == 2000


@pytest.mark.parametrize("source", ["subscription", "customer", "source", None])
def test_a_trial_ends_with_a_bill_where_there_was_money(
    scope: Scope, imported: Imported, api: Api, make: Factories, source: str | None
) -> None:
    settings = {"invoice_settings": {"default_payment_method": "pm_1"}} if source == "customer" else {}
    settings |= {"default_source": "card_1"} if source == "source" else {}
    pays = {"default_payment_method": "pm_1"} if source == "subscription" else {}
    ends = {"end_behavior": {"missing_payment_method": "cancel"}}
    trial = {"status": "trialing", "trial_start": START, "trial_end": END, "trial_settings": ends}
    found = subscription(**trial, **pays, collection_method="charge_automatically", days_until_due=None)
    assert imported(scope, *BASE, {**plain.CUSTOMER, **settings}, found).refused == []
    pass_time(make, END)
    bills = [each["total"] for each in api.get("invoices")["data"]]
    assert (api.get("subscriptions/sub_1")["status"], bills) == (("active", [2000]) if source else ("canceled", []))


@pytest.mark.parametrize("told", [True, False])
def test_a_draft_is_finalized_when_it_was_to_be(
    scope: Scope, imported: Imported, api: Api, make: Factories, told: bool
) -> None:
    created = END - 86400
    line = plain.obj("line_item", "il_1", amount=2000, currency="eur", period={"start": START, "end": END}, quantity=1)
    draft = plain.obj("invoice", "in_1", status="draft", customer="cus_1", currency="eur", total=2000, subtotal=2000)
    draft |= {"created": created, "auto_advance": True, "lines": plain.listed(line), "discounts": [discount()]}
    moment = {"automatically_finalizes_at": created + 7200} if told else {}
    assert imported(scope, *BASE, draft | moment).refused == []
    pass_time(make, created + 3599)
    assert api.get("invoices/in_1")["status"] == "draft"
    pass_time(make, created + (7200 if told else 3600))
    assert (api.get("invoices/in_1")["status"], api.get("invoices/in_1")["total"]) == ("open", 1000)


@pytest.mark.parametrize("older", [True, False])
def test_a_draft_is_taxed_and_shipped_anew_as_it_was(
    scope: Scope, imported: Imported, api: Api, make: Factories, older: bool
) -> None:
    tax = {"amount": 380, "taxable_amount": 2000, "taxability_reason": "standard_rated"}
    named = {"tax_rates": [plain.RATE], "tax_amounts": [{**tax, "inclusive": False, "tax_rate": "txr_1"}]}
    newer = {"tax_behavior": "exclusive", "tax_rate_details": {"tax_rate": "txr_1"}, "type": "tax_rate_details"}
    line = plain.part("line_item", "il_1", amount=2000, currency="eur", period={"start": START, "end": END})
    line |= {"quantity": 1, **(named if older else {"taxes": [{**tax, **newer}]})}
    cost = {"amount_subtotal": 500, "amount_tax": 0, "amount_total": 500, "shipping_rate": "shr_1"}
    draft = plain.obj("invoice", "in_1", status="draft", customer="cus_1", currency="eur", total=2880, subtotal=2000)
    draft |= {"created": END, "auto_advance": True, "lines": plain.listed(line), "shipping_cost": cost}
    assert imported(scope, *BASE, draft).refused == []
    pass_time(make, END + 3600)
    found = api.get("invoices/in_1")
    assert (found["status"], found["total"], found["tax"]) == ("open", 2880, 380)


def test_items_that_wait_are_billed_with_the_period_or_before(
    scope: Scope, imported: Imported, api: Api, make: Factories
) -> None:
    waits = {"customer": "cus_1", "currency": "eur", "date": START, "quantity": 1, "proration": True}
    parent = {
        "subscription_details": {"subscription": "sub_1", "subscription_item": "si_1"},
        "type": "subscription_details",
    }
    items = [
        plain.obj("invoiceitem", f"ii_{at}", amount=amount, parent=parent, **waits)
        for at, amount in enumerate((-300, 500))
    ]
    between = {"interval": "week", "interval_count": 1}
    weekly = subscription(pending_invoice_item_interval=between, next_pending_invoice_item_invoice=END - 86400)
    assert imported(scope, *BASE, *items, weekly).refused == []
    assert total(api) == 2200
    pass_time(make, END)
    assert sorted(each["total"] for each in api.get("invoices")["data"]) == [200, 2000]


def test_a_shipping_rate_of_another_system(scope: Scope, imported: Imported, api: Api) -> None:
    fixed = {
        "amount": 500,
        "currency": "eur",
        "currency_options": {"usd": {"amount": 600, "tax_behavior": "exclusive"}},
    }
    rate = plain.obj(
        "shipping_rate", "shr_1", display_name="Post", active=True, fixed_amount=fixed, type="fixed_amount"
    )
    assert imported(scope, rate).refused == []
    shown = api.get("shipping_rates/shr_1")["fixed_amount"]
    assert (shown["amount"], shown["currency_options"]["usd"]["amount"]) == (500, 600)


def quote(**more: Any) -> dict[str, Any]:
    """A quote that waits for its acceptance, with its line and its discount as they are when expanded."""
    off = {"amount_discount": 1000, "amount_shipping": 0, "amount_tax": 190}
    sums = {"amount_subtotal": 2000, "amount_total": 1190, "total_details": off}
    tax = {"amount": 190, "rate": plain.RATE, "taxability_reason": "standard_rated", "taxable_amount": 1000}
    line = {
        "id": "li_1",
        "object": "item",
        "price": plain.PRICE,
        "quantity": 1,
        "description": "Gold",
        "currency": "eur",
    }
    line |= {"amount_subtotal": 2000, "amount_tax": 190, "amount_total": 1190, "amount_discount": 1000}
    line |= {"discounts": [{"amount": 1000, "discount": discount("di_q")}], "taxes": [tax]}
    whole = {"computed": {"recurring": {**sums, "interval": "month", "interval_count": 1}, "upfront": sums}}
    own = {"status": "open", "customer": "cus_1", "currency": "eur", "expires_at": END, "number": "QT-J4-0007-2"}
    billing = {
        "collection_method": "send_invoice",
        "invoice_settings": {"days_until_due": 14, "issuer": {"type": "self"}},
    }
    moments = {"status_transitions": {"finalized_at": START, "accepted_at": None, "canceled_at": None}}
    parts = {"line_items": plain.listed(line), "discounts": [discount("di_q")], "default_tax_rates": []}
    return plain.obj("quote", "qt_1", **{**whole, **own, **billing, **moments, **parts, **more})


def test_a_quote_is_accepted_for_what_it_offers(scope: Scope, imported: Imported, api: Api) -> None:
    assert imported(scope, *BASE, quote()).refused == []
    accepted = api.post("quotes/qt_1/accept")
    bill = api.get(f"invoices/{accepted['invoice']}")
    assert bill["total"] == 1190
    assert total(api, subscription=accepted["subscription"]) == 1190
    again = api.post("quotes", customer="cus_1", line_items=[{"price": "price_1", "quantity": 1}])
    assert api.post(f"quotes/{again['id']}/finalize")["number"] == "QT-J4-0008-1"
