"""Plans: recurring prices as the older wire shows them."""

from __future__ import annotations

from typing import Any

from flask import Blueprint
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from portal import clock
from portal.api import endpoint
from portal.api.endpoint import Answers
from portal.api.resource import position
from portal.billing.catalogue import plans
from portal.db import find, scope_of
from portal.errors import ResourceMissing
from portal.models import Price
from portal.objects import deleted, expanded, selected
from portal.objects.catalogue import plan
from portal.web import services
from portal.wire.commands import Expanding
from portal.wire.page import between, cut, equal_conditions, windowed
from portal.wire.shape import listing

PLAN = Answers("plan")


def register(blueprint: Blueprint) -> None:
    """Add the calls of this noun."""
    endpoint.add(blueprint, "POST", "/plans", plans.CreatePlan, _create, PLAN)
    endpoint.add(blueprint, "GET", "/plans/<id>", Expanding, _retrieve, PLAN)
    endpoint.add(blueprint, "POST", "/plans/<id>", plans.UpdatePlan, _update, PLAN)
    endpoint.add(blueprint, "DELETE", "/plans/<id>", Expanding, _delete, Answers("plan", "deleted"))
    endpoint.add(blueprint, "GET", "/plans", plans.ListPlans, _list, Answers("plan", "list"))


def _create(db: Session, params: plans.CreatePlan) -> dict[str, Any]:
    price = plans.create_plan(db, params, now=clock.now())
    db.flush()
    return _shown(db, price, params)


def _retrieve(db: Session, params: Expanding, id: str) -> dict[str, Any]:
    return _shown(db, _found(db, id), params)


def _update(db: Session, params: plans.UpdatePlan, id: str) -> dict[str, Any]:
    return _shown(db, plans.update_plan(db, _found(db, id), params, now=clock.now()), params)


def _delete(db: Session, params: Expanding, id: str) -> dict[str, Any]:
    plans.delete_plan(db, _found(db, id), now=clock.now())
    return deleted("plan", id)


def _list(db: Session, params: plans.ListPlans) -> dict[str, Any]:
    statement = windowed(_plans(params), Price, params, position(db, "price", params))
    rows, has_more = cut(selected(db, "price", statement), params)
    data = [plan(row, scope_of(db).livemode) for row in rows]
    return expanded(db, listing(data, "/v1/plans", has_more=has_more), params.expand, services().links)


def _found(db: Session, id: str) -> Price:
    price = find(db, Price, id, noun="plan")
    if price.interval is None:
        raise ResourceMissing("plan", id)
    return price


def _shown(db: Session, price: Price, params: Expanding) -> dict[str, Any]:
    return expanded(db, plan(price, scope_of(db).livemode) or {}, params.expand, services().links)


def _plans(params: plans.ListPlans) -> Select[Any]:
    statement = select(Price).where(Price.interval.is_not(None), *between(Price.created, params.created))
    return statement.where(*equal_conditions(params, active=Price.active, product=Price.product_id))
