"""The values that an invoice shows of others until its finalization freezes them: parties and customer balance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from portal.db import scope_of
from portal.hot_reads import HotStatement
from portal.models import Account, Customer, Subscription, TaxId
from portal.objects.kinds import group_by, plain_rows
from portal.session_reads import read_rows
from portal.wire.shape import Context, Row


@dataclass(frozen=True)
class DraftValues:
    """What a draft shows until finalization freezes it: its parties and the customer balance as they are now."""

    seller: Mapping[str, Any]
    buyer: Mapping[str, Any]
    balance: int


def preload_draft_values(db: Session, rows: Sequence[Row], context: Context) -> Mapping[str, DraftValues]:
    """The values of each draft by id; makes no query where there is none."""
    drafts = [row for row in rows if row.status == "draft"]
    if not drafts:
        return {}
    customers = {row.id: row for row in plain_rows(db, Customer, {row.customer_id for row in drafts})}
    billed_for = plain_rows(db, Subscription, {row.subscription_id for row in drafts if row.subscription_id})
    subscriptions = {row.id: row for row in billed_for}
    tax_ids = group_by(plain_rows(db, TaxId, customers, column="customer_id"), "customer_id")
    (account,) = read_rows(db, _SELLER, {"account_id": scope_of(db).account_id})
    seller = {"name": account.business_profile.get("name"), "country": account.country}
    return {
        row.id: DraftValues(
            seller,
            _build_buyer(customers[row.customer_id], tax_ids, subscriptions.get(row.subscription_id)),
            customers[row.customer_id].balance,
        )
        for row in drafts
    }


_SELLER = HotStatement(select(Account.business_profile, Account.country).where(Account.id == bindparam("account_id")))


def _build_buyer(customer: Row, tax_ids: Mapping[str, list[Row]], subscription: Row | None) -> dict[str, Any]:
    return {
        "name": customer.name,
        "email": customer.email,
        "phone": customer.phone,
        "customer_address": customer.address,
        "shipping": customer.shipping,
        "tax_exempt": customer.tax_exempt,
        "tax_ids": [{"type": each.type, "value": each.value} for each in tax_ids.get(customer.id, [])],
        "subscription_metadata": subscription.metadata_ if subscription else None,
    }


def draft_values_of(row: Row, context: Context) -> DraftValues | None:
    """What was preloaded as `live` for a draft; None for any other invoice."""
    live: DraftValues | None = context.preloaded["live"].get(row.id)
    return live


def party_field(side: str, key: str) -> Any:
    """A key of the seller or buyer: as frozen on the invoice or, on a draft, as it is now."""

    def field_value(row: Row, context: Context) -> Any:
        party = getattr(row, side) or getattr(draft_values_of(row, context), side, None)
        return party.get(key) if party else None

    return field_value
