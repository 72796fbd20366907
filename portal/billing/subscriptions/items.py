"""Items of a subscription with their prices, and the invoice lines of a period."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from portal import i18n, ids
from portal.billing.catalogue import item_prices, products
from portal.billing.catalogue import tax_rates as catalogue_tax_rates
from portal.billing.catalogue.item_prices import PriceChoice
from portal.billing.catalogue.sold import SoldItem
from portal.billing.discounts.discounts import DiscountSources
from portal.billing.ledger import balances, parties
from portal.db import scope_of
from portal.errors import InvalidRequest, MissingParameter
from portal.models import Customer, Price, Subscription, SubscriptionItem
from portal.objects.catalogue import frozen_price
from portal.rules import periods
from portal.rules.money import decimal_text, multiply_price
from portal.rules.proration import remaining_amount
from portal.wire.commands import MAX_AMOUNT, Command, Flag, Id, ListOf, Metadata, Quantity, merge_metadata

MOST_ITEMS = 20
#: Decimals of a unit amount on the wire.
_SMALLEST_UNIT = Decimal("1e-12")


class ResolvedItem(Command):
    price: Id
    quantity: Quantity = 1
    discounts: DiscountSources = []
    tax_rates: ListOf[Id] = []
    metadata: Metadata = {}


class SentItem(PriceChoice):
    quantity: Quantity = 1
    discounts: DiscountSources = []
    tax_rates: ListOf[Id] = []
    metadata: Metadata = {}


class ItemChange(PriceChoice):
    id: Id | None = None
    clear_usage: Flag | None = None
    deleted: Flag = False
    discounts: DiscountSources = []
    quantity: Quantity | None = None
    tax_rates: ListOf[Id] = []
    metadata: Metadata = {}


def list_items(db: Session, subscription_id: str) -> list[SoldItem]:
    """The items of a subscription with their prices, oldest first."""
    at_price = (Price.tenant_id == SubscriptionItem.tenant_id, Price.id == SubscriptionItem.price_id)
    statement = select(SubscriptionItem, Price).join(Price, and_(*at_price))
    own = statement.where(SubscriptionItem.subscription_id == subscription_id)
    return [SoldItem(*row) for row in db.execute(own.order_by(SubscriptionItem.created, SubscriptionItem.id))]


def unused_amount(subscription: Subscription, sold: SoldItem, amount: int, *, now: int) -> int:
    """The value of the rest of the running period in minor units, for an item that costs `amount` a period."""
    begun, end = subscription.current_period_start, subscription.current_period_end
    start, anchor = begun, subscription.billing_cycle_anchor
    if anchor > begun:
        # a first period up to an anchor is the rest of a whole one
        start = periods.start_before(anchor, sold.price.interval or "month", sold.price.interval_count or 1, end)
    return remaining_amount(amount, start, end, max(now, begun))


def resolve_items(
    db: Session, sent: Sequence[SentItem], *, now: int, checked: bool = False
) -> tuple[list[ResolvedItem], list[Price]]:
    """The sent items by the ids of their prices, and those prices; `checked` as in `item_prices.resolve_price`."""
    chosen = []
    for index, each in enumerate(sent):
        price = item_prices.resolve_price(db, each, f"items[{index}]", now=now, checked=checked)
        if price is None:
            param = f"items[{index}][price]"
            raise MissingParameter(param)
        refuse_large(price, each.quantity, f"items[{index}]")
        chosen.append(price)
    own = {"price", "plan", "price_data"}
    return [
        ResolvedItem(price=price.id, **{name: getattr(each, name) for name in each.model_fields_set - own})
        for each, price in zip(sent, chosen, strict=True)
    ], chosen


def refuse_mixed(customer: Customer, chosen: Sequence[Price], currency: str | None) -> None:
    """Raises `InvalidRequest` for prices that can't be in one subscription."""
    if not 1 <= len(chosen) <= MOST_ITEMS:
        raise InvalidRequest(f"A subscription has 1 to {MOST_ITEMS} items.", param="items", code="parameter_missing")
    if len({price.id for price in chosen}) != len(chosen):
        raise InvalidRequest("Each price can be in a subscription once; use quantity.", param="items")
    if len({(price.interval, price.interval_count) for price in chosen}) > 1:
        raise InvalidRequest("All prices of a subscription must have the same interval.", param="items")
    if len({price.currency for price in chosen} | ({currency} if currency else set())) > 1:
        raise InvalidRequest("All prices of a subscription must be in the same currency.", param="items")
    balances.refuse_other_currency(customer, chosen[0].currency)


