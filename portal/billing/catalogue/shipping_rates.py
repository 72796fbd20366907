"""Shipping rates, and the shipping cost of a draft invoice."""

from typing import Annotated, Any, Literal

from sqlalchemy.orm import Session

from portal import ids
from portal.billing.catalogue.pricing import TaxBehavior
from portal.db import find_row
from portal.errors import InvalidRequest, MissingParameter
from portal.models import Invoice, ShippingRate
from portal.wire.commands import (
    Clearable,
    Command,
    Currency,
    ExpandableCommand,
    Flag,
    Id,
    ListCommand,
    Metadata,
    PositiveAmount,
    TimestampFilter,
    integer_between,
    merge_metadata,
    text_up_to,
)


class DeliveryBound(Command):
    unit: Literal["business_day", "day", "hour", "month", "week"]
    value: Annotated[int, integer_between(1, 999_999_999)]


class DeliveryEstimate(Command):
    """How long the delivery takes."""

    maximum: DeliveryBound | None = None
    minimum: DeliveryBound | None = None


class CurrencyOption(Command):
    """The amount in another currency."""

    amount: PositiveAmount
    tax_behavior: TaxBehavior = "unspecified"


class ChangedCurrencyOption(Command):
    amount: PositiveAmount | None = None
    tax_behavior: TaxBehavior | None = None


class FixedAmount(Command):
    amount: PositiveAmount
    currency: Currency
    currency_options: dict[Currency, CurrencyOption] = {}


class ChangedFixedAmount(Command):
    currency_options: dict[Currency, ChangedCurrencyOption] = {}


class ShippingRateData(Command):
    """Parameters of every new rate."""

    display_name: Annotated[str, text_up_to(100)]
    delivery_estimate: DeliveryEstimate | None = None
    fixed_amount: FixedAmount
    metadata: Metadata = {}
    tax_behavior: TaxBehavior = "unspecified"
    tax_code: Id | None = None
    type: Literal["fixed_amount"] = "fixed_amount"


class CreateShippingRate(ExpandableCommand, ShippingRateData):
    pass


class UpdateShippingRate(ExpandableCommand):
    active: Flag | None = None
    fixed_amount: ChangedFixedAmount | None = None
    metadata: Metadata = {}
    tax_behavior: TaxBehavior | None = None


class ListShippingRates(ListCommand):
    active: Flag | None = None
    created: TimestampFilter = None
    currency: Currency | None = None


class ShippingCostParams(Command):
    """`shipping_cost` of an invoice, or an option of a checkout: an existing rate, or the data of a new one."""

    shipping_rate: Id | None = None
    shipping_rate_data: ShippingRateData | None = None


#: `""` takes the cost off.
ClearableShippingCost = Clearable[ShippingCostParams]


def create(db: Session, command: ShippingRateData, *, now: int) -> ShippingRate:
    """Create a rate; later, only amounts in further currencies can be added."""
    fixed = command.fixed_amount
    rate = ShippingRate(
        id=ids.new("shipping_rate"),
        created=now,
        active=True,
        display_name=command.display_name,
        amount=fixed.amount,
        currency=fixed.currency,
        currency_options={currency: option.model_dump() for currency, option in fixed.currency_options.items()},
        delivery_estimate=command.delivery_estimate.model_dump() if command.delivery_estimate else None,
        tax_behavior=command.tax_behavior,
        tax_code=command.tax_code,
        metadata_=merge_metadata({}, command.metadata),
    )
    db.add(rate)
    return rate


def update(db: Session, rate: ShippingRate, command: UpdateShippingRate, *, now: int) -> ShippingRate:
    """Activity, metadata, a tax behavior that was open, and amounts in further currencies."""
    if command.active is not None:
        rate.active = command.active
    if command.tax_behavior is not None:
        if rate.tax_behavior not in {"unspecified", command.tax_behavior}:
            raise InvalidRequest("The tax behavior can't change once it is set.", param="tax_behavior")
        rate.tax_behavior = command.tax_behavior
    if command.was_sent("metadata"):
        rate.metadata_ = merge_metadata(rate.metadata_, command.metadata)
    if command.fixed_amount:
        rate.currency_options = _merge_currency_options(rate, command.fixed_amount)
    return rate


def apply_to_invoice(db: Session, invoice: Invoice, cost: ShippingCostParams | None, *, now: int) -> None:
    """Set the shipping cost of a draft; its taxes come with the totals. Raises for a rate that can't be used."""
    if cost is None:
        invoice.shipping_cost = None
        return
    rate = find_or_create(db, cost, "shipping_cost", now=now)
    invoice.shipping_cost = {
        "amount": amount_in_currency(rate, invoice.currency, "shipping_cost"),
        "display_name": rate.display_name,
        "shipping_rate": rate.id,
    }


def find_or_create(db: Session, cost: ShippingCostParams, param: str, *, now: int) -> ShippingRate:
    """The rate that `param` names or describes. Raises `InvalidRequest`, and `ResourceMissing` for an unknown one."""
    if (cost.shipping_rate is None) == (cost.shipping_rate_data is None):
        raise InvalidRequest(
            "Send shipping_rate or shipping_rate_data, one of the two.", param=param, code="parameter_missing"
        )
    if cost.shipping_rate_data:
        return create(db, cost.shipping_rate_data, now=now)
    named = f"{param}[shipping_rate]"
    rate = find_row(db, ShippingRate, cost.shipping_rate or "", noun="shipping rate", param=named)
    if not rate.active:
        raise InvalidRequest(f"The shipping rate '{rate.id}' is not active.", param=named)
    return rate


def amount_in_currency(rate: ShippingRate, currency: str, param: str) -> int:
    """What a rate costs, in minor units. Raises `InvalidRequest` where it says no amount in this currency."""
    amounts = {rate.currency: {"amount": rate.amount}, **rate.currency_options}
    if currency not in amounts:
        raise InvalidRequest(f"The shipping rate has no amount in {currency}.", param=param)
    amount: int = amounts[currency]["amount"]
    return amount


def _merge_currency_options(rate: ShippingRate, sent: ChangedFixedAmount) -> dict[str, Any]:
    options = dict(rate.currency_options)
    for currency, option in sent.currency_options.items():
        if currency == rate.currency:
            raise InvalidRequest("The amount of a rate never changes.", param="fixed_amount[currency_options]")
        before = options.get(currency, {"amount": None, "tax_behavior": "unspecified"})
        options[currency] = {**before, **option.model_dump(exclude_none=True)}
        if options[currency]["amount"] is None:
            name = f"fixed_amount[currency_options][{currency}][amount]"
            raise MissingParameter(name)
    return options
