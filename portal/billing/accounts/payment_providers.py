"""Which payment provider charges for an account."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from portal.billing.accounts import accounts
from portal.billing.configurations import payment_method_configurations
from portal.db import scope_of
from portal.errors import InvalidRequest
from portal.providers.interface import Provider
from portal.providers.registry import PROVIDERS, collects_by, provider_of


def find_provider(db: Session) -> Provider | None:
    """The provider of this account and mode; None without one."""
    scope = scope_of(db)
    return provider_of(accounts.find_account(db, scope.account_id).settings, livemode=scope.livemode)


def list_method_types(db: Session, features: Mapping[str, Any] | None = None) -> tuple[str, ...]:
    """The types of payment methods that this account and mode can collect by, and these features offer."""
    scope = scope_of(db)
    types = collects_by(accounts.find_account(db, scope.account_id).settings, livemode=scope.livemode)
    return types if features is None else payment_method_configurations.restrict(db, types, features)


def refuse_unreal(db: Session, name: str | None) -> None:
    """Raises `InvalidRequest` where live mode switches on a provider that moves no real money."""
    if name is not None and scope_of(db).livemode and not PROVIDERS[name].abilities.livemode:
        raise InvalidRequest(
            f"The provider '{name}' moves no real money: it can't be switched on with a live key.",
            param="settings[payments][provider]",
        )
