"""Calls for checkout sessions and payment links."""

from typing import Any

from flask import Blueprint
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from portal.api import endpoint
from portal.api.endpoint import AnswerType
from portal.api.lines import page_of_previewed_lines
from portal.api.resource import Resource, render_answer
from portal.billing.checkout import links, new_sessions, params, sessions
from portal.billing.customers import test_clocks
from portal.db import scope_of
from portal.models import CheckoutSession, PaymentLink
from portal.objects.checkout import render_lines
from portal.web.services import services
from portal.wire.commands import ListCommand
from portal.wire.page import equal_conditions, range_conditions
from portal.wire.shape import Context


def register(blueprint: Blueprint) -> None:
    """Add the calls of these nouns."""
    session = Resource(blueprint, "checkout.session", "checkout/sessions")
    endpoint.add(
        blueprint, "POST", session.path, params.CreateCheckoutSession, _create_session, AnswerType("checkout.session")
    )
    session.retrieve()
    session.list(params.ListCheckoutSessions, _select_sessions)
    session.change(params.UpdateCheckoutSession, sessions.update)
    session.change(params.ExpireCheckoutSession, sessions.expire, "expire")
    link = Resource(blueprint, "payment_link", "payment_links")
    link.create(params.CreatePaymentLink, links.create)
    link.retrieve()
    link.list(params.ListPaymentLinks, _select_links)
    link.change(params.UpdatePaymentLink, links.update)
    for resource in (session, link):
        _add_lines(blueprint, resource)


def _create_session(db: Session, sent: params.CreateCheckoutSession) -> dict[str, Any]:
    new = new_sessions.create(db, sent, now=test_clocks.time_for_call(db))
    url = f"{services().settings.base_url}/checkout/{new.link_secret}"
    return render_answer(db, "checkout.session", new.session, sent) | {"url": url}


def _add_lines(blueprint: Blueprint, resource: Resource) -> None:
    def list_lines(db: Session, sent: ListCommand, id: str) -> dict[str, Any]:
        row = resource.find_row(db, id)
        lines = render_lines(row, Context(scope_of(db).livemode, services().links))
        return page_of_previewed_lines(db, "item", lines, sent, f"/v1{resource.path}/{id}/line_items")

    endpoint.add(
        blueprint, "GET", f"{resource.path}/<id>/line_items", ListCommand, list_lines, AnswerType("item", "list")
    )


def _select_sessions(sent: params.ListCheckoutSessions) -> Select[Any]:
    filters = equal_conditions(
        sent,
        customer=CheckoutSession.customer_id,
        payment_link=CheckoutSession.payment_link_id,
        status=CheckoutSession.status,
        subscription=CheckoutSession.subscription_id,
    )
    if sent.customer_details is not None:
        email = CheckoutSession.customer_details["email"].as_string()
        filters = [*filters, email == sent.customer_details.email]
    return select(CheckoutSession).where(*range_conditions(CheckoutSession.created, sent.created), *filters)


def _select_links(sent: params.ListPaymentLinks) -> Select[Any]:
    return select(PaymentLink).where(*equal_conditions(sent, active=PaymentLink.active))
