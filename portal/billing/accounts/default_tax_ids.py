"""The account's tax ids that its documents show by default."""

from sqlalchemy.orm import Session

from portal.billing.accounts.accounts import find_account
from portal.db import rows_by_id, scope_of
from portal.errors import ResourceMissing
from portal.models import Account, TaxId
from portal.wire.hashes import merge_hashes


def list_default(db: Session, account: Account) -> list[str]:
    """The ids of the account's default tax ids for its documents, in this mode."""
    stored = _stored_tax_ids(account)
    own = rows_by_id(db, TaxId, stored)
    return [id for id in stored if id in own]


def forget_tax_id(db: Session, id: str) -> None:
    """Remove a deleted tax id from the account's default tax ids."""
    account = find_account(db, scope_of(db).account_id)
    if id in _stored_tax_ids(account):
        _store_tax_ids(account, [each for each in _stored_tax_ids(account) if each != id])


def choose_tax_ids(db: Session, account: Account, chosen: list[str]) -> None:
    """Tax ids chosen in the other mode stay, as both modes share the account."""
    stored = _stored_tax_ids(account)
    known = rows_by_id(db, TaxId, [*chosen, *stored])
    for index, id in enumerate(chosen):
        if id not in known or known[id].customer_id is not None:
            raise ResourceMissing("tax ID", id, param=f"settings[invoices][default_account_tax_ids][{index}]")
    _store_tax_ids(account, [*chosen, *(id for id in stored if id not in known)])


def _stored_tax_ids(account: Account) -> list[str]:
    stored: list[str] = account.settings.get("invoices", {}).get("default_account_tax_ids", [])
    return stored


def _store_tax_ids(account: Account, ids: list[str]) -> None:
    account.settings = merge_hashes(account.settings, {"invoices": {"default_account_tax_ids": ids}})
