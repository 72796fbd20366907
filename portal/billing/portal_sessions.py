"""Portal sessions: made by the merchant, exchanged once by the customer's browser, ended by either.

An unused link lives 5 minutes. An opened session ends after the configuration's `session_limits`:
30 minutes without activity and 4 hours in any case, unless set lower or a little higher.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from typing import Annotated, Literal, cast
from urllib.parse import urlsplit

from sqlalchemy import Table, delete, or_, select, update
from sqlalchemy.orm import Session

from portal import clock, ids
from portal.db import Scope, find, scope_of
from portal.errors import InvalidRequest, ResourceMissing
from portal.i18n import WIRE_LOCALES
from portal.models import Configuration, Customer, PortalSession, Subscription
from portal.wire.params import Command, Expanding, Id, Listing, text
from portal.wire.urls import WebUrl, is_local

LINK_LIVES = 5 * clock.MINUTE
#: How stale `last_seen_at` may be.
SEEN_NOTED_EVERY = clock.MINUTE
KEPT_FOR = 90 * clock.DAY

SECRET_PREFIX = "pls_"

_T = cast(Table, PortalSession.__table__)
_FLOWS_TO_COME = {"payment_method_update", "subscription_update", "subscription_update_confirm"}


class HostedConfirmation(Command):
    custom_message: Annotated[str, text(500)] | None = None


class Redirect(Command):
    return_url: WebUrl


class AfterCompletion(Command):
    type: Literal["hosted_confirmation", "portal_homepage", "redirect"]
    hosted_confirmation: HostedConfirmation | None = None
    redirect: Redirect | None = None


class CouponOffer(Command):
    coupon: Id


class Retention(Command):
    type: Literal["coupon_offer"]
    coupon_offer: CouponOffer


class CancelFlow(Command):
    subscription: Id
    retention: Retention | None = None


class FlowData(Command):
    type: Literal[
        "customer_update",
        "payment_method_update",
        "subscription_cancel",
        "subscription_update",
        "subscription_update_confirm",
    ]
    after_completion: AfterCompletion | None = None
    subscription_cancel: CancelFlow | None = None
    subscription_update: CancelFlow | None = None
    subscription_update_confirm: dict[str, object] | None = None


class CreateSession(Expanding):
    customer: Id
    configuration: Id | None = None
    return_url: WebUrl | None = None
    locale: Annotated[str, text(10)] | None = None
    on_behalf_of: Id | None = None
    flow_data: FlowData | None = None


class ListSessions(Listing):
    customer: Id | None = None


class ExpireSession(Expanding):
    pass


@dataclass(frozen=True)
class NewSession:
    """A session and the secret of its link, which is not kept."""

    session: PortalSession
    link_secret: str


@dataclass(frozen=True)
class Exchanged:
    """A session just opened, and the secret for the browser's cookie, which is not kept."""

    session_id: str
    cookie_secret: str


def digest(secret: str) -> str:
    """What is stored of a link or cookie secret."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def create(db: Session, command: CreateSession, *, now: int) -> NewSession:
    """A session with a link. Raises `ResourceMissing` or `InvalidRequest` for what it can't be made with."""
    customer = find(db, Customer, command.customer, noun="customer", param="customer")
    if customer.deleted_at:
        raise ResourceMissing("customer", command.customer, param="customer")
    configuration = _configuration(db, command.configuration)
    _refuse_wrong_locale(command.locale)
    _refuse_plain_http(scope_of(db), command.return_url, "return_url")
    secret = SECRET_PREFIX + secrets.token_urlsafe(32)
    session = PortalSession(
        id=ids.new("billing_portal.session"),
        created=now,
        customer_id=customer.id,
        configuration_id=configuration.id,
        return_url=command.return_url or configuration.default_return_url,
        locale=command.locale,
        on_behalf_of=command.on_behalf_of,
        flow=_flow(db, command.flow_data, customer, configuration),
        link_hash=digest(secret),
        link_expires_at=now + LINK_LIVES,
        expires_at=now + LINK_LIVES + configuration.session_limits["absolute"],
        data={},
    )
    db.add(session)
    return NewSession(session, secret)


def exchange(db: Session, link_secret: str, *, now: int) -> Exchanged | None:
    """Open the session of an unused link, once; None when it is unknown, used, expired or ended.

    One conditional update decides, so of any number of parallel visits exactly one wins.
    """
    secret = secrets.token_urlsafe(32)
    opened = db.execute(
        update(_T)
        .where(
            _T.c.link_hash == digest(link_secret),
            _T.c.secret_hash.is_(None),
            _T.c.link_expires_at > now,
            _T.c.ended_at.is_(None),
        )
        .values(
            secret_hash=digest(secret),
            opened_at=now,
            last_seen_at=now,
            expires_at=now + _T.c.expires_at - _T.c.link_expires_at,
        )
        .returning(_T.c.id)
    ).first()
    return Exchanged(opened.id, secret) if opened else None


def of(db: Session, id: str) -> PortalSession:
    """The session of this id. Raises `ResourceMissing`."""
    return find(db, PortalSession, id, noun="portal session")


def opened_by(db: Session, link_secret: str) -> str | None:
    """The id of the session that a used link has opened."""
    opened = select(_T.c.id).where(_T.c.link_hash == digest(link_secret), _T.c.secret_hash.is_not(None))
    return db.execute(opened).scalar()


def expire(db: Session, session: PortalSession, command: Command, *, now: int) -> PortalSession:
    """End a session at once; one that has ended stays as it is."""
    if session.ended_at is None:
        session.ended_at = now
    return session


