"""The merchant as the creditor of SEPA direct debits."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Creditor:
    """Who collects: the scheme's identifier, and the account that is credited; its BIC follows from the IBAN."""

    creditor_id: str
    name: str
    iban: str
    bic: str | None = None


def creditor_of(settings: Mapping[str, Any]) -> Creditor | None:
    """The creditor that an account with these settings is; None as long as a part of `direct_debit` is missing."""
    stored = settings.get("direct_debit") or {}
    id, name, iban = (stored.get(key) for key in ("creditor_id", "creditor_name", "iban"))
    return Creditor(id, name, iban, stored.get("bic") or None) if id and name and iban else None
