"""When an account has a refused payment tried again, and what follows the last attempt."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from portal import clock
from portal.billing.accounts import accounts
from portal.db import scope_of
from portal.objects.accounts import COLLECTION_DEFAULTS


@dataclass(frozen=True)
class Retries:
    """`days` between attempts, first, second, …; `on_exhausted` is what becomes of a subscription then."""

    days: tuple[int, ...]
    on_exhausted: str

    def next_at(self, attempt: int, now: int) -> int | None:
        """When an attempt that failed now is repeated; None where it was the last one."""
        return now + self.days[attempt - 1] * clock.DAY if attempt <= len(self.days) else None


def find_retries(db: Session) -> Retries:
    """Those of this account, as of direct debits."""
    chosen = COLLECTION_DEFAULTS | accounts.find_account(db, scope_of(db).account_id).settings.get("collection", {})
    return Retries(tuple(chosen["retry_days"]), chosen["on_exhausted"])
