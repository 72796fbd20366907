"""Merchant accounts, found by their id."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.errors import ResourceMissing
from portal.models import Account, Tenant


def find_tenant(db: Session, account_id: str, *, livemode: bool) -> Tenant:
    """One mode of an account. Raises `ResourceMissing`."""
    row = db.scalar(select(Tenant).where(Tenant.account_id == account_id, Tenant.livemode == livemode))
    if row is None:
        raise ResourceMissing("account", account_id)
    return row


def list_accounts(db: Session) -> list[Account]:
    """Every account, the oldest first."""
    return list(db.scalars(select(Account).order_by(Account.created, Account.id)))


def lock_account(db: Session, account_id: str) -> Account:
    """The account, which nobody else changes until this transaction ends. Raises `ResourceMissing`."""
    row = db.get(Account, account_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise ResourceMissing("account", account_id)
    return row


def find_account(db: Session, account_id: str) -> Account:
    """The account. Raises `ResourceMissing`."""
    row = db.get(Account, account_id)
    if row is None:
        raise ResourceMissing("account", account_id)
    db.info["account"] = row  # a session forgets what nobody holds, and would read it again for each setting
    return row
