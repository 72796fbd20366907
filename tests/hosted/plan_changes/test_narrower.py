"""Sessions that allow less than their configuration: features that are off, and rules that count besides."""

from __future__ import annotations

from typing import Any

import pytest

from portal.billing.customer_portal.params import NarrowerFeatures
from portal.models import Configuration, Customer, Price, Subscription
from portal.rules.portal_features import disabled_features
from tests.clients import Api, Portal
from tests.factories import Factories
from tests.hosted.plan_changes.pages import updating

pytestmark = pytest.mark.usefixtures("held_clock")


@pytest.fixture
def configuration(make: Factories, prices: dict[str, Price]) -> Configuration:
    rules = {"minimum_quantity": {"quantity": 2}}
    return make.configuration(subscription_update=updating(prices, rules=rules))


def choose(visit: Portal, plan: Subscription, price: Price, quantity: int) -> int:
    return visit.post(f"subscriptions/{plan.id}/change", price=price.id, quantity=str(quantity)).status_code


def test_what_a_session_turns_off_is_off(
    portal: Any, plan: Subscription, customer: Customer, configuration: Configuration
) -> None:
    off = {"enabled": False}
    visit = portal(customer, configuration, features={"subscription_update": off, "subscription_cancel": off})
    assert "Change plan" not in visit.get().text
    assert visit.get(f"subscriptions/{plan.id}/change").status_code == 404
    assert visit.post(f"subscriptions/{plan.id}/cancel").status_code == 404
    assert visit.get("invoices").status_code == 200
    assert portal(customer, configuration).get(f"subscriptions/{plan.id}/change").status_code == 200


def test_rules_of_a_session_count_besides_those_of_the_configuration(
    portal: Any, plan: Subscription, prices: dict[str, Price], customer: Customer, configuration: Configuration
) -> None:
    rules = {"minimum_quantity": {"quantity": 4}, "allowed_changes": ["increasing_item_amount"]}
    visit = portal(customer, configuration, features={"subscription_update": {"rules": rules}})
    assert choose(visit, plan, prices["gold"], 3) == 400
    assert choose(visit, plan, prices["gold"], 4) == 303
    wider = {"minimum_quantity": {"quantity": 1}}
    visit = portal(customer, configuration, features={"subscription_update": {"rules": wider}})
    assert choose(visit, plan, prices["gold"], 1) == 400, "the configuration wants two"


def test_a_session_can_not_allow_more(api: Api, customer: Customer, configuration: Configuration) -> None:
    sent = {"customer": customer.id, "configuration": configuration.id}
    more = {"subscription_pause": {"enabled": True}}
    error = api.error("POST", "billing_portal/sessions", **sent, features=more)
    assert error["param"] == "features[subscription_pause][enabled]"
    flow = {"type": "subscription_cancel", "subscription_cancel": {"subscription": "sub_1"}}
    off = {"subscription_cancel": {"enabled": False}}
    error = api.error("POST", "billing_portal/sessions", **sent, features=off, flow_data=flow)
    assert error["param"] == "flow_data[type]"


def test_a_session_shows_what_it_allows_less(api: Api, customer: Customer) -> None:
    rules = {"commitment": {"metadata": "committed"}}
    sent = {"invoice_history": {"enabled": False}, "subscription_update": {"rules": rules}}
    made = api.post("billing_portal/sessions", customer=customer.id, features=sent)
    assert made["features"]["invoice_history"] == {"enabled": False}
    shown = made["features"]["subscription_update"]["rules"]
    assert shown["commitment"] == {"interval": None, "interval_count": 1, "metadata": "committed"}
    assert len(shown["allowed_changes"]) == 4
    assert api.post("billing_portal/sessions", customer=customer.id)["features"] is None


def test_every_feature_can_be_turned_off() -> None:
    assert set(NarrowerFeatures.model_fields) == set(disabled_features())
