"""Calls for refunds."""

from typing import Any

from flask import Blueprint
from sqlalchemy import Select, select

from portal.api.resource import Resource
from portal.billing.refunds import refunds
from portal.billing.refunds.params import CreateRefund, ListRefunds, UpdateRefund
from portal.models import Refund
from portal.wire.page import equal_conditions, range_conditions


def register(blueprint: Blueprint) -> None:
    """Add the calls of this noun."""
    refund = Resource(blueprint, "refund", "refunds")
    refund.create(CreateRefund, refunds.create)
    refund.retrieve()
    refund.change(UpdateRefund, refunds.update)
    refund.list(ListRefunds, _select_refunds)


def _select_refunds(sent: ListRefunds) -> Select[Any]:
    filters = equal_conditions(
        sent,
        credit_transfer_file=Refund.file_id,
        customer=Refund.customer_id,
        payment_intent=Refund.payment_intent_id,
        payment_record=Refund.payment_record_id,
        status=Refund.status,
    )
    return select(Refund).where(*range_conditions(Refund.created, sent.created), *filters)
