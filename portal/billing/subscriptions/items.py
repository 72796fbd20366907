"""Items of a subscription with their prices."""

from collections.abc import Sequence

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from portal import ids
from portal.billing.catalogue import item_prices, tax_rates
from portal.billing.catalogue.sold import SoldItem
from portal.billing.discounts import redemptions
from portal.billing.ledger import balances
from portal.billing.subscriptions.item_params import ResolvedItem, SentItem
from portal.errors import InvalidRequest, MissingParameter
from portal.models import Customer, Price, Subscription, SubscriptionItem
from portal.rules.money import multiply_price
from portal.wire.commands import MAX_AMOUNT, merge_metadata

MOST_ITEMS = 20


def list_items(db: Session, subscription_id: str) -> list[SoldItem]:
    """The items of a subscription with their prices, oldest first."""
    return list_items_of(db, [subscription_id]).get(subscription_id, [])


def list_items_of(db: Session, subscription_ids: Sequence[str]) -> dict[str, list[SoldItem]]:
    """The items of several subscriptions by subscription, as `list_items`; one without items is left out."""
    at_price = (Price.tenant_id == SubscriptionItem.tenant_id, Price.id == SubscriptionItem.price_id)
    statement = select(SubscriptionItem, Price).join(Price, and_(*at_price))
    own = statement.where(SubscriptionItem.subscription_id.in_(subscription_ids))
    found: dict[str, list[SoldItem]] = {}
    for item, price in db.execute(own.order_by(SubscriptionItem.created, SubscriptionItem.id)):
        found.setdefault(item.subscription_id, []).append(SoldItem(item, price))
    return found


def period_amount(sold: Sequence[SoldItem]) -> int:
    """The amount of a period, in minor units, before discounts and tax."""
    return sum(each.amount for each in sold)


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
    shared = ResolvedItem.model_fields.keys() - {"price"}
    return [
        ResolvedItem(price=price.id, **each.sent_values(*shared)) for each, price in zip(sent, chosen, strict=True)
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


def redeem_discounts(
    db: Session,
    customer: Customer,
    subscription: Subscription,
    sold: Sequence[SoldItem],
    sent: Sequence[SentItem],
    *,
    now: int,
) -> None:
    """Redeem the discounts that were sent with each of these new items."""
    for index, (each, own) in enumerate(zip(sold, sent, strict=True)):
        if own.discounts:
            param = f"items[{index}][discounts]"
            redemptions.redeem_for_subscription_item(db, customer, subscription, each, own.discounts, param, now=now)


def active_rate_ids(db: Session, sent: list[str], param: str) -> list[str]:
    """The ids of tax rates that exist and are active. Raises `ResourceMissing` or `InvalidRequest`."""
    return [rate.id for rate in tax_rates.active_tax_rates(db, sent, param)]


def refuse_large(price: Price, quantity: int, param: str) -> None:
    """Raises `InvalidRequest` for a quantity that costs more than an amount can hold."""
    if multiply_price(price.unit_amount_decimal, quantity) > MAX_AMOUNT:
        raise InvalidRequest("The amount is too large.", param=f"{param}[quantity]", code="amount_too_large")