def add_items(
    db: Session, subscription: Subscription, sent: Sequence[ResolvedItem], chosen: Sequence[Price]
) -> list[SoldItem]:
    """New items of a subscription, in the order they were sent in."""
    # ids of one moment don't sort by themselves, and the items are kept in the order of their ids
    fresh = sorted(ids.new("subscription_item") for _ in sent)
    return [
        create_item(db, subscription, each, price, id, f"items[{index}]", created=subscription.created)
        for index, (id, each, price) in enumerate(zip(fresh, sent, chosen, strict=True))
    ]


def create_item(
    db: Session, subscription: Subscription, sent: ResolvedItem, price: Price, id: str, param: str, *, created: int
) -> SoldItem:
    """A new item of a subscription."""
    item = SubscriptionItem(
        id=id,
        created=created,
        subscription_id=subscription.id,
        price_id=sent.price,
        quantity=sent.quantity,
        discounts=[],
        tax_rates=active_rate_ids(db, sent.tax_rates, f"{param}[tax_rates]"),
        metadata_=merge_metadata({}, sent.metadata),
    )
    db.add(item)
    return SoldItem(item, price)


def active_rate_ids(db: Session, sent: list[str], param: str) -> list[str]:
    """The ids of tax rates that exist and are active. Raises `ResourceMissing` or `InvalidRequest`."""
    return [rate.id for rate in catalogue_tax_rates.active_tax_rates(db, sent, param)]


def refuse_large(price: Price, quantity: int, param: str) -> None:
    """Raises `InvalidRequest` for a quantity that costs more than an amount can hold."""
    if multiply_price(price.unit_amount_decimal, quantity) > MAX_AMOUNT:
        raise InvalidRequest("The amount is too large.", param=f"{param}[quantity]", code="amount_too_large")


def item_name(db: Session, sold: SoldItem) -> str:
    """The name of an item: that of its product."""
    return products.product_name(db, sold.price.product_id)


def unit_amount(amount: int, quantity: int) -> str:
    """The amount per unit as decimal text, so exact that times the quantity it rounds to `amount` again."""
    return decimal_text((Decimal(amount) / quantity).quantize(_SMALLEST_UNIT)) if quantity else "0"


def build_line(db: Session, customer: Customer, subscription: Subscription, sold: SoldItem) -> dict[str, Any]:
    """The invoice line of an item for the current period; free during a trial."""
    words = item_name(db, sold)
    trialing = subscription.status == "trialing"
    if trialing:
        _ = i18n.load_translations(parties.customer_locale(db, customer)).gettext
        words = _("Trial period for %(product)s") % {"product": words}
    return {
        "amount": 0 if trialing else sold.amount,
        "description": words,
        "quantity": sold.item.quantity,
        "unit_amount_decimal": "0" if trialing else sold.price.unit_amount_decimal,
        "period_start": subscription.current_period_start,
        "period_end": subscription.current_period_end,
        "price_id": sold.price.id,
        "price": frozen_price(sold.price, scope_of(db).livemode),
        "subscription_id": subscription.id,
        "subscription_item_id": sold.item.id,
        "discounts": sold.item.discounts,
        "tax_rates": sold.item.tax_rates,
        "metadata_": subscription.metadata_,
    }
