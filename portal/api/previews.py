"""Calls that preview invoices: `create_preview`, and `upcoming` of the older wire."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Blueprint
from sqlalchemy.orm import Session

from portal.api import endpoint
from portal.api.endpoint import AnswerType
from portal.api.lines import page_of_previewed_lines
from portal.billing.customers import test_clocks
from portal.billing.lifecycle.preview_shapes import lines_url, render_lines, render_preview
from portal.billing.previews import params as preview_params
from portal.billing.previews import previews
from portal.errors import PortalError
from portal.web.services import services


def register(blueprint: Blueprint) -> None:
    """Add the calls of this noun."""
    invoice = AnswerType("invoice")
    endpoint.add(
        blueprint,
        "POST",
        "/invoices/create_preview",
        preview_params.CreatePreview,
        _create_preview,
        invoice,
        tries=True,
    )
    endpoint.add(
        blueprint,
        "GET",
        "/invoices/upcoming",
        preview_params.RetrieveUpcoming,
        _retrieve_upcoming_invoice,
        invoice,
        tries=True,
    )
    lines = AnswerType("line_item", "list")
    endpoint.add(
        blueprint,
        "GET",
        "/invoices/upcoming/lines",
        preview_params.ListUpcomingLines,
        _list_upcoming_lines,
        lines,
        tries=True,
    )


def _create_preview(db: Session, params: preview_params.CreatePreview) -> dict[str, Any]:
    preview = previews.upcoming_invoice(db, params, now=test_clocks.time_for_call(db, None, params))
    return render_preview(db, preview, services().links, params.expand)


def _retrieve_upcoming_invoice(db: Session, params: preview_params.RetrieveUpcoming) -> dict[str, Any]:
    with _older_parameter_names():
        return _create_preview(db, params.newer_form)


def _list_upcoming_lines(db: Session, params: preview_params.ListUpcomingLines) -> dict[str, Any]:
    """A page of the upcoming invoice's lines in their order."""
    with _older_parameter_names():
        preview = previews.upcoming_invoice(db, params.newer_form, now=test_clocks.time_for_call(db, None, params))
    lines = render_lines(db, preview, services().links)
    return page_of_previewed_lines(db, "line_item", lines, params, lines_url(preview))


@contextmanager
def _older_parameter_names() -> Iterator[None]:
    """Give errors the parameter name of the older call."""
    try:
        yield
    except PortalError as error:
        error.param = preview_params.older_param_name(error.param)
        raise
