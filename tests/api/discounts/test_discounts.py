"""Discounts of customers, subscriptions, items and invoices: which apply, in which order, how taxes follow."""

from __future__ import annotations

import pytest

from portal import clock
from portal.billing.lifecycle import steps
from portal.rules import periods
from tests import goldens
from tests.conftest import NOON

pytestmark = pytest.mark.usefixtures("held_clock")


@pytest.fixture
def coupon(api):
    """`coupon("GOLD", percent_off=10)` makes one; half off forever unless told otherwise."""

    def make_coupon(id="HALF", **sent):
        off = {} if {"amount_off", "percent_off"} & set(sent) else {"percent_off": 50}
        return api.post("coupons", id=id, **{"duration": "forever", **off, **sent})["id"]

    return make_coupon


@pytest.fixture
def renewed(api, database, scope):
    """`renewed(subscription)` lets a month pass and answers with the invoice of the new period, finalized."""

    def renew(subscription, months=1):
        moment = periods.add(NOON, "month", 1, months)
        with clock.hold_at(moment), database.writing(scope) as db:
            while steps.take_step(db, subscription["customer"], until=moment):
                pass
        with clock.hold_at(moment):
            invoice = api.get(f"subscriptions/{subscription['id']}")["latest_invoice"]
            found = api.get(f"invoices/{invoice}")
            return api.post(f"invoices/{invoice}/finalize") if found["status"] == "draft" else found

    return renew


def amounts(invoice):
    return invoice["subtotal"], [each["amount"] for each in invoice["total_discount_amounts"]], invoice["total"]


def test_a_discount(api, customer, coupon):
    customer = api.post(f"customers/{customer}", coupon=coupon(duration="repeating", duration_in_months=3))
    goldens.check("discount", customer["discount"])
    assert customer["discount"]["end"] == periods.add(NOON, "month", 3, 1)


def test_an_invoice_takes_over_the_discount_of_its_customer(api, customer, coupon, opened):
    discount = api.post(f"customers/{customer}", coupon=coupon())["discount"]
    invoice = opened(1000)
    assert invoice["discounts"] == [discount["id"]]
    assert invoice["discount"] == discount
    assert amounts(invoice) == (1000, [500], 500)
    line = invoice["lines"]["data"][0]
    assert (line["amount"], line["discount_amounts"]) == (1000, [{"amount": 500, "discount": discount["id"]}])
    assert line["pretax_credit_amounts"][0]["type"] == "discount"


def test_an_invoice_takes_over_none_where_it_is_told_so(api, customer, coupon, drafted):
    api.post(f"customers/{customer}", coupon=coupon())
    assert amounts(drafted(1000, discounts="")) == (1000, [], 1000)


def test_taxes_are_those_of_the_discounted_amount(api, coupon, drafted, make):
    taxes = [make.tax_rate().id]
    draft = drafted(1000, default_tax_rates=taxes, discounts=[{"coupon": coupon()}])
    assert (draft["total_excluding_tax"], draft["tax"], draft["total"]) == (500, 95, 595)
    assert draft["total_taxes"][0]["taxable_amount"] == 500


def test_inclusive_taxes_shrink_with_the_price(api, coupon, drafted, make):
    taxes = [make.tax_rate(inclusive=True).id]
    draft = drafted(1190, default_tax_rates=taxes, discounts=[{"coupon": coupon()}])
    assert (draft["subtotal"], draft["subtotal_excluding_tax"]) == (1190, 1000)
    assert (draft["total"], draft["tax"], draft["total_excluding_tax"]) == (595, 95, 500)
    assert draft["lines"]["data"][0]["amount_excluding_tax"] == 1000


