"""The merchant as the creditor of SEPA direct debits."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Creditor:
    """`settings[direct_debit]` of an account; parts that are not set are None."""

    creditor_id: str | None = None
    name: str | None = None
    iban: str | None = None
    bic: str | None = None

    @property
    def is_complete(self) -> bool:
        """Whether mandates can name it and money can come to its account; the BIC follows from the IBAN."""
        return None not in {self.creditor_id, self.name, self.iban}


def creditor_of(settings: Mapping[str, Any]) -> Creditor:
    """The creditor that an account with these settings is."""
    stored = settings.get("direct_debit", {})
    return Creditor(stored.get("creditor_id"), stored.get("creditor_name"), stored.get("iban"), stored.get("bic"))
