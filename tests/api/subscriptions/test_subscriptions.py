"""Subscriptions over the API: begun with an invoice, changed, listed."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from portal import clock
from tests import goldens
from tests.clients import Api
from tests.conftest import NOON
from tests.contract import violations
from tests.factories import Factories

#: 21 November to 21 December 2026, noon.
MONTH = 30 * clock.DAY


def quantity_to(subscription: Any, quantity: int) -> list[dict[str, Any]]:
    """The `items` of an update that changes the first one's quantity."""
    return [{"id": subscription["items"]["data"][0]["id"], "quantity": quantity}]


def test_the_first_invoice_comes_with_it(api: Api, begun: Any, make: Factories) -> None:
    subscription = begun(2, [make.tax_rate().id], metadata={"team": "A"}, expand=["latest_invoice"])
    invoice, [item] = subscription["latest_invoice"], subscription["items"]["data"]
    assert (subscription["status"], item["quantity"]) == ("incomplete", 2)
    assert subscription["current_period_end"] == item["current_period_end"] == NOON + MONTH
    assert (invoice["status"], invoice["total"], invoice["billing_reason"]) == ("open", 7140, "subscription_create")
    [line] = invoice["lines"]["data"]
    assert (line["type"], line["subscription_item"], line["metadata"]) == ("subscription", item["id"], {"team": "A"})
    assert line["period"] == {"start": NOON, "end": NOON + MONTH}


def test_items_that_wait_come_along_on_the_first_invoice(api: Api, make: Factories, begun: Any) -> None:
    customer = make.customer().id
    api.post("invoiceitems", customer=customer, amount=900, currency="eur", description="Setup")
    invoice = begun(customer=customer, expand=["latest_invoice"])["latest_invoice"]
    assert [line["description"] for line in invoice["lines"]["data"]] == ["Setup", "Gold plan"]
    assert (invoice["total"], api.get("invoiceitems", pending=True)["data"]) == (3900, [])


def test_it_is_active_once_the_first_invoice_is_paid(api: Api, begun: Any, active: Any) -> None:
    assert active()["status"] == "active"
    assert begun(unit_amount=0)["status"] == "active"


def test_a_balance_that_covers_the_first_invoice_makes_it_active(api: Api, make: Factories, begun: Any) -> None:
    customer = make.customer()
    api.post(f"customers/{customer.id}/balance_transactions", amount=-3000, currency="eur")
    assert begun(customer=customer.id)["status"] == "active"


def test_billed_by_invoice_it_is_active_with_a_draft(api: Api, begun: Any) -> None:
    subscription = begun(collection_method="send_invoice", days_until_due=14, expand=["latest_invoice"])
    invoice = subscription["latest_invoice"]
    assert (subscription["status"], invoice["status"], invoice["total"]) == ("active", "draft", 3000)
    assert (invoice["collection_method"], invoice["auto_advance"]) == ("send_invoice", True)


def test_a_trial_is_free(api: Api, begun: Any) -> None:
    subscription = begun(trial_period_days=7, expand=["latest_invoice"])
    end, invoice = NOON + 7 * clock.DAY, subscription["latest_invoice"]
    assert (subscription["status"], subscription["trial_start"], subscription["trial_end"]) == ("trialing", NOON, end)
    assert subscription["current_period_end"] == subscription["billing_cycle_anchor"] == end
    assert (invoice["status"], invoice["total"], invoice["number"][-5:]) == ("paid", 0, "-0001")
    assert invoice["lines"]["data"][0]["description"] == "Trial period for Gold plan"


def test_a_trial_may_have_a_date(begun: Any) -> None:
    assert begun(trial_end=NOON + 99)["trial_end"] == NOON + 99
    assert begun(trial_period_days=0)["status"] == "incomplete"


def test_rates_of_the_subscription_apply_where_an_item_has_none(make: Factories, begun: Any) -> None:
    default, own = make.tax_rate(), make.tax_rate(percentage="7")
    items = [{"price": make.price().id}, {"price": make.price().id, "tax_rates": [own.id]}]
    made = begun(items=items, default_tax_rates=[default.id], expand=["latest_invoice"])
    lines = made["latest_invoice"]["lines"]["data"]
    assert [line["tax_rates"][0]["percentage"] for line in lines] == [19, 7]
    assert made["latest_invoice"]["total"] == 2380 + 2140
    assert [rate["id"] for rate in made["default_tax_rates"]] == [default.id]


