"""Accounts that only mirror records of another system, which bills."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.billing.accounts import accounts
from portal.db import scope_of
from portal.models import Account


def list_mirror_accounts(db: Session) -> list[str]:
    """The ids of accounts in mirror mode."""
    mode = Account.settings["billing"]["mode"].as_string()
    return list(db.scalars(select(Account.id).where(mode == "mirror").order_by(Account.id)))


def is_billed_here(db: Session) -> bool:
    """Whether this account is billed here, and does not only mirror records of another system."""
    stored = accounts.find_account(db, scope_of(db).account_id).settings.get("billing", {})
    return bool(stored.get("mode") != "mirror")
