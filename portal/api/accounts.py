"""Calls for the merchant's own account: `/v1/account` and `/v1/accounts/<id>`."""

from typing import Any

from flask import Blueprint
from sqlalchemy.orm import Session

from portal.api import endpoint
from portal.api.endpoint import AnswerType
from portal.api.resource import expand_as_asked
from portal.billing.accounts import account_updates, accounts, default_tax_ids
from portal.billing.accounts.account_updates import UpdateAccount
from portal.db import scope_of
from portal.errors import ResourceMissing
from portal.models import Account
from portal.objects.accounts import render_account
from portal.wire.commands import ExpandableCommand


def register(blueprint: Blueprint) -> None:
    """Add the calls of this noun."""
    endpoint.add(blueprint, "GET", "/account", ExpandableCommand, _retrieve_account, AnswerType("account"))
    endpoint.add(blueprint, "POST", "/account", UpdateAccount, _update_account, AnswerType("account"))
    endpoint.add(blueprint, "GET", "/accounts/<id>", ExpandableCommand, _retrieve_account, AnswerType("account"))
    endpoint.add(blueprint, "POST", "/accounts/<id>", UpdateAccount, _update_account, AnswerType("account"))


def _retrieve_account(db: Session, params: ExpandableCommand, id: str | None = None) -> dict[str, Any]:
    return _render_account(db, accounts.find_account(db, _own_account_id(db, id)), params)


def _update_account(db: Session, params: UpdateAccount, id: str | None = None) -> dict[str, Any]:
    account = accounts.find_account(db, _own_account_id(db, id))
    return _render_account(db, account_updates.update_account(db, account, params), params)


def _render_account(db: Session, account: Account, params: ExpandableCommand) -> dict[str, Any]:
    return expand_as_asked(db, render_account(account, default_tax_ids.list_default(db, account)), params)


def _own_account_id(db: Session, id: str | None) -> str:
    """The id of the caller's account. Raises `ResourceMissing` for any other id."""
    own = scope_of(db).account_id
    if id not in {None, own}:
        raise ResourceMissing("account", str(id))
    return own