def test_discounts_of_an_item_come_first_and_are_within_the_subtotal(api, coupon, drafted):
    draft = drafted(1000, 1000, discounts=[{"coupon": coupon("TENTH", percent_off=10)}])
    item = draft["lines"]["data"][0]["invoice_item"]
    changed = api.post(f"invoiceitems/{item}", discounts=[{"coupon": coupon("OFF", amount_off=500, currency="eur")}])
    draft = api.get(f"invoices/{draft['id']}", expand=["lines.data.discounts", "total_discount_amounts.discount"])
    assert amounts(draft)[0] == draft["subtotal_excluding_tax"] == 1500
    assert [(each["discount"]["coupon"]["id"], each["amount"]) for each in draft["total_discount_amounts"]] == [
        ("OFF", 500),
        ("TENTH", 150),
    ]
    assert draft["lines"]["data"][0]["discounts"][0]["invoice_item"] == item == changed["id"]
    assert draft["total"] == 1350


def test_a_discount_of_an_item_waits_with_it(api, coupon, customer):
    sent = {"customer": customer, "amount": 1000, "currency": "eur", "discounts": [{"coupon": coupon()}]}
    item = api.post("invoiceitems", **sent)
    invoice = api.post("invoices", customer=customer, pending_invoice_items_behavior="include")
    assert (invoice["total"], invoice["lines"]["data"][0]["discounts"]) == (500, item["discounts"])
    api.post(f"invoiceitems/{item['id']}", discounts="")
    assert api.get(f"invoices/{invoice['id']}")["total"] == 1000


def test_what_is_not_discountable_is_left_alone(api, coupon, drafted):
    draft = drafted(1000, 500, discounts=[{"coupon": coupon()}])
    api.post(f"invoiceitems/{draft['lines']['data'][1]['invoice_item']}", discountable=False)
    assert amounts(api.get(f"invoices/{draft['id']}")) == (1500, [500], 1000)


def test_a_coupon_of_some_products_lowers_their_lines(api, coupon, customer, make):
    gold, silver = make.product(), make.product(name="Silver")
    half = coupon(applies_to={"products": [gold.id]})
    invoice = api.post("invoices", customer=customer, currency="eur", discounts=[{"coupon": half}])["id"]
    for product in (gold, silver):
        price = make.price(product, recurring=None)
        api.post("invoiceitems", customer=customer, invoice=invoice, price=price.id)
    lines = api.get(f"invoices/{invoice}")["lines"]["data"]
    assert [len(line["discount_amounts"]) for line in lines] == [1, 0]


def test_an_amount_is_that_of_the_currency(api, coupon, drafted, customer):
    off = coupon(amount_off=500, currency="usd", currency_options={"eur": {"amount_off": 400}})
    assert amounts(drafted(1000, discounts=[{"coupon": off}]))[1] == [400]
    only = coupon("DOLLARS", amount_off=500, currency="usd")
    error = api.error("POST", "invoices", customer=customer, currency="eur", discounts=[{"coupon": only}])
    assert error["param"] == "discounts[0][coupon]"


def test_nothing_is_charged_where_everything_is_taken_off(coupon, opened):
    invoice = opened(1000, discounts=[{"coupon": coupon("FREE", percent_off=100)}])
    assert (invoice["total"], invoice["status"]) == (0, "paid")


@pytest.mark.parametrize(
    ("discounts", "param"),
    [
        ([{"coupon": "HALF", "promotion_code": "promo_1"}], "discounts[0]"),
        ([{"coupon": "HALF"}, {"coupon": "HALF"}], "discounts[1]"),
        ([{"coupon": "HALF"}] * 21, "discounts"),
    ],
)
def test_unclear_discounts_are_refused_and_nothing_is_redeemed(api, coupon, drafted, discounts, param):
    coupon()
    draft = drafted(1000)["id"]
    assert api.error("POST", f"invoices/{draft}", discounts=discounts)["param"] == param
    assert api.get("coupons/HALF")["times_redeemed"] == 0


@pytest.mark.parametrize("name", ["coupon", "discount", "promotion_code"])
def test_an_unknown_source_is_named(api, drafted, name):
    error = api.error("POST", f"invoices/{drafted(1000)['id']}", 400, discounts=[{name: "nothing"}])
    assert error["param"] == f"discounts[0][{name}]"


def test_a_discount_of_the_customer_can_be_used_again(api, customer, coupon, drafted):
    draft = drafted(1000)["id"]
    discount = api.post(f"customers/{customer}", coupon=coupon())["discount"]["id"]
    assert api.post(f"invoices/{draft}", discounts=[{"discount": discount}])["discounts"] == [discount]
    assert api.get("coupons/HALF")["times_redeemed"] == 1


