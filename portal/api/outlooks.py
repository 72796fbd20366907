"""Calls for what a customer was billed by month and has to pay next, as the pages show it (beyond the reference)."""

from typing import Any

from flask import Blueprint
from sqlalchemy.orm import Session

from portal import zones
from portal.api import endpoint
from portal.api.endpoint import AnswerType
from portal.billing.customer_portal.coming_payments import list_coming
from portal.billing.customer_portal.monthly_sums import list_monthly_sums
from portal.billing.customer_portal.outlook_params import ListOutlook
from portal.billing.customers import test_clocks
from portal.billing.ledger import parties
from portal.db import find_row, scope_of
from portal.models import Customer
from portal.objects import outlooks
from portal.wire.shape import render_list


def register(blueprint: Blueprint) -> None:
    """Add the calls of this noun."""
    of_customer = "/customers/<customer>"
    spending = AnswerType(outlooks.SPENDING_TYPE, "list")
    endpoint.add(blueprint, "GET", f"{of_customer}/spending", ListOutlook, _list_spending, spending)
    coming = AnswerType(outlooks.COMING_TYPE, "list")
    path = f"{of_customer}/coming_payments"
    # a renewal is made as it will be, and taken back
    endpoint.add(blueprint, "GET", path, ListOutlook, _list_coming, coming, tries=True)


def _list_spending(db: Session, sent: ListOutlook, customer: str) -> dict[str, Any]:
    owner, scope = _find_customer(db, customer), scope_of(db)
    today = zones.day_of(test_clocks.time_for_row(db, owner), parties.account_zone(db))
    found = list_monthly_sums(db, scope.tenant_id, owner.id, today)
    rendered = [
        outlooks.render_spending(owner.id, each.currency, each.months, livemode=scope.livemode)
        for each in found
        if sent.currency in {None, each.currency}
    ]
    return render_list(rendered, f"/v1/customers/{customer}/spending")


def _list_coming(db: Session, sent: ListOutlook, customer: str) -> dict[str, Any]:
    owner, livemode = _find_customer(db, customer), scope_of(db).livemode
    rendered = [
        outlooks.render_coming(owner.id, each.kind, each.id, each.day, each.amount, each.currency, livemode=livemode)
        for each in list_coming(db, owner)
        if sent.currency in {None, each.currency}
    ]
    return render_list(rendered, f"/v1/customers/{customer}/coming_payments")


def _find_customer(db: Session, id: str) -> Customer:
    """The customer with this id, also a deleted one: their books stay. Raises `ResourceMissing`."""
    return find_row(db, Customer, id, noun="customer", param="customer")
