"""Calls for products, prices and tax rates."""

from typing import Any

from flask import Blueprint
from sqlalchemy import Select, false, select

from portal.api.resource import Resource
from portal.billing.catalogue import prices, products, tax_rates
from portal.models import Price, Product, TaxRate
from portal.wire.page import equal_conditions, range_conditions


def register(blueprint: Blueprint) -> None:
    """Add the calls of these nouns."""
    product = Resource(blueprint, "product", "products")
    product.create(products.CreateProduct, products.create_product)
    product.retrieve()
    product.change(products.UpdateProduct, products.update_product)
    product.delete(products.delete_product)
    product.list(products.ListProducts, _select_products)

    price = Resource(blueprint, "price", "prices")
    price.create(prices.CreatePrice, prices.create_price)
    price.retrieve()
    price.change(prices.UpdatePrice, prices.update_price)
    price.list(prices.ListPrices, _select_prices)

    tax_rate = Resource(blueprint, "tax_rate", "tax_rates")
    tax_rate.create(tax_rates.CreateTaxRate, tax_rates.create_tax_rate)
    tax_rate.retrieve()
    tax_rate.change(tax_rates.UpdateTaxRate, tax_rates.update_tax_rate)
    tax_rate.list(tax_rates.ListTaxRates, _select_tax_rates)


def _select_products(params: products.ListProducts) -> Select[Any]:
    statement = select(Product).where(*range_conditions(Product.created, params.created))
    for column in ("active", "shippable", "url"):
        value = getattr(params, column)
        if value is not None:
            statement = statement.where(getattr(Product, column) == value)
    if params.type == "good":
        statement = statement.where(false())
    return statement.where(Product.id.in_(params.ids)) if params.ids else statement


def _select_prices(params: prices.ListPrices) -> Select[Any]:
    statement = select(Price).where(*range_conditions(Price.created, params.created))
    for column in ("active", "currency"):
        value = getattr(params, column)
        if value is not None:
            statement = statement.where(getattr(Price, column) == value)
    statement = statement.where(*equal_conditions(params, product=Price.product_id))
    if params.lookup_keys:
        statement = statement.where(Price.lookup_key.in_(params.lookup_keys))
    if params.type is not None:
        recurring = Price.interval.is_not(None)
        statement = statement.where(recurring if params.type == "recurring" else ~recurring)
    return _filter_by_interval(statement, params.recurring) if params.recurring else statement


def _filter_by_interval(statement: Select[Any], recurring: prices.RecurringFilter) -> Select[Any]:
    if recurring.interval is not None:
        statement = statement.where(Price.interval == recurring.interval)
    if recurring.usage_type == "metered":
        statement = statement.where(false())
    return statement.where(Price.interval.is_not(None))


def _select_tax_rates(params: tax_rates.ListTaxRates) -> Select[Any]:
    statement = select(TaxRate).where(*range_conditions(TaxRate.created, params.created))
    for column in ("active", "inclusive"):
        value = getattr(params, column)
        if value is not None:
            statement = statement.where(getattr(TaxRate, column) == value)
    return statement
