"""At which host name a request has come: the portal's own, or one of a merchant, where only that one's pages are."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from flask import Flask, Response, abort, current_app, g, has_request_context, request
from sqlalchemy import bindparam, func, select

from portal.assembly import Services
from portal.db import Scope
from portal.errors import InvalidRequest, PortalError
from portal.hot_reads import HotStatement
from portal.models import Host, Tenant
from portal.rules.hosts import AllowedHosts
from portal.web.policies import POLICIES, declare_policy
from portal.web.services import services


class NotHere(PortalError):
    """A page of another merchant than the one whose host name was asked for it."""

    status = 404


@dataclass(frozen=True)
class HostOwner:
    """Whose a host name is: the account, and its two modes."""

    account_id: str
    tenant_ids: tuple[int, int]


_NOBODY, _NOT_LOOKED = HostOwner("", (0, 0)), HostOwner("?", (0, 0))


def init_app(app: Flask, parts: Services) -> None:
    """Keep the requests at a merchant's host to the pages of that merchant."""
    app.extensions["hosts"] = AllowedHosts.of(parts.settings.base_url, ())
    parts.database.guard = refuse_elsewhere
    app.before_request(_refuse_other_than_pages)
    app.add_url_rule("/hosts/known", "known_host", _answer_known)
    declare_policy("known_host", "public")


def base_url() -> str:
    """The scheme and host of this request, for addresses at which others lead the same browser back."""
    return services().links.at(_name_of_request() if owner() else None).base_url


def owner() -> HostOwner | None:
    """Whose host this request came to: None at the portal's own."""
    found: HostOwner | None = g.get("host_owner", _NOT_LOOKED)
    if found is _NOT_LOOKED:
        name = _name_of_request()
        found = g.host_owner = None if name in _own_names() else _read_owner(name) or _NOBODY
    return found


def refuse_elsewhere(scope: Scope) -> None:
    """Raises `NotHere` where this request came to the host of another merchant than the scope's."""
    if has_request_context():
        refuse_account(scope.account_id)


def refuse_account(account_id: str) -> None:
    """Raises `NotHere` where this request came to the host of another account."""
    if (here := owner()) and here.account_id != account_id:
        raise NotHere("This host has no such page.")


def refuse_tenant(tenant_id: int) -> None:
    """Raises `NotHere` where this request came to the host of another account than this mode's."""
    if (here := owner()) and tenant_id not in here.tenant_ids:
        raise NotHere("This host has no such page.")


def _refuse_other_than_pages() -> None:
    here = owner()
    if here is None or request.endpoint == _ASKED_BY_PROXIES:
        return
    if here is _NOBODY:
        raise InvalidRequest("This portal does not answer at this host.")
    # the API, its reference and the operator's pages are at the portal's own address
    if not _is_of_pages(request.endpoint or ""):
        abort(404)


def _is_of_pages(endpoint: str) -> bool:
    policy = POLICIES.get(endpoint)
    return policy is not None and (policy.who in {"link", "visit"} or endpoint.partition(".")[0] in _BESIDE_PAGES)


def _answer_known() -> Response:
    """Whether pages are at the name `domain`: asked by a proxy before it gets a certificate for it, at any address."""
    name = request.args.get("domain", "").lower()
    known = name in _own_names() or _read_owner(name) is not None
    return Response("known\n" if known else "unknown\n", 200 if known else 404, mimetype="text/plain")


def _name_of_request() -> str:
    host: str = request.host
    return (urlsplit(f"//{host}").hostname or "") if host.startswith("[") else host.partition(":")[0].lower()


def _own_names() -> frozenset[str]:
    names: frozenset[str] = current_app.extensions["hosts"].own
    return names


def _read_owner(name: str) -> HostOwner | None:
    # nothing is called so, and PostgreSQL could not even look for some of the characters
    row = services().database.hot.first(_OWNER, {"name": name}) if name.isprintable() else None
    return HostOwner(row.account_id, (row.test, row.live)) if row else None


#: What belongs to pages and is public, by the first part of its endpoint.
_BESIDE_PAGES = frozenset({"brand", "csp_report", "embedding", "static", "stylesheet", "well_known"})
_ASKED_BY_PROXIES = "known_host"
_OWNER = HotStatement(
    select(Host.account_id, func.min(Tenant.id).label("test"), func.max(Tenant.id).label("live"))
    .join(Tenant, Tenant.account_id == Host.account_id)
    .where(Host.name == bindparam("name"))
    .group_by(Host.account_id)
)
