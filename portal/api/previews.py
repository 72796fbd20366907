"""Previews of invoices, in the newer wire and in the older one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Blueprint
from sqlalchemy.orm import Session

from portal.api import endpoint
from portal.api.endpoint import Answers
from portal.billing.customers import test_clocks
from portal.billing.ledger import totals
from portal.billing.lifecycle.preview_shapes import line, shown, url
from portal.billing.previews import params as preview_params
from portal.billing.previews import previews
from portal.errors import PortalError, ResourceMissing
from portal.objects import expanded, render
from portal.web import services
from portal.wire.page import cursor
from portal.wire.shape import listing


def register(blueprint: Blueprint) -> None:
    """Add the calls of this noun."""
    invoice = Answers("invoice")
    endpoint.add(
        blueprint, "POST", "/invoices/create_preview", preview_params.CreatePreview, _create, invoice, tries=True
    )
    endpoint.add(blueprint, "GET", "/invoices/upcoming", preview_params.Upcoming, _upcoming, invoice, tries=True)
    lines = Answers("line_item", "list")
    endpoint.add(blueprint, "GET", "/invoices/upcoming/lines", preview_params.UpcomingLines, _lines, lines, tries=True)


def _create(db: Session, params: preview_params.CreatePreview) -> dict[str, Any]:
    preview = previews.upcoming(db, params, now=test_clocks.present(db, None, params))
    return shown(db, preview, services().links, params.expand)


def _upcoming(db: Session, params: preview_params.Upcoming) -> dict[str, Any]:
    with _older_names():
        return _create(db, params.newer)


def _lines(db: Session, params: preview_params.UpcomingLines) -> dict[str, Any]:
    """A page in the order of the invoice, by ids that are the same at each call."""
    with _older_names():
        preview = previews.upcoming(db, params.newer, now=test_clocks.present(db, None, params))
    db.flush()
    links = services().links
    rows = totals.lines(db, preview.invoice.id)
    lines = [line(each, index, preview) for index, each in enumerate(render(db, "line_item", rows, links))]
    page, has_more = _page(lines, params)
    return expanded(db, listing(page, url(preview), has_more=has_more), params.expand, links)


@contextmanager
def _older_names() -> Iterator[None]:
    try:
        yield
    except PortalError as error:
        error.param = preview_params.older_name(error.param)
        raise


def _page(lines: list[dict[str, Any]], params: preview_params.UpcomingLines) -> tuple[list[dict[str, Any]], bool]:
    named = cursor(params)
    if named is None:
        return lines[: params.limit], len(lines) > params.limit
    param, id = named
    at = next((index for index, line in enumerate(lines) if line["id"] == id), None)
    if at is None:
        raise ResourceMissing("invoice line item", id, param=param)
    if param == "starting_after":
        rest = lines[at + 1 :]
        return rest[: params.limit], len(rest) > params.limit
    return lines[max(0, at - params.limit) : at], at > params.limit
