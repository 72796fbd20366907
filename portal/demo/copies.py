"""Copies what an account is, without its customers, into a database of its own, where it reaches nobody."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, make_transient

from portal.db import Database, Scope
from portal.models import (
    Account,
    Configuration,
    Coupon,
    File,
    FileContent,
    Price,
    Product,
    PromotionCode,
    RenderingTemplate,
    RenderingTemplateVersion,
    ShippingRate,
    TaxId,
    TaxRate,
    Tenant,
)
from portal.models.base import Base

#: What belongs to the account and not to one of its customers, in the order in which it can be stored.
_COPIED = (
    Product,
    Price,
    TaxRate,
    ShippingRate,
    Coupon,
    PromotionCode,
    File,
    FileContent,
    RenderingTemplate,
    RenderingTemplateVersion,
    Configuration,
    TaxId,
)


def copy_account(source: Database, scope: Scope, target: Database) -> Scope:
    """Copy the account and what it has in the mode of `scope` into the empty `target`; returns its test mode there."""
    with source.reading(scope) as db:
        account = db.get_one(Account, scope.account_id)
        copied = [_read_rows(db, model) for model in _COPIED]
    account.settings = _harmless(account.settings)
    own = Scope(scope.tenant_id, scope.account_id, livemode=False)
    with target.writing() as db:
        _add_copies(db, [account])
        modes = ((own.tenant_id, False), (own.tenant_id + 1, True))
        db.add_all(Tenant(id=id, account_id=own.account_id, livemode=livemode) for id, livemode in modes)
    with target.writing(own) as db:
        for rows in copied:
            _add_copies(db, rows)
    return own


def _read_rows(db: Session, model: Any) -> Sequence[Base]:
    # those of customers stay where they are
    own = select(model).where(model.customer_id.is_(None)) if hasattr(model, "customer_id") else select(model)
    return db.scalars(own).all()


def _add_copies(db: Session, rows: Sequence[Base]) -> None:
    for row in rows:
        make_transient(row)
    db.add_all(rows)
    db.flush()


def _harmless(settings: dict[str, Any]) -> dict[str, Any]:
    """Without what reaches others: payments are the sandbox's, bills are made here, and no mail goes out by itself."""
    left = {name: value for name, value in settings.items() if name not in {"billing", "emails"}}
    return {**left, "payments": {**settings.get("payments", {}), "provider": "sandbox"}}
