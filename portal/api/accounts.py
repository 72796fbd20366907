"""The merchant's own account: as `/v1/account` and by its id."""

from __future__ import annotations

from typing import Any

from flask import Blueprint
from sqlalchemy.orm import Session

from portal.api import endpoint
from portal.api.endpoint import Answers
from portal.billing.accounts import accounts
from portal.db import scope_of
from portal.errors import ResourceMissing
from portal.models import Account
from portal.objects import expanded
from portal.objects.accounts import account as shown
from portal.web import services
from portal.wire.commands import Expanding


def register(blueprint: Blueprint) -> None:
    """Add the calls of this noun."""
    endpoint.add(blueprint, "GET", "/account", Expanding, _retrieve, Answers("account"))
    endpoint.add(blueprint, "POST", "/account", accounts.UpdateAccount, _update, Answers("account"))
    endpoint.add(blueprint, "GET", "/accounts/<id>", Expanding, _retrieve, Answers("account"))
    endpoint.add(blueprint, "POST", "/accounts/<id>", accounts.UpdateAccount, _update, Answers("account"))


def _retrieve(db: Session, params: Expanding, id: str | None = None) -> dict[str, Any]:
    return _shown(db, accounts.of(db, _own(db, id)), params)


def _update(db: Session, params: accounts.UpdateAccount, id: str | None = None) -> dict[str, Any]:
    return _shown(db, accounts.update(db, accounts.of(db, _own(db, id)), params), params)


def _shown(db: Session, account: Account, params: Expanding) -> dict[str, Any]:
    return expanded(db, shown(account, accounts.default_tax_ids(db, account)), params.expand, services().links)


def _own(db: Session, id: str | None) -> str:
    own = scope_of(db).account_id
    if id not in {None, own}:
        raise ResourceMissing("account", str(id))
    return own
