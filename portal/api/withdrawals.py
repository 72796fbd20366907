"""Calls for withdrawals from subscriptions (beyond the reference)."""

from typing import Any

from flask import Blueprint
from sqlalchemy import Select, select

from portal.api.resource import Resource
from portal.billing.withdrawals import withdrawals
from portal.billing.withdrawals.params import ListWithdrawals, WithdrawSubscription
from portal.models import PlanWithdrawal
from portal.wire.page import equal_conditions


def register(blueprint: Blueprint) -> None:
    """Add the calls of this noun."""
    subscription = Resource(blueprint, "subscription", "subscriptions")
    subscription.change(WithdrawSubscription, withdrawals.withdraw, "withdraw")
    resource = Resource(blueprint, "billing_portal.withdrawal", "billing_portal/withdrawals")
    resource.retrieve()
    resource.list(ListWithdrawals, _select_withdrawals)


def _select_withdrawals(sent: ListWithdrawals) -> Select[Any]:
    own = equal_conditions(sent, customer=PlanWithdrawal.customer_id, subscription=PlanWithdrawal.subscription_id)
    return select(PlanWithdrawal).where(*own)
