"""Calls for checkout sessions."""

from typing import Any

from flask import Blueprint
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from portal.api import endpoint, offered_lines
from portal.api.endpoint import AnswerType
from portal.api.resource import Resource, links_of, render_answer
from portal.billing.checkout import new_sessions, params, sessions
from portal.billing.customers import test_clocks
from portal.models import CheckoutSession
from portal.wire.page import equal_conditions, range_conditions


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
    offered_lines.add_call(blueprint, session)


def _create_session(db: Session, sent: params.CreateCheckoutSession) -> dict[str, Any]:
    new = new_sessions.create(db, sent, now=test_clocks.time_for_call(db))
    url = links_of(db).checkout(new.link_secret)
    return render_answer(db, "checkout.session", new.session, sent) | {"url": url}


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
