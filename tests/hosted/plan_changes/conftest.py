"""A customer with a plan, the plans to change to, and a visit that may change it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from portal.models import (
    Customer,
    Price,
    Product,
    Subscription,
)
from tests.clients import Portal
from tests.factories import Factories
from tests.hosted.plan_changes.pages import (
    BEGAN,
    updating,
)

Open = Callable[..., Portal]


@pytest.fixture
def customer(make: Factories) -> Customer:
    return make.customer()


@pytest.fixture
def silver(make: Factories) -> Product:
    return make.product(name="Silver plan", description="For one")


@pytest.fixture
def prices(make: Factories, silver: Product) -> dict[str, Price]:
    gold = make.product(description="For teams")
    yearly = {"recurring": {"interval": "year"}}
    return {
        "silver": make.price(silver, unit_amount=1000),
        "gold": make.price(gold, unit_amount=2000),
        "gold a year": make.price(gold, unit_amount=20000, **yearly),
    }


@pytest.fixture
def plan(make: Factories, customer: Customer, prices: dict[str, Price]) -> Subscription:
    """Silver, ten days into its month."""
    return make.subscription(customer, prices["silver"], now=BEGAN)


@pytest.fixture
def visit(portal: Open, make: Factories, customer: Customer, prices: dict[str, Price]) -> Callable[..., Portal]:
    """`visit(**feature)` opens the portal for the customer, with these settings of the feature."""

    def opened(*, flow_data: Any = None, also: dict[str, Any] | None = None, **feature: Any) -> Portal:
        configuration = make.configuration(subscription_update=updating(prices, **feature), **(also or {}))
        return portal(customer, configuration, **({"flow_data": flow_data} if flow_data else {}))

    return opened
