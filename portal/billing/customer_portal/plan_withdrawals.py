"""Withdrawals by customers, as their configuration says: who can withdraw, until when, and what is paid back."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.billing.ledger import parties
from portal.billing.withdrawals import receipts, withdrawals
from portal.billing.withdrawals.params import WithdrawSubscription
from portal.db import find_row
from portal.models import Customer, PlanWithdrawal, Subscription, TaxId
from portal.rules import permissions
from portal.rules.permissions import Features
from portal.rules.subscriptions import may_cancel
from portal.rules.withdrawals import withdrawal_end


@dataclass(frozen=True)
class WithdrawalTerms:
    """For how many days from the conclusion a customer can withdraw, counted in the merchant's time zone."""

    days: int
    zone: str

    def ends_at(self, subscription: Subscription) -> int:
        """The first second that is too late."""
        return withdrawal_end(subscription.created, self.days, self.zone)

    def allow(self, subscription: Subscription, now: int) -> bool:
        """Whether a customer can withdraw from it now."""
        return may_cancel(subscription.status) and now < self.ends_at(subscription)


def find_terms(db: Session, customer: Customer, features: Features) -> WithdrawalTerms | None:
    """The terms of a customer; None for one who can't withdraw: switched off, or a business."""
    if not permissions.may_withdraw(features):
        return None
    feature = features["subscription_withdrawal"]
    if feature["customers"] == "consumers" and _is_business(db, customer):
        return None
    return WithdrawalTerms(feature["days"], parties.account_zone(db))


def withdraw_plan(
    db: Session, subscription: Subscription, features: Features, *, session_id: str | None, now: int
) -> PlanWithdrawal | None:
    """Withdraw where the terms allow it, on a subscription that is locked; None where they don't."""
    customer = find_row(db, Customer, subscription.customer_id, noun="customer")
    terms = find_terms(db, customer, features)
    if terms is None or not terms.allow(subscription, now):
        return None
    command = WithdrawSubscription(refund=features["subscription_withdrawal"]["refund"])
    withdrawals.withdraw(db, subscription, command, now=now, session_id=session_id)
    db.flush()
    return receipts.find_withdrawal(db, subscription.id)


def _is_business(db: Session, customer: Customer) -> bool:
    """Who has named a business, or a number that businesses have, acts as one."""
    registered = select(TaxId.id).where(TaxId.customer_id == customer.id).limit(1)
    return bool(customer.business_name) or db.scalar(registered) is not None