def test_items_stay_in_their_order(api: Api, make: Factories) -> None:
    prices = [make.price(unit_amount=100 + number).id for number in range(20)]
    items = [{"price": price} for price in prices]
    made = api.post("subscriptions", customer=make.customer().id, items=items, expand=["latest_invoice"])
    assert [item["price"]["id"] for item in made["items"]["data"]] == prices
    lines = api.get(f"invoices/{made['latest_invoice']['id']}/lines", limit=100)["data"]
    assert [line["price"]["id"] for line in lines] == prices


@pytest.mark.parametrize(
    ("sent", "param"),
    [
        ({"items": []}, "items"),
        ({"days_until_due": 14}, "days_until_due"),
        ({"collection_method": "send_invoice"}, "days_until_due"),
        ({"trial_end": NOON}, "trial_end"),
        ({"trial_end": NOON + 800 * clock.DAY}, "trial_end"),
        ({"trial_end": NOON + 9, "trial_period_days": 7}, "trial_period_days"),
        ({"trial_period_days": 731}, "trial_period_days"),
        ({"cancel_at": NOON}, "cancel_at"),
        ({"cancel_at": NOON + 9, "cancel_at_period_end": True}, "cancel_at"),
        ({"currency": "usd"}, "items"),
        ({"quantity": 10**9}, "items[0][quantity]"),
        ({"unit_amount": 10**11, "quantity": 10}, "items[0][quantity]"),
    ],
)
def test_wrong_beginnings(api: Api, make: Factories, sent: dict[str, Any], param: str) -> None:
    price = make.price(unit_amount=sent.get("unit_amount", 100))
    item = {"price": price.id, "quantity": sent.get("quantity", 1)}
    rest = {key: value for key, value in sent.items() if key not in {"unit_amount", "quantity"}}
    with clock.hold_at(NOON):
        error = api.error("POST", "subscriptions", **{"customer": make.customer().id, "items": [item], **rest})
    assert error["param"] == param
    assert api.get("invoices")["data"] == []


def test_prices_have_to_go_together(api: Api, make: Factories) -> None:
    customer, monthly = make.customer(), make.price()
    for other, words in (
        (make.price(recurring={"interval": "year"}), "interval"),
        (make.price(currency="usd"), "currency"),
        (make.price(recurring=None), "recurring"),
        (monthly, "once"),
    ):
        items = [{"price": monthly.id}, {"price": other.id}]
        assert words in api.error("POST", "subscriptions", customer=customer.id, items=items)["message"]
    api.post(f"prices/{monthly.id}", active=False)
    inactive = api.error("POST", "subscriptions", customer=customer.id, items=[{"price": monthly.id}])
    assert inactive["param"] == "items[0][price]"


def test_nothing_is_left_of_one_that_can_not_be_paid(api: Api, make: Factories) -> None:
    sent = {"customer": make.customer().id, "items": [{"price": make.price().id}]}
    assert (
        api.error("POST", "subscriptions", 402, **sent, payment_behavior="error_if_incomplete")["type"] == "card_error"
    )
    assert api.get("subscriptions", status="all")["data"] == api.get("invoices")["data"] == []


@pytest.mark.parametrize(("day", "unused", "charged"), [(0, -3000, 9000), (15, -1500, 4500), (29, -100, 300)])
def test_a_quantity_is_prorated(api: Api, active: Any, day: int, unused: int, charged: int) -> None:
    subscription = active()
    with clock.hold_at(NOON + day * clock.DAY):
        changed = api.post(f"subscriptions/{subscription['id']}", items=quantity_to(subscription, 3))
    assert changed["items"]["data"][0]["quantity"] == changed["quantity"] == 3
    pending = api.get("invoiceitems", customer=subscription["customer"], pending=True)["data"]
    assert {item["amount"]: (item["quantity"], item["proration"]) for item in pending} == {
        unused: (1, True),
        charged: (3, True),
    }
    assert all(item["period"] == {"start": NOON + day * clock.DAY, "end": NOON + MONTH} for item in pending)


