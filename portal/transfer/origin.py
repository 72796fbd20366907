"""What an import knows of the account it fills: who the seller on its documents is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from portal.billing.ledger import parties


@dataclass(frozen=True)
class Origin:
    """The seller as the account has it now, and the language of documents whose own is not known."""

    seller: Mapping[str, Any]
    locale: str


def origin(db: Session) -> Origin:
    """Of the session's account."""
    seller = parties.seller(db, None)
    return Origin(seller, seller.get("default_locale") or "en")
