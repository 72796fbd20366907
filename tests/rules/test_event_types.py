"""Event types are those that the official client documents."""

from typing import get_args

from stripe import Event
from stripe.params import WebhookEndpointCreateParams

from portal.rules import events
from portal.rules.event_types import DOCUMENTED_TYPES, is_known


def _literals(hint):
    values = [each for each in get_args(hint) if isinstance(each, str)]
    return {*values, *(word for member in get_args(hint) for word in _literals(member))}


def test_every_documented_type_is_there_and_no_other():
    assert _literals(Event.__annotations__["type"]) - {"str"} == DOCUMENTED_TYPES


def test_an_endpoint_can_ask_for_each_of_them():
    names = _literals(WebhookEndpointCreateParams.__annotations__["enabled_events"])
    assert all(is_known(type) for type in DOCUMENTED_TYPES | events.PORTAL_EVENTS.keys() | (names - {"*"}))


def test_an_endpoint_of_older_days_may_ask_for_what_is_never_sent():
    assert is_known("invoiceitem.updated")
    assert not is_known("customer.subscription.collection_paused")
