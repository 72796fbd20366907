"""Parameters of the items of a subscription, and of how a change of them is billed and paid."""

from typing import Literal

from portal.billing.catalogue import one_off_prices
from portal.billing.catalogue.item_prices import PriceChoice
from portal.billing.discounts.discounts import DiscountSources
from portal.wire.commands import (
    Command,
    ExpandableCommand,
    Flag,
    Id,
    ListCommand,
    ListOf,
    Metadata,
    OnlyEmpty,
    Quantity,
    Timestamp,
)

ProrationBehavior = Literal["always_invoice", "create_prorations", "none"]
PaymentBehavior = Literal["allow_incomplete", "default_incomplete", "error_if_incomplete"]
ChangeBehavior = PaymentBehavior | Literal["pending_if_incomplete"]


class ResolvedItem(Command):
    """An item whose price exists."""

    price: Id
    quantity: Quantity = 1
    discounts: DiscountSources = []
    tax_rates: ListOf[Id] = []
    metadata: Metadata = {}


class SentItem(PriceChoice):
    """A new item; its price may be inline."""

    billing_thresholds: OnlyEmpty = None
    quantity: Quantity = 1
    discounts: DiscountSources = []
    tax_rates: ListOf[Id] = []
    metadata: Metadata = {}


class ItemChange(PriceChoice):
    """A new item or, with `id`, a change or the removal of one."""

    billing_thresholds: OnlyEmpty = None
    id: Id | None = None
    clear_usage: Flag | None = None
    deleted: Flag = False
    discounts: DiscountSources = []
    quantity: Quantity | None = None
    tax_rates: ListOf[Id] = []
    metadata: Metadata = {}


class ItemPeriodStart(Command):
    type: Literal["max_item_period_start", "now", "phase_start", "timestamp"]
    timestamp: Timestamp | None = None


class ItemPeriodEnd(Command):
    type: Literal["min_item_period_end", "phase_end", "timestamp"]
    timestamp: Timestamp | None = None


class ItemPeriod(Command):
    """The time that a one-time item is billed for; by default the subscription's period."""

    start: ItemPeriodStart = ItemPeriodStart(type="max_item_period_start")
    end: ItemPeriodEnd = ItemPeriodEnd(type="min_item_period_end")


class AddedItem(Command):
    """Something billed once together with the subscription."""

    price: Id | None = None
    price_data: one_off_prices.OneOffPriceData | None = None
    discountable: Flag | None = None
    discounts: DiscountSources = []
    metadata: Metadata = {}
    period: ItemPeriod | None = None
    quantity: Quantity = 1
    tax_rates: ListOf[Id] = []


class ItemBillingParams(ExpandableCommand):
    """How the change of one item is billed and paid."""

    payment_behavior: ChangeBehavior | None = None
    proration_behavior: ProrationBehavior = "create_prorations"
    proration_date: Timestamp | None = None


class UpdateItem(ItemBillingParams, PriceChoice):
    billing_thresholds: OnlyEmpty = None
    discounts: DiscountSources = []
    metadata: Metadata = {}
    off_session: Flag | None = None
    quantity: Quantity | None = None
    tax_rates: ListOf[Id] = []


class CreateItem(UpdateItem):
    subscription: Id


class DeleteItem(ItemBillingParams):
    clear_usage: Flag | None = None


class ListItems(ListCommand):
    subscription: Id
