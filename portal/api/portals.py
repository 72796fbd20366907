"""Calls for portal configurations and portal sessions."""

from typing import Any

from flask import Blueprint
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from portal import clock
from portal.api import endpoint
from portal.api.resource import Resource, render_answer
from portal.billing.configurations import configurations
from portal.billing.customer_portal import new_sessions, sessions
from portal.billing.customer_portal.params import CreateSession, ExpireSession, ListSessions
from portal.models import Configuration, PortalSession
from portal.web.services import services
from portal.wire.page import equal_conditions


def register(blueprint: Blueprint) -> None:
    """Add the calls of both nouns."""
    configuration = Resource(blueprint, "billing_portal.configuration", "billing_portal/configurations")
    configuration.create(configurations.CreateConfiguration, configurations.create)
    configuration.retrieve()
    configuration.change(configurations.UpdateConfiguration, configurations.update)
    configuration.list(configurations.ListConfigurations, _select_configurations)

    session = Resource(blueprint, "billing_portal.session", "billing_portal/sessions")
    endpoint.add(blueprint, "POST", session.path, CreateSession, _create_session, session.answers)
    session.retrieve()
    session.list(ListSessions, _select_sessions)
    session.change(ExpireSession, sessions.expire, "expire")


def _create_session(db: Session, params: CreateSession) -> dict[str, Any]:
    new = new_sessions.create(db, params, now=clock.now())
    url = services().links.at(new.host).session(new.link_secret)
    return render_answer(db, "billing_portal.session", new.session, params) | {"url": url}


def _select_configurations(params: configurations.ListConfigurations) -> Select[Any]:
    statement = select(Configuration)
    return statement.where(*equal_conditions(params, active=Configuration.active, is_default=Configuration.is_default))


def _select_sessions(params: ListSessions) -> Select[Any]:
    statement = select(PortalSession)
    return statement.where(*equal_conditions(params, customer=PortalSession.customer_id))
