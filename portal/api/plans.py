"""Calls for plans: recurring prices in the form of the older wire."""

from typing import Any

from flask import Blueprint
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from portal import clock
from portal.api import endpoint
from portal.api.endpoint import AnswerType
from portal.api.resource import expand_as_asked, find_page, render_objects
from portal.billing.catalogue import plans
from portal.db import scope_of
from portal.models import Price
from portal.objects import deleted_stub
from portal.objects.catalogue import render_plan
from portal.wire.commands import ExpandableCommand
from portal.wire.page import equal_conditions, range_conditions

PLAN = AnswerType("plan")


def register(blueprint: Blueprint) -> None:
    """Add the calls of this noun."""
    endpoint.add(blueprint, "POST", "/plans", plans.CreatePlan, _create_plan, PLAN)
    endpoint.add(blueprint, "GET", "/plans/<id>", ExpandableCommand, _retrieve_plan, PLAN)
    endpoint.add(blueprint, "POST", "/plans/<id>", plans.UpdatePlan, _update_plan, PLAN)
    endpoint.add(blueprint, "DELETE", "/plans/<id>", ExpandableCommand, _delete_plan, AnswerType("plan", "deleted"))
    endpoint.add(blueprint, "GET", "/plans", plans.ListPlans, _list_plans, AnswerType("plan", "list"))


def _create_plan(db: Session, params: plans.CreatePlan) -> dict[str, Any]:
    price = plans.create_plan(db, params, now=clock.now())
    db.flush()
    return _render_plan(db, price, params)


def _retrieve_plan(db: Session, params: ExpandableCommand, id: str) -> dict[str, Any]:
    return _render_plan(db, plans.find_plan(db, id), params)


def _update_plan(db: Session, params: plans.UpdatePlan, id: str) -> dict[str, Any]:
    return _render_plan(db, plans.update_plan(db, plans.find_plan(db, id), params, now=clock.now()), params)


def _delete_plan(db: Session, params: ExpandableCommand, id: str) -> dict[str, Any]:
    plans.delete_plan(db, plans.find_plan(db, id), now=clock.now())
    return deleted_stub("plan", id)


def _list_plans(db: Session, params: plans.ListPlans) -> dict[str, Any]:
    rows, has_more = find_page(db, "price", _select_plans(params), params)
    data = [render_plan(row, scope_of(db).livemode) or {} for row in rows]
    return render_objects(db, data, params, "/v1/plans", has_more=has_more)


def _render_plan(db: Session, price: Price, params: ExpandableCommand) -> dict[str, Any]:
    return expand_as_asked(db, render_plan(price, scope_of(db).livemode) or {}, params)


def _select_plans(params: plans.ListPlans) -> Select[Any]:
    statement = select(Price).where(Price.interval.is_not(None), *range_conditions(Price.created, params.created))
    return statement.where(*equal_conditions(params, active=Price.active, product=Price.product_id))
