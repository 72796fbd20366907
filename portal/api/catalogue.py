"""Products, prices and tax rates."""

from __future__ import annotations

from typing import Any

from flask import Blueprint
from sqlalchemy import Select, select

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
    if params.active is not None:
        statement = statement.where(Product.active == params.active)
    if params.ids:
        statement = statement.where(Product.id.in_(params.ids))
    return statement.where(Product.url == params.url) if params.url is not None else statement


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
    return statement


def _tax_rates(params: catalogue.ListTaxRates) -> Select[Any]:
    statement = select(TaxRate).where(*between(TaxRate.created, params.created))
    for column in ("active", "inclusive"):
        value = getattr(params, column)
        if value is not None:
            statement = statement.where(getattr(TaxRate, column) == value)
    return statement
