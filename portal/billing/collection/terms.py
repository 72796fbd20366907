"""On which terms an account collects by direct debit: who collects, when a debit is announced, and what follows."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Self

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import zones
from portal.bank_files.pain008 import Format
from portal.billing.accounts import accounts
from portal.db import Scope, scope_of
from portal.models import Account, Tenant
from portal.objects.accounts import COLLECTION_DEFAULTS
from portal.rules.creditors import Creditor, creditor_of
from portal.rules.settlement_days import add_settlement_days, first_settlement_day


@dataclass(frozen=True)
class Terms:
    """`zone` is where the account's days begin. Days are calendar days, `lead_days` those on which banks settle."""

    creditor: Creditor
    zone: str
    format: Format
    lead_days: int
    on_exhausted: str
    prenotification_days: int
    retry_days: tuple[int, ...]
    settles_after_days: int | None

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Self | None:
        """Of an account with these settings; None where it names no creditor."""
        creditor = creditor_of(settings)
        if creditor is None:
            return None
        chosen = COLLECTION_DEFAULTS | settings.get("collection", {})
        return cls(creditor, zones.of_account(settings), **{**chosen, "retry_days": tuple(chosen["retry_days"])})

    def day_of(self, moment: int) -> date:
        """The day of a moment."""
        return zones.day_of(moment, self.zone)

    def end_of(self, day: date) -> int:
        """The last second of a day."""
        return zones.start_of_day(day + timedelta(days=1), self.zone) - 1

    def first_collection_day(self, due: date, today: date) -> date:
        """When something due on a day is collected: it is announced before, and the bank gets its file in time."""
        announced = today + timedelta(days=self.prenotification_days)
        return first_settlement_day(max(due, announced, add_settlement_days(today, self.lead_days)))

    def earliest_collection_day(self, today: date) -> date:
        """When something is collected that the customer asks for, and so has agreed to without further notice."""
        return add_settlement_days(today, self.lead_days)

    def retry_day(self, attempt: int, today: date) -> date | None:
        """When an attempt that failed today is repeated; None where it was the last one."""
        if attempt > len(self.retry_days):
            return None
        wanted = today + timedelta(days=self.retry_days[attempt - 1])
        return first_settlement_day(max(wanted, add_settlement_days(today, self.lead_days)))

    def file_horizon(self, today: date) -> date:
        """Debits until this day belong in a file that is made today."""
        return add_settlement_days(today, self.lead_days)


def find_terms(db: Session) -> Terms | None:
    """The terms of this account; None where it does not collect."""
    return Terms.of(accounts.find_account(db, scope_of(db).account_id).settings)


def list_collecting(db: Session) -> list[tuple[Scope, Terms]]:
    """The tenants of all accounts that collect, and their terms."""
    named = Account.settings["direct_debit"]["creditor_id"].as_string()
    rows = db.execute(
        select(Tenant, Account.settings).join(Account, Account.id == Tenant.account_id).where(named != "")
    )
    return [(Scope.of_tenant(tenant), terms) for tenant, settings in rows if (terms := Terms.of(settings))]
