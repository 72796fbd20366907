"""Defaults for imported documents, taken from the account: its seller details and locale."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from portal.billing.ledger import parties


@dataclass(frozen=True)
class SellerDefaults:
    """The seller as the account has it now, and the locale of documents that name none."""

    seller: Mapping[str, Any]
    locale: str


def seller_defaults(db: Session) -> SellerDefaults:
    """The defaults of the session's account."""
    seller = parties.seller(db, None)
    return SellerDefaults(seller, seller.get("default_locale") or "en")
