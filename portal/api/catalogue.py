"""Products, prices and tax rates."""

from __future__ import annotations

from typing import Any

from flask import Blueprint
from sqlalchemy import Select, false, select

from portal.api.resource import Resource
from portal.billing import catalogue
from portal.models import Price, Product, TaxRate
from portal.wire.page import between


def register(blueprint: Blueprint) -> None:
    """Add the calls of these nouns."""
    product = Resource(blueprint, "product", "products")
    product.create(catalogue.CreateProduct, catalogue.create_product)
    product.retrieve()
    product.change(catalogue.UpdateProduct, catalogue.update_product)
    product.delete(catalogue.delete_product)
    product.list(catalogue.ListProducts, _products)

    price = Resource(blueprint, "price", "prices")
    price.create(catalogue.CreatePrice, catalogue.create_price)
    price.retrieve()
    price.change(catalogue.UpdatePrice, catalogue.update_price)
    price.list(catalogue.ListPrices, _prices)

    tax_rate = Resource(blueprint, "tax_rate", "tax_rates")
    tax_rate.create(catalogue.CreateTaxRate, catalogue.create_tax_rate)
    tax_rate.retrieve()
    tax_rate.change(catalogue.UpdateTaxRate, catalogue.update_tax_rate)
    tax_rate.list(catalogue.ListTaxRates, _tax_rates)


def _products(params: catalogue.ListProducts) -> Select[Any]:
    statement = select(Product).where(*between(Product.created, params.created))
    for column in ("active", "shippable", "url"):
        value = getattr(params, column)
        if value is not None:
            statement = statement.where(getattr(Product, column) == value)
    if params.type == "good":
        statement = statement.where(false())
    return statement.where(Product.id.in_(params.ids)) if params.ids else statement


def _prices(params: catalogue.ListPrices) -> Select[Any]:
    statement = select(Price).where(*between(Price.created, params.created))
    for column in ("active", "currency"):
        value = getattr(params, column)
        if value is not None:
            statement = statement.where(getattr(Price, column) == value)
    if params.product is not None:
        statement = statement.where(Price.product_id == params.product)
    if params.lookup_keys:
        statement = statement.where(Price.lookup_key.in_(params.lookup_keys))
    if params.type is not None:
        recurring = Price.interval.is_not(None)
        statement = statement.where(recurring if params.type == "recurring" else ~recurring)
    return _by_interval(statement, params.recurring) if params.recurring else statement


def _by_interval(statement: Select[Any], recurring: catalogue.RecurringFilter) -> Select[Any]:
    if recurring.interval is not None:
        statement = statement.where(Price.interval == recurring.interval)
    if recurring.usage_type == "metered":
        statement = statement.where(false())
    return statement.where(Price.interval.is_not(None))


def _tax_rates(params: catalogue.ListTaxRates) -> Select[Any]:
    statement = select(TaxRate).where(*between(TaxRate.created, params.created))
    for column in ("active", "inclusive"):
        value = getattr(params, column)
        if value is not None:
            statement = statement.where(getattr(TaxRate, column) == value)
    return statement
