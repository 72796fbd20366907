"""Which payment provider charges for an account."""

from sqlalchemy.orm import Session

from portal.billing.accounts import accounts
from portal.db import scope_of
from portal.errors import InvalidRequest
from portal.providers.interface import Provider
from portal.providers.registry import PROVIDERS, collects_by, provider_of


def find_provider(db: Session) -> Provider | None:
    """The provider of this account and mode; None without one."""
    scope = scope_of(db)
    return provider_of(accounts.find_account(db, scope.account_id).settings, livemode=scope.livemode)


def list_method_types(db: Session) -> tuple[str, ...]:
    """The types of payment methods that this account and mode can collect by."""
    scope = scope_of(db)
    return collects_by(accounts.find_account(db, scope.account_id).settings, livemode=scope.livemode)


def refuse_unreal(db: Session, name: str | None) -> None:
    """Raises `InvalidRequest` where live mode switches on a provider that moves no real money."""
    if name is not None and scope_of(db).livemode and not PROVIDERS[name].abilities.livemode:
        raise InvalidRequest(
            f"The provider '{name}' moves no real money: it can't be switched on with a live key.",
            param="settings[payments][provider]",
        )
