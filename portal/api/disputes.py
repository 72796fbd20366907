"""Calls for disputes."""

from typing import Any

from flask import Blueprint
from sqlalchemy import Select, select

from portal.api.resource import Resource
from portal.billing.disputes.params import CloseDispute, ListDisputes, UpdateDispute
from portal.billing.intents import dispute_replies
from portal.models import Dispute
from portal.wire.page import equal_conditions, range_conditions


def register(blueprint: Blueprint) -> None:
    """Add the calls of this noun."""
    dispute = Resource(blueprint, "dispute", "disputes")
    dispute.retrieve()
    dispute.change(UpdateDispute, dispute_replies.update)
    dispute.change(CloseDispute, dispute_replies.close, "close")
    dispute.list(ListDisputes, _select_disputes)


def _select_disputes(sent: ListDisputes) -> Select[Any]:
    filters = equal_conditions(
        sent,
        customer=Dispute.customer_id,
        invoice=Dispute.invoice_id,
        payment_intent=Dispute.payment_intent_id,
        payment_record=Dispute.payment_record_id,
        status=Dispute.status,
    )
    return select(Dispute).where(*range_conditions(Dispute.created, sent.created), *filters)