def end_others(db: Session, customer_id: str, kept_id: str | None, *, now: int) -> None:
    """End every session of a customer but one, as after a confirmed change of the email address."""
    statement = update(PortalSession).where(PortalSession.customer_id == customer_id, PortalSession.ended_at.is_(None))
    if kept_id is not None:
        statement = statement.where(PortalSession.id != kept_id)
    db.execute(statement.values(ended_at=now))


def touch(db: Session, session_id: str, *, now: int) -> None:
    """Note activity; a session that has ended meanwhile is not revived."""
    db.execute(
        update(PortalSession)
        .where(PortalSession.id == session_id, PortalSession.ended_at.is_(None))
        .values(last_seen_at=now)
    )


def keep_data(db: Session, session_id: str, data: dict[str, object]) -> None:
    """Store what the pages remember between two requests; not for a session that has ended."""
    db.execute(
        update(PortalSession).where(PortalSession.id == session_id, PortalSession.ended_at.is_(None)).values(data=data)
    )


def prune(db: Session, *, now: int) -> int:
    """Forget sessions that ended long ago; answers how many."""
    old = now - KEPT_FOR
    statement = delete(_T).where(or_(_T.c.ended_at < old, _T.c.expires_at < old))
    return db.execute(statement).rowcount  # type: ignore[attr-defined, no-any-return]


def _configuration(db: Session, id: str | None) -> Configuration:
    if id is None:
        return db.scalars(select(Configuration).where(Configuration.is_default)).one()
    configuration = find(db, Configuration, id, noun="configuration", param="configuration")
    if not configuration.active:
        raise InvalidRequest(f"The configuration '{id}' is inactive.", param="configuration")
    return configuration


def _refuse_wrong_locale(locale: str | None) -> None:
    if locale is not None and locale not in WIRE_LOCALES:
        raise InvalidRequest(f"Invalid locale: must be one of {', '.join(WIRE_LOCALES)}", param="locale")


def _refuse_plain_http(scope: Scope, url: str | None, param: str) -> None:
    if url and urlsplit(url).scheme == "http" and (scope.livemode or not is_local(url)):
        raise InvalidRequest(
            "Not a valid URL: use https (plain http only in test mode and to localhost).",
            param=param,
            code="url_invalid",
        )


def _flow(
    db: Session, flow: FlowData | None, customer: Customer, configuration: Configuration
) -> dict[str, object] | None:
    """The flow as the session object shows it, every branch present."""
    if flow is None:
        return None
    if flow.type in _FLOWS_TO_COME:
        raise InvalidRequest(
            f"The flow '{flow.type}' is not available yet; use customer_update or subscription_cancel.",
            param="flow_data[type]",
        )
    _refuse_other_branches(flow)
    cancel = None
    if flow.type == "subscription_cancel":
        cancel = _cancel_flow(db, flow, customer, configuration)
    elif not configuration.features["customer_update"]["enabled"]:
        raise _feature_off("customer_update")
    return {
        "type": flow.type,
        "after_completion": _after_completion(scope_of(db), flow.after_completion),
        "subscription_cancel": cancel,
        "subscription_update": None,
        "subscription_update_confirm": None,
    }


def _refuse_other_branches(flow: FlowData) -> None:
    for branch in ("subscription_cancel", "subscription_update", "subscription_update_confirm"):
        if getattr(flow, branch) is not None and branch != flow.type:
            raise InvalidRequest(f"{branch} does not go with the flow '{flow.type}'.", param=f"flow_data[{branch}]")


def _cancel_flow(db: Session, flow: FlowData, customer: Customer, configuration: Configuration) -> dict[str, object]:
    param = "flow_data[subscription_cancel][subscription]"
    if flow.subscription_cancel is None:
        raise InvalidRequest(f"Missing required param: {param}.", param=param, code="parameter_missing")
    if not configuration.features["subscription_cancel"]["enabled"]:
        raise _feature_off("subscription_cancel")
    if flow.subscription_cancel.retention:
        raise InvalidRequest(
            "Retention offers are not available yet.", param="flow_data[subscription_cancel][retention]"
        )
    id = flow.subscription_cancel.subscription
    subscription = find(db, Subscription, id, noun="subscription", param=param)
    if subscription.customer_id != customer.id:
        raise ResourceMissing("subscription", id, param=param)
    if subscription.ended_at is not None or subscription.cancel_at is not None:
        raise InvalidRequest(f"The subscription '{id}' is already canceled or set to be.", param=param)
    return {"retention": None, "subscription": id}


def _feature_off(feature: str) -> InvalidRequest:
    return InvalidRequest(
        f"This flow needs features[{feature}][enabled] in the portal configuration.", param="flow_data[type]"
    )


def _after_completion(scope: Scope, after: AfterCompletion | None) -> dict[str, object]:
    if after is None:
        return {"type": "portal_homepage", "hosted_confirmation": None, "redirect": None}
    if after.type == "redirect" and after.redirect is None:
        param = "flow_data[after_completion][redirect]"
        raise InvalidRequest(f"Missing required param: {param}.", param=param, code="parameter_missing")
    if after.redirect:
        _refuse_plain_http(scope, after.redirect.return_url, "flow_data[after_completion][redirect][return_url]")
    message = after.hosted_confirmation.custom_message if after.hosted_confirmation else None
    confirmation = {"custom_message": message} if after.type == "hosted_confirmation" else None
    redirect = {"return_url": after.redirect.return_url} if after.redirect and after.type == "redirect" else None
    return {"type": after.type, "hosted_confirmation": confirmation, "redirect": redirect}
