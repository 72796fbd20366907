"""The merchant as the payer of credit transfers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from portal.rules.creditors import creditor_of


@dataclass(frozen=True)
class Payer:
    """Who pays, and the account that is debited; its BIC follows from the IBAN."""

    name: str
    iban: str
    bic: str | None = None


def payer_of(settings: Mapping[str, Any]) -> Payer | None:
    """The payer that an account with these settings is: by the account that direct debits go to, else the transfers.

    None where neither is complete: a payer has a name and an IBAN.
    """
    creditor = creditor_of(settings)
    if creditor is not None:
        return Payer(creditor.name, creditor.iban, creditor.bic)
    stored = settings.get("invoices", {}).get("bank_transfer") or {}
    holder, iban = stored.get("holder"), stored.get("iban")
    return Payer(holder, iban, stored.get("bic") or None) if holder and iban else None
