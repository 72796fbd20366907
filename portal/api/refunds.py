"""Calls for refunds."""

from typing import Any

from flask import Blueprint
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from portal.api.resource import Resource
from portal.billing.refunds import cancellations, payouts, refunds
from portal.billing.refunds.params import CreateRefund, DecideRefund, ListRefunds, UpdateRefund
from portal.models import Refund
from portal.wire.page import equal_conditions, range_conditions


def register(blueprint: Blueprint) -> None:
    """Add the calls of this noun."""
    refund = Resource(blueprint, "refund", "refunds")
    refund.create(CreateRefund, _create)
    refund.retrieve()
    refund.change(UpdateRefund, refunds.update)
    refund.change(DecideRefund, payouts.approve, "approve")
    refund.change(DecideRefund, cancellations.cancel, "cancel")
    refund.list(ListRefunds, _select_refunds)


def _create(db: Session, command: CreateRefund, *, now: int) -> Refund:
    make = payouts.create if command.origin == "customer_balance" else refunds.create
    return make(db, command, now=now)


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
