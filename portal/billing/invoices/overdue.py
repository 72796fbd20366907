"""What an account does about subscriptions whose invoice stays unpaid."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from portal.billing.accounts import accounts
from portal.db import scope_of
from portal.objects.accounts import BILLING_DEFAULTS


@dataclass(frozen=True)
class OverdueSetting:
    """`leave`, `mark_unpaid` or `cancel`, and how many days after the due date it is done."""

    action: str
    days: int


def overdue_setting(db: Session) -> OverdueSetting:
    """What the account does about subscriptions whose invoice stays unpaid."""
    setting = BILLING_DEFAULTS | accounts.find_account(db, scope_of(db).account_id).settings.get("billing", {})
    return OverdueSetting(setting["overdue_subscriptions"], setting["overdue_days"])
