"""Calls for a merchant's own document templates; the operator adds them with `portal templates add`."""

from typing import Any

from flask import Blueprint
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from portal.api import endpoint
from portal.api.resource import Resource, render_answer
from portal.billing.accounts import rendering_templates
from portal.models import RenderingTemplate
from portal.wire.commands import ExpandableCommand


def register(blueprint: Blueprint) -> None:
    """Add the calls of this noun."""
    resource = Resource(blueprint, "invoice_rendering_template", "invoice_rendering_templates")

    def retrieve_template(db: Session, params: rendering_templates.RetrieveTemplate, id: str) -> dict[str, Any]:
        shown = render_answer(db, resource.type, resource.find_row(db, id), params)
        if params.version is None:
            return shown
        return {**shown, "version": rendering_templates.find_version(db, id, params.version).version}

    command = rendering_templates.RetrieveTemplate
    endpoint.add(blueprint, "GET", f"{resource.path}/<id>", command, retrieve_template, resource.answers)
    resource.change(ExpandableCommand, rendering_templates.archive, "archive")
    resource.change(ExpandableCommand, rendering_templates.unarchive, "unarchive")
    resource.list(rendering_templates.ListTemplates, _select_templates)


def _select_templates(params: rendering_templates.ListTemplates) -> Select[Any]:
    statement = select(RenderingTemplate)
    return statement if params.status is None else statement.where(RenderingTemplate.status == params.status)