def test_proration_is_exact_to_the_second(api: Api, active: Any) -> None:
    subscription = active(unit_amount=MONTH)  # one unit a second
    with clock.hold_at(NOON + 1234567):
        api.post(f"subscriptions/{subscription['id']}", items=quantity_to(subscription, 2))
    amounts = [item["amount"] for item in api.get("invoiceitems", pending=True)["data"]]
    assert sorted(amounts) == [1234567 - MONTH, 2 * (MONTH - 1234567)]


def test_prorations_read_well_and_have_the_items_taxes(api: Api, active: Any, make: Factories) -> None:
    rate = make.tax_rate()
    subscription = active(2, [rate.id])
    with clock.hold_at(NOON + 15 * clock.DAY):
        sent = {"items": quantity_to(subscription, 5), "proration_behavior": "always_invoice"}
        changed = api.post(f"subscriptions/{subscription['id']}", **sent, expand=["latest_invoice"])
    invoice = changed["latest_invoice"]
    assert [line["description"] for line in invoice["lines"]["data"]] == [
        "Unused time on 2 × Gold plan after December 6, 2026",
        "Remaining time on 5 × Gold plan after December 6, 2026",
    ]
    assert (invoice["subtotal"], invoice["total"]) == (4500, 5355)
    assert (invoice["billing_reason"], changed["status"]) == ("subscription_update", "past_due")
    assert api.post(f"invoices/{invoice['id']}/pay", paid_out_of_band=True)["status"] == "paid"
    assert api.get(f"subscriptions/{subscription['id']}")["status"] == "active"


def test_less_of_it_becomes_credit(api: Api, active: Any) -> None:
    subscription = active(3)
    with clock.hold_at(NOON + 15 * clock.DAY):
        sent = {"items": quantity_to(subscription, 1), "proration_behavior": "always_invoice"}
        changed = api.post(f"subscriptions/{subscription['id']}", **sent, expand=["latest_invoice"])
    assert (changed["latest_invoice"]["total"], changed["latest_invoice"]["status"]) == (-3000, "paid")
    assert (changed["status"], api.get(f"customers/{subscription['customer']}")["balance"]) == ("active", -3000)


def test_proration_can_be_dated_or_left_out(api: Api, active: Any) -> None:
    subscription = active()
    path = f"subscriptions/{subscription['id']}"
    with clock.hold_at(NOON + 20 * clock.DAY):
        api.post(path, items=quantity_to(subscription, 2), proration_behavior="none")
        assert api.get("invoiceitems", pending=True)["data"] == []
        api.post(path, items=quantity_to(subscription, 1), proration_date=NOON + 15 * clock.DAY)
        early = {"items": quantity_to(subscription, 5), "proration_date": NOON - 1}
        assert api.error("POST", path, **early)["param"] == "proration_date"
    # the second piece was never billed, so it is not given back
    assert sorted(item["amount"] for item in api.get("invoiceitems", pending=True)["data"]) == [-1500, 1500]


def test_after_its_period_a_change_costs_nothing(api: Api, active: Any) -> None:
    subscription = active()
    with clock.hold_at(NOON + 2 * MONTH):
        assert api.post(f"subscriptions/{subscription['id']}", items=quantity_to(subscription, 4))["quantity"] == 4
    assert api.get("invoiceitems", pending=True)["data"] == []


def test_a_change_that_can_not_be_paid_can_be_refused(api: Api, active: Any) -> None:
    subscription = active()
    sent = {"items": quantity_to(subscription, 2), "proration_behavior": "always_invoice"}
    with clock.hold_at(NOON + clock.DAY):
        path = f"subscriptions/{subscription['id']}"
        assert api.error("POST", path, 402, **sent, payment_behavior="error_if_incomplete")["type"] == "card_error"
    assert api.get(f"subscriptions/{subscription['id']}")["quantity"] == 1


def test_wrong_items_change_nothing(api: Api, active: Any) -> None:
    subscription, other = active(), active()
    path = f"subscriptions/{subscription['id']}"
    twice = quantity_to(subscription, 2) + quantity_to(subscription, 3)
    assert api.error("POST", path, 400, items=twice)["param"] == "items[1][id]"
    assert api.error("POST", path, 400, items=quantity_to(other, 2))["param"] == "items[0][id]"
    assert api.error("POST", path, items=quantity_to(subscription, 10**9))["param"] == "items[0][quantity]"
    assert api.get(path) == subscription


