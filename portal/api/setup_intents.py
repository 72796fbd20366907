"""Calls for setup intents."""

from typing import Any

from flask import Blueprint
from sqlalchemy import Select, select

from portal.api.payment_methods import with_seal
from portal.api.resource import Resource
from portal.billing.payment_methods import params, setup_intents
from portal.models import SetupIntent
from portal.wire.page import equal_conditions, range_conditions


def register(blueprint: Blueprint) -> None:
    """Add the calls of this noun."""
    intent = Resource(blueprint, "setup_intent", "setup_intents")
    intent.create(params.CreateSetupIntent, with_seal(setup_intents.create))
    intent.retrieve()
    intent.change(params.UpdateSetupIntent, with_seal(setup_intents.update))
    intent.list(params.ListSetupIntents, _select_intents)
    intent.change(params.ConfirmSetupIntent, with_seal(setup_intents.confirm), "confirm")
    intent.change(params.CancelSetupIntent, setup_intents.cancel, "cancel")


def _select_intents(sent: params.ListSetupIntents) -> Select[Any]:
    filters = equal_conditions(sent, customer=SetupIntent.customer_id, payment_method=SetupIntent.payment_method_id)
    return select(SetupIntent).where(*range_conditions(SetupIntent.created, sent.created), *filters)
