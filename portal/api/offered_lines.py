"""The call for what a checkout session or a payment link sells."""

from typing import Any

from flask import Blueprint
from sqlalchemy.orm import Session

from portal.api import endpoint
from portal.api.endpoint import AnswerType
from portal.api.lines import page_of_previewed_lines
from portal.api.resource import Resource
from portal.db import scope_of
from portal.objects.checkout import render_lines
from portal.web.services import services
from portal.wire.commands import ListCommand
from portal.wire.shape import Context


def add_call(blueprint: Blueprint, resource: Resource) -> None:
    """GET of the line items below an object of the resource."""

    def list_lines(db: Session, sent: ListCommand, id: str) -> dict[str, Any]:
        row = resource.find_row(db, id)
        lines = render_lines(row, Context(scope_of(db).livemode, services().links))
        return page_of_previewed_lines(db, "item", lines, sent, f"/v1{resource.path}/{id}/line_items")

    endpoint.add(
        blueprint, "GET", f"{resource.path}/<id>/line_items", ListCommand, list_lines, AnswerType("item", "list")
    )
