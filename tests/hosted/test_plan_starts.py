"""Customers without a plan start one: from the catalogue by the checkout to the subscription, once."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask.testing import FlaskClient

from portal.billing.subscriptions import cancellations
from portal.billing.subscriptions.params import CancelSubscription
from portal.models import Account, CheckoutSession, Configuration, Customer, Price, Subscription
from portal.seal import Seal
from tests.clients import Api, Portal
from tests.debits import DEBTOR_IBAN, begin_collecting
from tests.factories import Factories
from tests.hosted.plan_changes.pages import confirmed, confirming
from tests.hosted.two_clicks import twin
from tests.statements_of_banks import OWN_IBAN

Open = Callable[..., Portal]


def words(answer: Any) -> str:
    return " ".join(html.unescape(re.sub("<[^>]+>", " ", answer.get_data(as_text=True))).split())


def listed(*prices: Price, **adjustable: Any) -> list[dict[str, Any]]:
    """The products of these prices as a configuration lists them."""
    quantities = {"adjustable_quantity": {"enabled": True, **adjustable}} if adjustable else {}
    products = dict.fromkeys(price.product_id for price in prices)
    return [
        {"product": id, "prices": [price.id for price in prices if price.product_id == id], **quantities}
        for id in products
    ]


@pytest.fixture
def customer(make: Factories) -> Customer:
    begin_collecting(make)
    with make.database.writing(make.scope) as db:
        account = db.get_one(Account, make.scope.account_id)
        account.settings = {**account.settings, "invoices": {"bank_transfer": {"iban": OWN_IBAN, "holder": "Rocket"}}}
    return make.customer()


@pytest.fixture
def silver(make: Factories) -> Price:
    product = make.product(name="Silver", marketing_features=[{"name": "Two seats"}])
    return make.price(product, unit_amount=1000)


@pytest.fixture
def gold(make: Factories) -> Price:
    return make.price(make.product(name="Gold"), unit_amount=2000)


def offering(make: Factories, *prices: Price, **feature: Any) -> Configuration:
    products = feature.pop("products", listed(*prices))
    return make.configuration(subscription_create={"enabled": True, "products": products, **feature})


def start(visit: Portal, price: Price, **typed: str) -> str:
    """Choose a plan; the path of its checkout."""
    token = re.search(r'name="csrf_token" value="([^"]+)"', visit.get("subscribe").text)
    assert token
    answer = visit.post("subscribe", token=False, csrf_token=token[1], price=price.id, **typed)
    assert answer.status_code == 303, answer.text
    path: str = answer.location
    assert path.startswith("/checkout/")
    return path


def buy(client: FlaskClient, path: str, **typed: str) -> Any:
    """Press the button of a checkout."""
    page = client.get(path, base_url="https://localhost").text
    amount = re.search(r'name="amount"[^>]*value="(\d+)"', page)
    assert amount, page
    paid = {"amount": amount[1], "name": "Ada", "iban": DEBTOR_IBAN, "agree": "y", "way": "sepa_debit", "do": "buy"}
    return client.post(path, base_url="https://localhost", data={**paid, **typed})


def come_back(visit: Portal, answer: Any) -> Any:
    """Follow the end of a checkout into the portal."""
    assert answer.status_code == 303, answer.text
    assert answer.location.endswith("/subscribe/done"), answer.location
    return visit.get("subscribe/done")


def home_of(visit: Portal) -> str:
    return f"/p/{visit.session_id}/"


def end(make: Factories, plan: Subscription) -> None:
    make.run(cancellations.cancel, CancelSubscription, plan)


def test_a_new_customer_sees_the_catalogue_and_starts_a_plan(
    portal: Open, make: Factories, customer: Customer, silver: Price, gold: Price, client: FlaskClient, api: Api
) -> None:
    visit = portal(customer, offering(make, silver, gold))
    home = words(visit.get())
    assert "Two seats" in home
    assert "€10.00 a month" in home
    assert "€20.00 a month" in home
    shown = visit.get(f"subscribe?price={gold.id}").text
    assert re.search(rf'value="{gold.id}" checked', shown)
    back = come_back(visit, buy(client, start(visit, gold)))
    assert (back.status_code, back.location) == (303, home_of(visit))
    assert "has started." in words(visit.get())
    (plan,) = api.get("subscriptions", customer=customer.id)["data"]
    assert (plan["status"], plan["items"]["data"][0]["price"]["id"]) == ("active", gold.id)
    assert api.get(f"invoices/{plan['latest_invoice']}")["total"] == 2000
    assert "Choose a plan" not in words(visit.get())
    assert visit.get("subscribe").location == home_of(visit)


def test_who_canceled_is_offered_the_last_plan_first(
    portal: Open, make: Factories, customer: Customer, silver: Price, gold: Price, client: FlaskClient, api: Api
) -> None:
    visit = portal(customer, offering(make, silver, gold))
    end(make, make.subscription(customer, gold))
    home = words(visit.get())
    assert "Start again" in home
    assert home.index("Your last plan") < home.index("Silver")
    assert re.search(rf'value="{gold.id}" checked', visit.get("subscribe").text)
    come_back(visit, buy(client, start(visit, gold), way="customer_balance"))
    (plan,) = api.get("subscriptions", customer=customer.id)["data"]
    assert plan["collection_method"] == "send_invoice"


def test_without_products_of_its_own_it_offers_those_to_change_to(
    portal: Open, make: Factories, customer: Customer, silver: Price
) -> None:
    update = {"enabled": False, "default_allowed_updates": [], "products": listed(silver)}
    configuration = make.configuration(subscription_create={"enabled": True}, subscription_update=update)
    start(portal(customer, configuration), silver)


def test_what_is_off_is_refused(portal: Open, make: Factories, customer: Customer, silver: Price) -> None:
    off = make.configuration(subscription_create={"enabled": False, "products": listed(silver)})
    visit = portal(customer, off)
    assert "Plans that you subscribe to will show here." in words(visit.get())
    assert visit.get("subscribe").status_code == 404
    assert visit.post("subscribe", price=silver.id).status_code == 404
    assert visit.get("subscribe/done").status_code == 404


def test_what_is_not_offered_is_refused(
    portal: Open, make: Factories, customer: Customer, silver: Price, gold: Price, api: Api
) -> None:
    dollars = make.price(currency="usd")
    gone = make.price()
    api.post(f"prices/{gone.id}", active=False)
    visit = portal(customer, offering(make, silver, gone, products=[*listed(silver), *listed(gone)]))
    for price in (gold, gone, dollars):
        assert visit.post("subscribe", price=price.id).status_code == 400
    make.subscription(customer, silver)
    answer = visit.post("subscribe", price=silver.id)
    assert (answer.status_code, answer.location) == (303, home_of(visit)), "who has a plan changes it instead"
    assert not api.get("checkout/sessions")["data"]


@pytest.mark.parametrize(("quantity", "allowed"), [("2", True), ("5", True), ("1", False), ("6", False), ("x", False)])
def test_a_quantity_has_its_limits(
    portal: Open, make: Factories, customer: Customer, silver: Price, api: Api, quantity: str, allowed: bool
) -> None:
    visit = portal(customer, offering(make, products=listed(silver, minimum=2, maximum=5)))
    answer = visit.post("subscribe", price=silver.id, quantity=quantity)
    assert (answer.status_code == 303) is allowed
    if allowed:
        assert api.get("checkout/sessions")["data"][0]["amount_total"] == 1000 * int(quantity)
    else:
        assert "Enter a whole number from 2 to 5." in words(answer)


def test_a_product_has_one_trial(
    portal: Open, make: Factories, customer: Customer, silver: Price, gold: Price, client: FlaskClient, api: Api
) -> None:
    visit = portal(customer, offering(make, silver, gold, trial_period_days=14))
    assert words(visit.get()).count("The first 14 days are free.") == 2
    path = start(visit, silver)
    assert "The first 14 days are free." in words(client.get(path, base_url="https://localhost"))
    come_back(visit, buy(client, path))
    (plan,) = api.get("subscriptions", customer=customer.id)["data"]
    assert plan["status"] == "trialing"
    # a change of plan leaves no item of what was tried, and yet it was tried
    api.post(f"subscriptions/{plan['id']}", items=[{"id": plan["items"]["data"][0]["id"], "price": gold.id}])
    api.delete(f"subscriptions/{plan['id']}")
    assert "days are free" not in words(visit.get())
    come_back(visit, buy(client, start(visit, silver)))
    (again,) = api.get("subscriptions", customer=customer.id)["data"]
    assert (again["status"], again["trial_end"]) == ("active", None)


def test_codes_are_taken_where_they_may_be(
    portal: Open, make: Factories, customer: Customer, silver: Price, client: FlaskClient, api: Api
) -> None:
    coupon = api.post("coupons", percent_off=50, duration="once")
    api.post("promotion_codes", promotion={"type": "coupon", "coupon": coupon["id"]}, code="HALF")
    visit = portal(customer, offering(make, silver, allow_promotion_codes=True))
    path = start(visit, silver)
    page = client.post(path, base_url="https://localhost", data={"code": "HALF", "amount": "1000", "do": "update"})
    assert "€5.00" in words(page)
    come_back(visit, buy(client, path, code="HALF"))
    (plan,) = api.get("subscriptions", customer=customer.id)["data"]
    assert api.get(f"invoices/{plan['latest_invoice']}")["total"] == 500


def test_fifty_clicks_start_one_plan(
    portal: Open, make: Factories, customer: Customer, silver: Price, client: FlaskClient, api: Api
) -> None:
    visit = portal(customer, offering(make, silver))
    token, application = visit.token(), client.application

    def choose_and_buy(_: int) -> Any:
        chosen = twin(visit).post("subscribe", token=False, csrf_token=token, price=silver.id)
        if chosen.status_code != 303 or not chosen.location.startswith("/checkout/"):
            return chosen
        typed = {"amount": "1000", "name": "Ada", "iban": DEBTOR_IBAN, "agree": "y", "way": "sepa_debit", "do": "buy"}
        return application.test_client().post(chosen.location, base_url="https://localhost", data=typed)

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(choose_and_buy, range(50)))
    assert {answer.status_code for answer in answers} <= {303, 409, 410, 503}
    assert len(api.get("subscriptions", customer=customer.id)["data"]) == 1
    assert len(api.get("invoices", customer=customer.id)["data"]) == 1
    assert len(api.get("checkout/sessions", customer=customer.id)["data"]) == 1


def test_another_choice_replaces_the_first_one(
    portal: Open, make: Factories, customer: Customer, silver: Price, gold: Price, client: FlaskClient, api: Api
) -> None:
    visit = portal(customer, offering(make, silver, gold))
    first, second = start(visit, silver), start(visit, gold)
    assert client.get(first, base_url="https://localhost").status_code == 410
    assert {each["status"] for each in api.get("checkout/sessions")["data"]} == {"open", "expired"}
    make.subscription(customer, silver)
    assert buy(client, second).status_code == 410, "the merchant has made a plan meanwhile"
    assert len(api.get("subscriptions", customer=customer.id)["data"]) == 1


def test_a_link_that_was_sealed_with_a_lost_key_is_replaced(
    portal: Open, make: Factories, customer: Customer, silver: Price, client: FlaskClient, api: Api
) -> None:
    visit = portal(customer, offering(make, silver))
    first = start(visit, silver)
    with make.database.writing(make.scope) as db:
        session = db.query(CheckoutSession).one()
        made = {**session.settings["portal"], "link": Seal(["another key"]).encrypt(b"secret").decode()}
        session.settings = {**session.settings, "portal": made}
    assert visit.get("subscribe").status_code == 200
    second = start(visit, silver)
    assert second != first
    assert client.get(first, base_url="https://localhost").status_code == 410
    assert client.get(second, base_url="https://localhost").status_code == 200


def test_a_flow_starts_a_plan_and_leads_back(
    portal: Open, make: Factories, customer: Customer, silver: Price, gold: Price, client: FlaskClient, api: Api
) -> None:
    configuration = offering(make, silver, gold)
    after = {"type": "redirect", "redirect": {"return_url": "https://shop.example/started"}}
    flow = {"type": "subscription_create", "subscription_create": {"price": gold.id}, "after_completion": after}
    visit = portal(customer, configuration, flow_data=flow)
    assert visit.get().location == f"{home_of(visit)}subscribe"
    assert re.search(rf'value="{gold.id}" checked', visit.get("subscribe").text)
    assert visit.get("invoices").status_code == 404
    back = come_back(visit, buy(client, start(visit, gold)))
    assert "https://shop.example/started" in visit.get(back.location.removeprefix(home_of(visit))).headers["Refresh"]


@pytest.mark.parametrize("case", ["off", "unknown price", "has a plan"])
def test_a_flow_that_can_not_succeed_is_refused(
    make: Factories, customer: Customer, silver: Price, api: Api, case: str
) -> None:
    configuration = offering(make, silver, enabled=case != "off")
    if case == "has a plan":
        make.subscription(customer, silver)
    flow: dict[str, Any] = {"type": "subscription_create"}
    if case == "unknown price":
        flow["subscription_create"] = {"price": "price_other"}
    sent = {"customer": customer.id, "configuration": configuration.id, "flow_data": flow}
    assert api.error("POST", "billing_portal/sessions", **sent)["param"].startswith("flow_data")


def test_an_account_without_a_way_to_be_paid_names_whom_to_ask(portal: Open, make: Factories, silver: Price) -> None:
    with make.database.writing(make.scope) as db:
        account = db.get_one(Account, make.scope.account_id)
        account.settings = {}
        account.business_profile = {**account.business_profile, "name": "Rocket Rides"}
    visit = portal(make.customer(), offering(make, silver))
    assert "To start a plan, please contact Rocket Rides." in words(visit.get())


SEVERAL = {"enabled": True}


def plans_of(api: Api, customer: Customer) -> list[str]:
    """The prices of the plans that have not ended, the newest first."""
    found = api.get("subscriptions", customer=customer.id)["data"]
    return [each["items"]["data"][0]["price"]["id"] for each in found]


def test_a_second_plan_starts_beside_the_first_one(
    portal: Open, make: Factories, customer: Customer, silver: Price, gold: Price, client: FlaskClient, api: Api
) -> None:
    on = {"enabled": True}
    feature = {"enabled": True, "products": listed(silver, gold), "several": SEVERAL, "trial_period_days": 14}
    configuration = make.configuration(subscription_create=feature, subscription_cancel=on, subscription_pause=on)
    first = make.subscription(customer, silver)
    visit = portal(customer, configuration)
    home = visit.get().text
    assert 'href="subscribe"' in home
    assert "Start another plan" in home
    page = visit.get("subscribe")
    assert "What you have already stays as it is." in words(page)
    assert silver.id not in page.text, "it is had already"
    path = start(visit, gold)
    assert "The first 14 days are free." in words(client.get(path, base_url="https://localhost"))
    assert start(visit, gold) == path, "another click leads to the same order"
    come_back(visit, buy(client, path))
    assert plans_of(api, customer) == [gold.id, silver.id]
    home = visit.get().text
    for id in (first.id, api.get("subscriptions", customer=customer.id)["data"][0]["id"]):
        assert f"subscriptions/{id}/cancel" in home
    assert "Start another plan" not in home, "nothing is left to start"
    assert visit.get("subscribe").location == home_of(visit)
    again = {"amount": "0", "name": "Ada", "iban": DEBTOR_IBAN, "agree": "y", "way": "sepa_debit", "do": "buy"}
    client.post(path, base_url="https://localhost", data=again)
    assert len(plans_of(api, customer)) == 2


def test_a_product_is_had_twice_only_where_it_may_be(
    portal: Open, make: Factories, customer: Customer, silver: Price, client: FlaskClient, api: Api
) -> None:
    make.subscription(customer, silver)
    refused = portal(customer, offering(make, silver, several=SEVERAL))
    assert "Start another plan" not in words(refused.get())
    assert refused.post("subscribe", price=silver.id).location == home_of(refused)
    twice = {"enabled": True, "same_product": True}
    visit = portal(customer, offering(make, silver, several=twice, trial_period_days=14))
    assert "days are free" not in words(visit.get("subscribe")), "a trial is once for a product"
    come_back(visit, buy(client, start(visit, silver)))
    assert plans_of(api, customer) == [silver.id, silver.id]


def test_a_product_that_begins_elsewhere_meanwhile_is_not_sold_again(
    portal: Open, make: Factories, customer: Customer, silver: Price, gold: Price, client: FlaskClient, api: Api
) -> None:
    make.subscription(customer, silver)
    path = start(portal(customer, offering(make, silver, gold, several=SEVERAL)), gold)
    make.subscription(customer, gold)
    assert buy(client, path).status_code == 410
    assert len(plans_of(api, customer)) == 2


def test_fifty_clicks_start_one_second_plan(
    portal: Open, make: Factories, customer: Customer, silver: Price, gold: Price, client: FlaskClient, api: Api
) -> None:
    make.subscription(customer, silver)
    visit = portal(customer, offering(make, silver, gold, several=SEVERAL))
    token, application = visit.token(), client.application

    def choose_and_buy(_: int) -> Any:
        chosen = twin(visit).post("subscribe", token=False, csrf_token=token, price=gold.id)
        if chosen.status_code != 303 or not chosen.location.startswith("/checkout/"):
            return chosen
        typed = {"amount": "2000", "name": "Ada", "iban": DEBTOR_IBAN, "agree": "y", "way": "sepa_debit", "do": "buy"}
        return application.test_client().post(chosen.location, base_url="https://localhost", data=typed)

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(choose_and_buy, range(50)))
    assert {answer.status_code for answer in answers} <= {303, 409, 410, 503}
    assert plans_of(api, customer) == [gold.id, silver.id]
    assert len(api.get("checkout/sessions", customer=customer.id)["data"]) == 1


def test_off_it_is_refused_also_in_a_flow(
    portal: Open, make: Factories, customer: Customer, silver: Price, gold: Price, api: Api
) -> None:
    make.subscription(customer, silver)
    off = offering(make, silver, gold, several={"enabled": False, "same_product": True})
    visit = portal(customer, off)
    assert "Start another plan" not in words(visit.get())
    assert visit.post("subscribe", price=gold.id).location == home_of(visit)
    flow = {"type": "subscription_create", "subscription_create": {"price": gold.id}}
    sent = {"customer": customer.id, "flow_data": flow}
    assert "several" in api.error("POST", "billing_portal/sessions", configuration=off.id, **sent)["message"]
    on = offering(make, silver, gold, several=SEVERAL)
    assert api.post("billing_portal/sessions", configuration=on.id, **sent)["flow"]["type"] == "subscription_create"
    assert not api.get("checkout/sessions")["data"]


def test_a_flow_to_a_second_plan_ends_with_it(
    portal: Open, make: Factories, customer: Customer, silver: Price, gold: Price, client: FlaskClient
) -> None:
    make.subscription(customer, silver)
    bronze = make.price(make.product(name="Bronze"), unit_amount=500)
    configuration = offering(make, silver, gold, bronze, several=SEVERAL)
    visit = portal(customer, configuration, flow_data={"type": "subscription_create"})
    answer = buy(client, start(visit, gold))
    assert visit.get("subscribe").location == f"{home_of(visit)}subscribe/done"
    come_back(visit, answer)


def test_no_change_leads_to_a_product_that_another_plan_has(
    portal: Open, make: Factories, customer: Customer, silver: Price, gold: Price
) -> None:
    plan, _other = make.subscription(customer, silver), make.subscription(customer, gold)
    update = {"enabled": True, "default_allowed_updates": ["price"], "products": listed(silver, gold)}
    change = f"subscriptions/{plan.id}/change/confirm?price={gold.id}&quantity=1"
    for several, status in ((SEVERAL, 404), ({"enabled": True, "same_product": True}, 200), ({"enabled": False}, 200)):
        feature = {"enabled": True, "several": several}
        visit = portal(customer, make.configuration(subscription_create=feature, subscription_update=update))
        assert visit.get(change).status_code == status


def test_what_another_plan_will_change_to_is_had_already(
    portal: Open, make: Factories, customer: Customer, silver: Price, gold: Price
) -> None:
    """Until a change is made, neither a new plan nor another change leads to its product, nor to the one until then."""
    bronze = make.price(make.product(name="Bronze"), unit_amount=500)
    plan, other = make.subscription(customer, gold), make.subscription(customer, bronze)
    waiting = {"schedule_at_period_end": {"conditions": [{"type": "decreasing_item_amount"}]}}
    update = {"enabled": True, "default_allowed_updates": ["price"], "products": listed(silver, gold, bronze)}
    feature = {"enabled": True, "products": listed(silver, gold), "several": SEVERAL}
    visit = portal(customer, make.configuration(subscription_create=feature, subscription_update={**update, **waiting}))
    change = f"subscriptions/{other.id}/change/confirm?quantity=1&price="
    assert visit.get(f"{change}{silver.id}").status_code == 200
    assert "Start another plan" in words(visit.get())
    assert confirmed(visit, confirming(plan, silver)).status_code == 303
    for price in (silver, gold):
        assert visit.get(f"{change}{price.id}").status_code == 404
    assert "Start another plan" not in words(visit.get())
    assert visit.post("subscribe", price=silver.id).location == home_of(visit)
    assert visit.get(confirming(plan, silver)).location.endswith("/changed"), "a plan is not beside itself"


def test_a_kept_home_page_knows_what_is_left_to_start(
    portal: Open, make: Factories, customer: Customer, silver: Price, gold: Price, api: Api
) -> None:
    make.subscription(customer, silver)
    visit = portal(customer, offering(make, silver, gold, several=SEVERAL))
    assert "Start another plan" in words(visit.get())
    assert "Start another plan" in words(visit.get())
    api.post(f"prices/{gold.id}", active=False)
    assert "Start another plan" not in words(visit.get())
