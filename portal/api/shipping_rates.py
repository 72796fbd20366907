"""Calls for shipping rates."""

from typing import Any

from flask import Blueprint
from sqlalchemy import Select, select

from portal.api.resource import Resource
from portal.billing.catalogue import shipping_rates
from portal.models import ShippingRate
from portal.wire.page import equal_conditions, range_conditions


def register(blueprint: Blueprint) -> None:
    """Add the calls of this noun."""
    rate = Resource(blueprint, "shipping_rate", "shipping_rates")
    rate.create(shipping_rates.CreateShippingRate, shipping_rates.create)
    rate.retrieve()
    rate.change(shipping_rates.UpdateShippingRate, shipping_rates.update)
    rate.list(shipping_rates.ListShippingRates, _select_shipping_rates)


def _select_shipping_rates(params: shipping_rates.ListShippingRates) -> Select[Any]:
    statement = select(ShippingRate).where(*range_conditions(ShippingRate.created, params.created))
    return statement.where(*equal_conditions(params, active=ShippingRate.active, currency=ShippingRate.currency))
