"""Plan changes that are refused: without the feature, beyond what it allows, or of a plan that can't be changed."""

from __future__ import annotations

from typing import Any

import pytest

from portal.billing.schedules import schedules
from portal.billing.schedules.params import CreateSchedule
from portal.billing.subscriptions import updates
from portal.billing.subscriptions.params import UpdateSubscription
from portal.models import (
    Price,
    Subscription,
)
from tests.clients import Api
from tests.conftest import NOON
from tests.factories import Factories
from tests.hosted.plan_changes.pages import (
    confirming,
    now_of,
    seen,
)

pytestmark = pytest.mark.usefixtures("held_clock")


REFUSED = ["change", "change/confirm?price={gold}&quantity=1", "changed"]


@pytest.mark.parametrize("path", REFUSED)
@pytest.mark.parametrize("feature", [{"enabled": False}, {"default_allowed_updates": []}])
def test_without_the_feature_there_is_no_such_page(
    visit: Any, plan: Subscription, prices: dict[str, Price], make: Factories, path: str, feature: dict[str, Any]
) -> None:
    opened = visit(**feature)
    found = f"subscriptions/{plan.id}/{path.format(gold=prices['gold'].id)}"
    assert opened.get(found).status_code == 404
    if "confirm" in path:
        sent = {"revision": str(plan.revision), "date": str(NOON), "due": "666"}
        assert opened.post(found, **sent).status_code == 404
    assert opened.post(f"subscriptions/{plan.id}/keep").status_code == 404
    assert "Change plan" not in seen(opened, "")
    assert now_of(make, plan)[1].price_id == prices["silver"].id


@pytest.mark.parametrize(
    ("allowed", "quantity", "code"),
    [(["quantity"], 1, ""), (["price"], 2, ""), (["price", "quantity"], 1, "RIDE")],
)
def test_what_is_not_allowed_can_not_be_confirmed(
    visit: Any, plan: Subscription, prices: dict[str, Price], make: Factories, allowed: Any, quantity: int, code: str
) -> None:
    make.promotion_code(code="RIDE")
    opened, path = visit(default_allowed_updates=allowed), confirming(plan, prices["gold"], quantity, code)
    assert opened.get(path).status_code in {303, 404}
    opened.post(path, revision=str(plan.revision), date=str(NOON), due="666")
    subscription, item = now_of(make, plan)
    assert (item.price_id, item.quantity, subscription.discounts) == (prices["silver"].id, 1, [])


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("change/confirm?price={gold}&quantity=1&code=%00", 303),
        ("change/confirm?price=%00&quantity=1", 404),
        ("change/confirm?price={gold}&quantity=%00", 303),
        ("change/confirm?price={gold}&quantity=9999999", 303),
        ("change/confirm", 303),
        ("change?interval=%00", 200),
    ],
)
def test_an_address_that_was_tampered_with(
    visit: Any, plan: Subscription, prices: dict[str, Price], path: str, status: int
) -> None:
    found = f"subscriptions/{plan.id}/{path.format(gold=prices['gold'].id)}"
    assert visit().get(found).status_code == status


def test_a_price_that_is_not_listed_can_not_be_had(
    visit: Any, plan: Subscription, make: Factories, prices: dict[str, Price]
) -> None:
    opened, path = visit(), confirming(plan, make.price(unit_amount=1))
    assert opened.get(path).status_code == 404
    assert opened.post(path, revision=str(plan.revision), date=str(NOON), due="0").status_code == 404
    assert now_of(make, plan)[1].price_id == prices["silver"].id


def test_a_schedule_of_the_merchants_is_left_alone(
    visit: Any, plan: Subscription, make: Factories, prices: dict[str, Price]
) -> None:
    make.run(schedules.create, CreateSchedule, from_subscription=plan.id)
    opened = visit()
    assert opened.get(f"subscriptions/{plan.id}/change").status_code == 404
    assert "Change plan" not in seen(opened, "")
    assert opened.post(f"subscriptions/{plan.id}/keep").status_code == 303
    assert now_of(make, plan)[0].schedule_id is not None


@pytest.mark.parametrize("path", REFUSED)
def test_another_customers_plan_does_not_exist(
    visit: Any, make: Factories, prices: dict[str, Price], path: str
) -> None:
    other = make.subscription(make.customer(), prices["silver"])
    found = f"subscriptions/{other.id}/{path.format(gold=prices['gold'].id)}"
    assert visit().get(found).status_code == 404


def test_a_plan_that_ends_is_not_changed(visit: Any, plan: Subscription, make: Factories) -> None:
    make.run(updates.update_subscription, UpdateSubscription, plan, cancel_at_period_end=True)
    assert visit().get(f"subscriptions/{plan.id}/change").status_code == 404


def test_where_records_are_kept_elsewhere_nothing_is_changed_here(
    api: Api, visit: Any, plan: Subscription, make: Factories
) -> None:
    opened = visit()
    api.post("account", settings={"billing": {"mode": "mirror"}})
    assert opened.get(f"subscriptions/{plan.id}/change").status_code == 404
    assert "Change plan" not in seen(opened, "")
    flow = {"type": "subscription_update", "subscription_update": {"subscription": plan.id}}
    configuration = make.configuration(subscription_update={"enabled": True, "default_allowed_updates": ["price"]})
    sent = {"customer": plan.customer_id, "configuration": configuration.id, "flow_data": flow}
    assert api.error("POST", "billing_portal/sessions", **sent)["param"] == "flow_data[type]"
