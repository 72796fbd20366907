"""Calls for payment links."""

from typing import Any

from flask import Blueprint
from sqlalchemy import Select, select

from portal.api import offered_lines
from portal.api.resource import Resource
from portal.billing.checkout import links, params
from portal.models import PaymentLink
from portal.wire.page import equal_conditions


def register(blueprint: Blueprint) -> None:
    """Add the calls of this noun."""
    link = Resource(blueprint, "payment_link", "payment_links")
    link.create(params.CreatePaymentLink, links.create)
    link.retrieve()
    link.list(params.ListPaymentLinks, _select_links)
    link.change(params.UpdatePaymentLink, links.update)
    offered_lines.add_call(blueprint, link)


def _select_links(sent: params.ListPaymentLinks) -> Select[Any]:
    return select(PaymentLink).where(*equal_conditions(sent, active=PaymentLink.active))
