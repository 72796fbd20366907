"""Calls for payment method configurations."""

from typing import Any

from flask import Blueprint
from sqlalchemy import Select, select

from portal.api.resource import Resource
from portal.billing.configurations import payment_method_configurations
from portal.billing.configurations.payment_method_configurations import (
    CreatePaymentMethodConfiguration,
    ListPaymentMethodConfigurations,
    UpdatePaymentMethodConfiguration,
)
from portal.models import PaymentMethodConfiguration
from portal.wire.page import equal_conditions


def register(blueprint: Blueprint) -> None:
    """Add the calls of this noun."""
    configuration = Resource(blueprint, "payment_method_configuration", "payment_method_configurations")
    configuration.create(CreatePaymentMethodConfiguration, payment_method_configurations.create)
    configuration.retrieve()
    configuration.change(UpdatePaymentMethodConfiguration, payment_method_configurations.update)
    configuration.list(ListPaymentMethodConfigurations, _select_configurations)


def _select_configurations(sent: ListPaymentMethodConfigurations) -> Select[Any]:
    return select(PaymentMethodConfiguration).where(*equal_conditions(sent, active=PaymentMethodConfiguration.active))