def test_a_customer_has_one_discount_which_can_be_replaced_and_taken_off(api, customer, coupon):
    first = api.post(f"customers/{customer}", coupon=coupon())["discount"]
    second = api.post(f"customers/{customer}", coupon=coupon("TENTH", percent_off=10))["discount"]
    assert second["id"] != first["id"]
    assert api.post(f"customers/{customer}", coupon="")["discount"] is None


def test_a_discount_is_deleted_and_bills_keep_it(api, customer, coupon, drafted):
    discount = api.post(f"customers/{customer}", coupon=coupon())["discount"]["id"]
    draft = drafted(1000)
    deleted = api.delete(f"customers/{customer}/discount")
    assert (deleted["id"], deleted["deleted"], deleted["object"]) == (discount, True, "discount")
    assert api.get(f"customers/{customer}")["discount"] is None
    assert api.post(f"invoices/{draft['id']}/finalize")["total"] == 500
    api.error("DELETE", f"customers/{customer}/discount", 404)


def test_what_becomes_of_a_discount_is_told(api, customer, coupon, drafted):
    api.post(f"customers/{customer}", coupon=coupon())
    drafted(1000, discounts=[{"coupon": "HALF"}])
    api.delete(f"customers/{customer}/discount")
    types = [each["type"] for each in api.get("events", limit=100)["data"]]
    assert [each for each in types if "discount" in each] == ["customer.discount.deleted", "customer.discount.created"]


def test_a_subscription_bills_with_its_own_discount_instead_of_the_customers(api, begun, coupon):
    subscription = begun(discounts=[{"coupon": coupon()}])
    api.post(f"customers/{subscription['customer']}", coupon=coupon("TENTH", percent_off=10))
    invoice = api.get(f"invoices/{subscription['latest_invoice']}")
    assert invoice["discounts"] == subscription["discounts"] == [subscription["discount"]["id"]]
    assert amounts(invoice) == (3000, [1500], 1500)


def test_older_parameters_put_one_discount_on_a_subscription(api, begun, coupon):
    subscription = begun(coupon=coupon())
    assert subscription["discount"]["subscription"] == subscription["id"]
    path = f"subscriptions/{subscription['id']}"
    assert api.error("POST", path, coupon="HALF", discounts=[{"coupon": "HALF"}])["param"] == "discounts"
    changed = api.post(path, discounts=[{"coupon": coupon("TENTH", percent_off=10)}], expand=["discounts"])
    assert [each["coupon"]["id"] for each in changed["discounts"]] == ["TENTH"]
    assert api.delete(f"{path}/discount")["deleted"] is True
    assert api.get(path)["discounts"] == []


def test_a_discount_of_a_subscription_item_lowers_its_lines(api, coupon, make, customer):
    items = [{"price": make.price().id, "discounts": [{"coupon": coupon()}]}, {"price": make.price().id}]
    subscription = api.post("subscriptions", customer=customer, items=items)
    invoice = api.get(f"invoices/{subscription['latest_invoice']}")
    assert (invoice["subtotal"], invoice["total"]) == (3000, 3000)
    first = subscription["items"]["data"][0]
    assert invoice["lines"]["data"][0]["discounts"] == first["discounts"]
    changed = api.post(f"subscriptions/{subscription['id']}", items=[{"id": first["id"], "discounts": ""}])
    assert changed["items"]["data"][0]["discounts"] == []


def test_a_coupon_that_lasts_once_lowers_the_first_bill(api, begun, coupon, renewed):
    subscription = begun(coupon=coupon(duration="once"))
    assert api.get(f"invoices/{subscription['latest_invoice']}")["total"] == 1500
    assert api.get(f"subscriptions/{subscription['id']}")["discounts"] == []
    api.post(f"invoices/{subscription['latest_invoice']}/pay", paid_out_of_band=True)
    assert renewed(subscription)["total"] == 3000


