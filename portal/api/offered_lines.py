"""The call for what a checkout session or a payment link sells."""

from typing import Any

from flask import Blueprint
from sqlalchemy.orm import Session

from portal.api import endpoint
from portal.api.endpoint import AnswerType
from portal.api.lines import page_of_previewed_lines
from portal.api.resource import Resource
from portal.objects.checkout import render_lines
from portal.objects.kinds import context_of
from portal.web.services import services
from portal.wire.commands import ListCommand


def add_call(blueprint: Blueprint, resource: Resource) -> None:
    """GET of the line items below an object of the resource."""

    def list_lines(db: Session, sent: ListCommand, id: str) -> dict[str, Any]:
        row = resource.find_row(db, id)
        lines = render_lines(row, context_of(db, services().links))
        return page_of_previewed_lines(db, "item", lines, sent, f"/v1{resource.path}/{id}/line_items")

    endpoint.add(
        blueprint, "GET", f"{resource.path}/<id>/line_items", ListCommand, list_lines, AnswerType("item", "list")
    )
