"""Calls for payment intents."""

from typing import Any, Literal

from flask import Blueprint
from sqlalchemy import Select, select

from portal.api.resource import Resource
from portal.models import PaymentIntent
from portal.wire.commands import Id, ListCommand, TimestampFilter
from portal.wire.page import equal_conditions, range_conditions


class ListIntents(ListCommand):
    """`invoice` and `status` are beyond the reference."""

    created: TimestampFilter = None
    customer: Id | None = None
    invoice: Id | None = None
    status: Literal["canceled", "processing", "requires_action", "requires_payment_method", "succeeded"] | None = None


def register(blueprint: Blueprint) -> None:
    """Add the calls of this noun."""
    intent = Resource(blueprint, "payment_intent", "payment_intents")
    intent.retrieve()
    intent.list(ListIntents, _select_intents)


def _select_intents(sent: ListIntents) -> Select[Any]:
    filters = equal_conditions(
        sent, customer=PaymentIntent.customer_id, invoice=PaymentIntent.invoice_id, status=PaymentIntent.status
    )
    return select(PaymentIntent).where(*range_conditions(PaymentIntent.created, sent.created), *filters)
