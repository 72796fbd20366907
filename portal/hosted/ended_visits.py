"""Whose visit it was that can't go on, for the pages that say so."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Flask, request
from sqlalchemy import bindparam, or_, select

from portal.billing.customer_portal.session_secrets import hash_secret
from portal.hosted import frames
from portal.hosted.frames import Frame
from portal.hosted.visit_cookies import cookie_secret
from portal.hosted.visits import find_embed
from portal.models import Account, Configuration, PortalSession, Tenant
from portal.web import hosts
from portal.web.services import read_connection


def init_app(app: Flask) -> None:
    """Give templates `frame_of_ended_visit`."""
    app.jinja_env.globals["frame_of_ended_visit"] = frame_of_ended_visit


@dataclass(frozen=True)
class EndedVisit:
    """A visit that can't go on: found by its link or by its id, and whether the link was ever opened."""

    frame: Frame
    by_link: bool
    opened: bool


def frame_of_ended_visit() -> Frame:
    """The frame for a link or visit that has ended: its merchant's, and neutral where there was none."""
    ended = find_ended_visit()
    return ended.frame if ended else Frame()


def find_ended_visit() -> EndedVisit | None:
    """The visit of this request's path.

    Whoever knows its id alone sees the merchant's brand. The way back is the visit's own where the browser can prove
    that it had the visit, else the one that the merchant has set for everybody, or the merchant's site.
    """
    parts = request.path.split("/")
    if len(parts) < 4 or parts[1] != "p" or parts[2] == "login":
        return None
    by_link = parts[2] == "session"
    secret = parts[3] if by_link else cookie_secret(parts[2], request)
    values = {"hash": hash_secret(secret) if secret else "", "id": "" if by_link else parts[2]}
    row = read_connection().execute(_MERCHANT_BY_SECRET, values).first()
    if row is None:
        return None
    hosts.refuse_account(row.account_id)
    profile, brand = row.business_profile, frames.brand_path(row.account_id, row.revision)
    is_own = values["hash"] in {row.link_hash, row.secret_hash}
    frame = Frame(
        merchant=profile.get("name") or "",
        brand=brand,
        return_url=(row.return_url if is_own else None) or row.default_return_url or profile.get("url"),
        livemode=row.livemode,
        **frames.embedded_look(find_embed(row.embed, row.embedding)),
        **frames.brand_look(row.settings.get("branding", {}), brand),
    )
    return EndedVisit(frame, by_link, row.opened_at is not None)


_SESSIONS = PortalSession.__table__
#: A session and its merchant by the secret of its link or cookie, or by its id, whether or not it has ended.
_MERCHANT_BY_SECRET = (
    select(
        _SESSIONS.c.return_url,
        _SESSIONS.c.link_hash,
        _SESSIONS.c.secret_hash,
        _SESSIONS.c.opened_at,
        Configuration.default_return_url,
        Configuration.embedding,
        _SESSIONS.c.embed,
        Tenant.livemode,
        Account.id.label("account_id"),
        Account.revision,
        Account.business_profile,
        Account.settings,
    )
    .select_from(_SESSIONS)
    .join(Tenant, Tenant.id == _SESSIONS.c.tenant_id)
    .join(Account, Account.id == Tenant.account_id)
    .join(
        Configuration,
        (Configuration.tenant_id == _SESSIONS.c.tenant_id) & (Configuration.id == _SESSIONS.c.configuration_id),
    )
    .where(
        or_(
            _SESSIONS.c.link_hash == bindparam("hash"),
            _SESSIONS.c.secret_hash == bindparam("hash"),
            _SESSIONS.c.id == bindparam("id"),
        )
    )
    .execution_options(every_tenant=True)
)