def test_a_coupon_that_lasts_once_is_kept_through_a_trial(api, begun, coupon, renewed):
    trial = periods.add(NOON, "month", 1, 1)
    subscription = begun(coupon=coupon(duration="once"), trial_end=trial)
    assert api.get(f"subscriptions/{subscription['id']}")["discount"]["coupon"]["id"] == "HALF"
    assert renewed(subscription)["total"] == 1500


def test_a_coupon_that_lasts_once_is_spent_on_one_of_two_drafts(api, customer, coupon, drafted):
    api.post(f"customers/{customer}", coupon=coupon(duration="once"))
    first, second = drafted(1000)["id"], drafted(1000)["id"]
    assert api.post(f"invoices/{first}/finalize")["total"] == 500
    assert api.get(f"customers/{customer}")["discount"] is None
    last = api.post(f"invoices/{second}/finalize")
    assert (last["total"], last["discounts"]) == (1000, [])


def test_a_coupon_of_three_months_lowers_three_bills(api, begun, coupon, renewed):
    subscription = begun(coupon=coupon(duration="repeating", duration_in_months=3))
    api.post(f"invoices/{subscription['latest_invoice']}/pay", paid_out_of_band=True)
    totals = []
    for month in (1, 2, 3):
        invoice = renewed(subscription, month)
        totals.append(invoice["total"])
        api.post(f"invoices/{invoice['id']}/pay", paid_out_of_band=True)
    assert totals == [1500, 1500, 3000]
    with clock.hold_at(periods.add(NOON, "month", 1, 3)):
        assert api.get(f"subscriptions/{subscription['id']}")["discounts"] == []


def test_a_list_of_discounted_invoices_costs_the_same_whatever_its_length(
    api, customer, coupon, drafted, count_queries
):
    api.post(f"customers/{customer}", coupon=coupon())
    counts = []
    for _ in range(2):
        drafted(1000)
        with count_queries() as statements:
            api.get("invoices", limit=100, expand=["data.discounts"])
        counts.append(len(statements))
    assert counts[0] == counts[1]


def test_a_coupon_for_once_is_used_up_by_the_first_bill_draft_or_not(api, coupon, make):
    half = coupon("ONCE", duration="once")
    seen = []
    for finalize in (True, False):
        items = [{"price": make.price(unit_amount=3000).id}]
        sent = {"collection_method": "send_invoice", "days_until_due": 14, "discounts": [{"coupon": half}]}
        subscription = api.post("subscriptions", customer=make.customer().id, items=items, **sent)
        if finalize:
            api.post(f"invoices/{subscription['latest_invoice']}/finalize")
        upcoming = api.post("invoices/create_preview", subscription=subscription["id"])["total"]
        dearer = [{"id": subscription["items"]["data"][0]["id"], "price": make.price(unit_amount=6000).id}]
        path = f"subscriptions/{subscription['id']}"
        changed = api.post(path, items=dearer, proration_behavior="always_invoice")
        seen.append((upcoming, api.get(f"invoices/{changed['latest_invoice']}")["total"]))
    assert seen == [(3000, 4500)] * 2


def test_a_customers_coupon_for_once_lowers_one_of_several_drafts(api, coupon, customer, drafted):
    api.post(f"customers/{customer}", coupon=coupon("ONCE", duration="once"))
    first, second = drafted(1000), drafted(1000)
    assert (first["total"], second["total"]) == (500, 1000)
    api.delete(f"invoices/{first['id']}")
    third = drafted(1000)
    assert third["total"] == 500
    for each in (second, third):
        api.post(f"invoices/{each['id']}/finalize")
    assert (api.get(f"invoices/{second['id']}")["total"], api.get(f"invoices/{third['id']}")["total"]) == (1000, 500)
    assert api.get(f"customers/{customer}")["discount"] is None


def test_a_draft_that_it_lowers_no_more_gives_a_coupon_for_once_back(api, coupon, customer, drafted):
    api.post(f"customers/{customer}", coupon=coupon("ONCE", duration="once"))
    draft = drafted(1000)
    assert api.post(f"invoices/{draft['id']}", discounts="")["total"] == 1000
    assert drafted(1000)["total"] == 500