def test_words_change(api: Api, active: Any, make: Factories) -> None:
    subscription = active(metadata={"a": "1"})
    path, rate = f"subscriptions/{subscription['id']}", make.tax_rate()
    item = {**quantity_to(subscription, 1)[0], "metadata": {"seat": "12"}, "tax_rates": [rate.id]}
    changed = api.post(path, description="Team", metadata={"b": "2"}, default_tax_rates=[rate.id], items=[item])
    assert (changed["description"], changed["metadata"]) == ("Team", {"a": "1", "b": "2"})
    assert changed["items"]["data"][0]["metadata"] == {"seat": "12"}
    assert changed["items"]["data"][0]["tax_rates"][0]["id"] == changed["default_tax_rates"][0]["id"] == rate.id
    assert api.post(path, description="", metadata="", default_tax_rates="")["default_tax_rates"] == []


def test_the_way_of_collecting_changes(api: Api, active: Any) -> None:
    path = f"subscriptions/{active()['id']}"
    assert api.error("POST", path, collection_method="send_invoice")["param"] == "days_until_due"
    assert api.error("POST", path, days_until_due=7)["param"] == "days_until_due"
    assert api.post(path, collection_method="send_invoice", days_until_due=7)["days_until_due"] == 7
    assert api.post(path, collection_method="charge_automatically")["days_until_due"] is None


def test_lists_are_filtered(api: Api, begun: Any, active: Any) -> None:
    waiting, running, trial, ended, expired = begun(), active(), begun(trial_period_days=7), active(), begun()
    for each in (ended, expired):
        api.delete(f"subscriptions/{each['id']}")
    names = {each["id"]: name for each, name in zip((waiting, running, trial, ended, expired), "wrtex", strict=True)}

    def found(**filter: Any) -> str:
        return "".join(sorted(names[each["id"]] for each in api.get("subscriptions", **filter)["data"]))

    assert (found(), found(status="all"), found(status="ended")) == ("rtwx", "ertwx", "ex")
    assert (found(status="canceled"), found(status="active"), found(status="trialing")) == ("e", "r", "t")
    assert found(customer=running["customer"]) == "r"
    assert found(price=trial["items"]["data"][0]["price"]["id"]) == "t"
    assert found(plan=trial["items"]["data"][0]["price"]["id"]) == "t"
    assert found(current_period_end={"lt": NOON + MONTH}) == "t"
    assert found(created={"gt": NOON}) == ""
    assert api.request("GET", "subscriptions", raw="status=gone").status_code == 400


def test_a_subscription_is_expanded(api: Api, active: Any) -> None:
    paths = ["latest_invoice.lines", "latest_invoice.payment_intent", "customer", "items.data.price.product"]
    found = api.get(f"subscriptions/{active()['id']}", expand=[*paths, "default_payment_method"])
    assert found["latest_invoice"]["lines"]["data"][0]["amount"] == 3000
    assert found["customer"]["name"] == "Jenny Rosen"
    assert found["items"]["data"][0]["price"]["product"]["name"] == "Gold plan"
    assert found["default_payment_method"] is found["latest_invoice"]["payment_intent"] is None


def test_a_list_costs_the_same_whatever_its_length(api: Api, make: Factories, count_queries: Any) -> None:
    paths, rate, costs = ["data.customer", "data.latest_invoice", "data.items.data.price.product"], make.tax_rate(), []
    api.get("subscriptions")
    for count in (1, 19):
        for _ in range(count):
            make.subscription(default_tax_rates=[rate.id])
        with count_queries() as statements:
            api.get("subscriptions", limit=100, expand=paths)
        costs.append(len(statements))
    assert costs[0] == costs[1] <= 16


def test_golden(api: Api, make: Factories) -> None:
    with clock.hold_at(NOON):
        rate, price = make.tax_rate(), make.price()
        items = [{"price": price.id, "quantity": 2, "tax_rates": [rate.id], "metadata": {"seat": "12"}}]
        sent = {"collection_method": "send_invoice", "days_until_due": 14, "cancel_at_period_end": True}
        made = api.post("subscriptions", customer=make.customer().id, items=items, **sent, default_tax_rates=[rate.id])
    assert list(violations(made, stripe.Subscription)) == []
    goldens.check("subscription", made)
    goldens.check("subscription_item", made["items"]["data"][0])
