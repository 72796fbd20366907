"""Calls for the features of a product: there are no entitlements here, and programs that look for them find none."""

from typing import Any

from flask import Blueprint
from sqlalchemy.orm import Session

from portal.api import endpoint
from portal.api.endpoint import AnswerType
from portal.api.resource import render_none
from portal.db import find_row
from portal.errors import ResourceMissing
from portal.models import Product
from portal.wire.commands import ExpandableCommand, ListCommand

FEATURE_TYPE = "product_feature"


def register(blueprint: Blueprint) -> None:
    """Add the calls of this noun."""
    path = "/products/<product>/features"
    endpoint.add(blueprint, "GET", path, ListCommand, _list_none, AnswerType(FEATURE_TYPE, "list"))
    endpoint.add(blueprint, "GET", f"{path}/<feature>", ExpandableCommand, _find_none, AnswerType(FEATURE_TYPE))


def _list_none(db: Session, params: ListCommand, product: str) -> dict[str, Any]:
    find_row(db, Product, product, noun="product")
    return render_none("product feature", params, f"/v1/products/{product}/features")


def _find_none(db: Session, params: ExpandableCommand, product: str, feature: str) -> dict[str, Any]:
    find_row(db, Product, product, noun="product")
    raise ResourceMissing("product feature", feature)
