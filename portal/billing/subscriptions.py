"""Subscriptions: begun with their first invoice, changed, set to end, ended.

Renewal belongs to the worker; here a subscription has the one period it is in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import AfterValidator
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import clock, i18n, ids
from portal.billing import balances, catalogue, drafts, invoiceitems, invoices
from portal.db import among, locked, scope_of
from portal.errors import CardError, InvalidRequest, ResourceMissing
from portal.models import Customer, Invoice, InvoiceItem, Price, Subscription, SubscriptionItem
from portal.objects.catalogue import frozen_price
from portal.rules import periods
from portal.rules import subscriptions as rules
from portal.rules.money import times
from portal.rules.proration import remaining
from portal.wire.params import (
    Clearable,
    Command,
    Currency,
    Expanding,
    Flag,
    Id,
    Listing,
    ListOf,
    Metadata,
    Quantity,
    Text,
    Timestamp,
    TimestampFilter,
    merged,
    whole,
    wrong,
)

MOST_ITEMS = 20
MOST_OF_CUSTOMER = 500

Feedback = Literal[
    "customer_service",
    "low_quality",
    "missing_features",
    "other",
    "switched_service",
    "too_complex",
    "too_expensive",
    "unused",
]
Proration = Literal["always_invoice", "create_prorations", "none"]
PaymentBehavior = Literal["allow_incomplete", "default_incomplete", "error_if_incomplete"]


def _status(value: str) -> str:
    if value not in rules.STATUSES | {"all", "ended"}:
        raise wrong("", f"Invalid status: must be one of {', '.join(sorted(rules.STATUSES))}, all or ended")
    return value


class Item(Command):
    price: Id
    quantity: Quantity = 1
    tax_rates: ListOf[Id] = []
    metadata: Metadata = {}


class ItemChange(Command):
    id: Id
    quantity: Quantity | None = None
    tax_rates: ListOf[Id] = []
    metadata: Metadata = {}


class CancellationDetails(Command):
    comment: Clearable[Text] = None
    feedback: Clearable[Feedback] = None


class CreateSubscription(Expanding):
    customer: Id
    items: ListOf[Item]
    cancel_at: Timestamp | None = None
    cancel_at_period_end: Flag = False
    collection_method: invoices.Collection = "charge_automatically"
    currency: Currency | None = None
    days_until_due: invoices.Days | None = None
    default_tax_rates: ListOf[Id] = []
    description: Clearable[Text] = None
    metadata: Metadata = {}
    off_session: Flag | None = None
    payment_behavior: PaymentBehavior = "allow_incomplete"
    trial_end: Timestamp | None = None
    trial_period_days: Annotated[int, whole(0, 730)] | None = None


class UpdateSubscription(Expanding):
    cancel_at: Clearable[Timestamp] = None
    cancel_at_period_end: Flag | None = None
    cancellation_details: CancellationDetails | None = None
    collection_method: invoices.Collection | None = None
    days_until_due: invoices.Days | None = None
    default_tax_rates: ListOf[Id] = []
    description: Clearable[Text] = None
    items: ListOf[ItemChange] = []
    metadata: Metadata = {}
    off_session: Flag | None = None
    payment_behavior: PaymentBehavior | None = None
    proration_behavior: Proration = "create_prorations"
    proration_date: Timestamp | None = None


class CancelSubscription(Expanding):
    cancellation_details: CancellationDetails | None = None
    invoice_now: Flag = False
    prorate: Flag = False


class ListSubscriptions(Listing):
    collection_method: invoices.Collection | None = None
    created: TimestampFilter = None
    customer: Id | None = None
    price: Id | None = None
    status: Annotated[Id, AfterValidator(_status)] | None = None


@dataclass(frozen=True)
class Sold:
    """An item with its price and what its period costs in minor units."""

    item: SubscriptionItem
    price: Price

    @property
    def amount(self) -> int:
        return times(self.price.unit_amount_decimal, self.item.quantity)


def create(db: Session, command: CreateSubscription, *, now: int) -> Subscription:
    """A subscription and its first invoice.

    With `charge_automatically` the invoice is finalized at once and, where something is due, the
    subscription is `incomplete` until it is paid; with `send_invoice` it stays a draft.
    Raises `InvalidRequest` for prices that don't go together, `CardError` for `error_if_incomplete`.
    """
    customer = _customer(db, command)
    prices = _prices(db, customer, command)
    subscription = _new(customer, command, prices[0], now)
    if command.default_tax_rates:
        subscription.default_tax_rates = _rate_ids(db, command.default_tax_rates, "default_tax_rates")
    db.add(subscription)
    sold = [
        Sold(_item(db, subscription, each, index), price)
        for index, (each, price) in enumerate(zip(command.items, prices, strict=True))
    ]
    customer.currency = subscription.currency
    _set_end(subscription, command.cancel_at_period_end or None, command.cancel_at, command.has("cancel_at"), now)
    invoice = _first_invoice(db, customer, subscription, sold, now)
    if subscription.status == "incomplete" and command.payment_behavior == "error_if_incomplete":
        raise CardError("The first invoice can't be paid: this customer has no payment method here.")
    subscription.latest_invoice_id = invoice.id
    return subscription


def update(db: Session, subscription: Subscription, command: UpdateSubscription, *, now: int) -> Subscription:
    """Change what was sent; another quantity is prorated to the second unless told otherwise.

    Raises `InvalidRequest` for anything but words on a subscription that has ended.
    """
    customer = locked(db, Customer, subscription.customer_id, noun="customer")
    subscription = locked(db, Subscription, subscription.id, noun="subscription")
    _refuse_ended(subscription, command)
    _apply_words(db, subscription, command)
    _set_end(subscription, command.cancel_at_period_end, command.cancel_at, command.has("cancel_at"), now)
    if command.items:
        _change_items(db, customer, subscription, command, now)
    return subscription


def cancel(db: Session, subscription: Subscription, command: CancelSubscription, *, now: int) -> Subscription:
    """End a subscription at once; `prorate` credits unused time, `invoice_now` bills what is pending.

    Raises `ResourceMissing` when it has ended already, as the reference does.
    """
    customer = locked(db, Customer, subscription.customer_id, noun="customer")
    subscription = locked(db, Subscription, subscription.id, noun="subscription")
    if not rules.may_cancel(subscription.status):
        raise ResourceMissing("subscription", subscription.id)
    was = subscription.status
    if command.prorate and was in {"active", "past_due"}:
        _credit_unused(db, customer, subscription, items(db, subscription.id), now)
    elif not command.invoice_now:
        _drop_prorations(db, subscription)
    subscription.status = "incomplete_expired" if was == "incomplete" else "canceled"
    subscription.canceled_at = subscription.canceled_at or now
    subscription.ended_at = now
    subscription.cancellation_details = _details(subscription, command.cancellation_details)
    if was == "incomplete" and subscription.latest_invoice_id:
        _void_unpaid(db, subscription.latest_invoice_id, now)
    if command.invoice_now:
        _invoice_pending(db, customer, subscription, now)
    return subscription


def items(db: Session, subscription_id: str) -> list[Sold]:
    """The items of a subscription with their prices, oldest first."""
    statement = select(SubscriptionItem).where(SubscriptionItem.subscription_id == subscription_id)
    rows = list(db.scalars(statement.order_by(SubscriptionItem.created, SubscriptionItem.id)))
    prices = among(db, Price, [row.price_id for row in rows])
    return [Sold(row, prices[row.price_id]) for row in rows]


def unused(subscription: Subscription, sold: list[Sold], *, now: int) -> int:
    """What the rest of the running period is worth, before tax, in minor units."""
    start, end = subscription.current_period_start, subscription.current_period_end
    return sum(remaining(each.amount, start, end, now) for each in sold)


def _customer(db: Session, command: CreateSubscription) -> Customer:
    customer = locked(db, Customer, command.customer, noun="customer", param="customer")
    if customer.deleted_at is not None:
        raise ResourceMissing("customer", command.customer, param="customer")
    if not 1 <= len(command.items) <= MOST_ITEMS:
        raise InvalidRequest(f"A subscription has 1 to {MOST_ITEMS} items.", param="items", code="parameter_missing")
    if command.collection_method == "charge_automatically" and command.days_until_due is not None:
        raise InvalidRequest("days_until_due goes with collection_method=send_invoice only.", param="days_until_due")
    if command.collection_method == "send_invoice" and command.days_until_due is None:
        raise InvalidRequest(
            "Missing required param: days_until_due (it goes with collection_method=send_invoice).",
            param="days_until_due",
            code="parameter_missing",
        )
    live = select(Subscription.id).where(Subscription.customer_id == customer.id, Subscription.ended_at.is_(None))
    if len(db.scalars(live.limit(MOST_OF_CUSTOMER)).all()) >= MOST_OF_CUSTOMER:
        raise InvalidRequest(
            f"A customer has at most {MOST_OF_CUSTOMER} subscriptions.", code="customer_max_subscriptions"
        )
    return customer


def _prices(db: Session, customer: Customer, command: CreateSubscription) -> list[Price]:
    found = among(db, Price, [each.price for each in command.items])
    prices = []
    for index, each in enumerate(command.items):
        param = f"items[{index}][price]"
        price = found.get(each.price)
        if price is None:
            raise ResourceMissing("price", each.price, param=param)
        if not price.active:
            raise InvalidRequest(f"The price '{price.id}' is not active.", param=param)
        if price.interval is None:
            raise InvalidRequest("A subscription needs prices with `type=recurring`.", param=param)
        prices.append(price)
    if len({price.id for price in prices}) != len(prices):
        raise InvalidRequest("Each price can be in a subscription once; use quantity.", param="items")
    _refuse_mixture(customer, command, prices)
    return prices


def _refuse_mixture(customer: Customer, command: CreateSubscription, prices: list[Price]) -> None:
    if len({(price.interval, price.interval_count) for price in prices}) > 1:
        raise InvalidRequest("All prices of a subscription must have the same interval.", param="items")
    currencies = {price.currency for price in prices} | ({command.currency} if command.currency else set())
    if len(currencies) > 1:
        raise InvalidRequest("All prices of a subscription must be in the same currency.", param="items")
    balances.refuse_other_currency(customer, prices[0].currency)


def _new(customer: Customer, command: CreateSubscription, price: Price, now: int) -> Subscription:
    trial_end = _trial_end(command, price, now)
    anchor = trial_end or now
    end = trial_end or periods.end(now, price.interval or "month", price.interval_count or 1, now)
    return Subscription(
        id=ids.new("subscription"),
        created=now,
        customer_id=customer.id,
        status="trialing" if trial_end else "active",
        currency=price.currency,
        collection_method=command.collection_method,
        days_until_due=command.days_until_due,
        description=command.description,
        start_date=now,
        billing_cycle_anchor=anchor,
        current_period_start=now,
        current_period_end=end,
        trial_start=now if trial_end else None,
        trial_end=trial_end,
        cancel_at_period_end=False,
        cancellation_details={},
        default_tax_rates=[],
        metadata_=merged({}, command.metadata),
    )


def _trial_end(command: CreateSubscription, price: Price, now: int) -> int | None:
    if command.trial_end is not None and command.trial_period_days is not None:
        raise InvalidRequest("Send trial_end or trial_period_days, not both.", param="trial_period_days")
    if command.trial_end is not None and command.trial_end <= now:
        raise InvalidRequest("The trial must end in the future.", param="trial_end")
    if command.trial_period_days:
        return now + command.trial_period_days * clock.DAY
    return command.trial_end


def _item(db: Session, subscription: Subscription, each: Item, index: int) -> SubscriptionItem:
    item = SubscriptionItem(
        id=ids.new("subscription_item"),
        created=subscription.created,
        subscription_id=subscription.id,
        price_id=each.price,
        quantity=each.quantity,
        tax_rates=_rate_ids(db, each.tax_rates, f"items[{index}][tax_rates]"),
        metadata_=merged({}, each.metadata),
    )
    db.add(item)
    return item


def _rate_ids(db: Session, rate_ids: list[str], param: str) -> list[str]:
    return [rate.id for rate in catalogue.tax_rates(db, rate_ids, param)]


def _first_invoice(db: Session, customer: Customer, subscription: Subscription, sold: list[Sold], now: int) -> Invoice:
    period = (now, now)
    invoice = invoices.draft(
        db, customer, subscription, subscription.currency, "subscription_create", now=now, period=period
    )
    drafts.add_lines(db, invoice, [_line(db, customer, subscription, each) for each in sold])
    if subscription.collection_method == "send_invoice":
        return invoice
    trialing = subscription.status == "trialing"
    invoices.finalize(db, invoice, invoices.FinalizeInvoice(), now=now)
    subscription.status = rules.first_status(
        trialing=trialing, collection_method=subscription.collection_method, amount_due=invoice.amount_due
    )
    return invoice


def _line(db: Session, customer: Customer, subscription: Subscription, sold: Sold) -> dict[str, Any]:
    name = catalogue.product_name(db, sold.price.product_id)
    trialing = subscription.status == "trialing"
    if trialing:
        _ = i18n.translations(i18n.best(customer.preferred_locales)).gettext
        name = _("Trial period for %(product)s") % {"product": name}
    return {
        "amount": 0 if trialing else sold.amount,
        "description": name,
        "quantity": sold.item.quantity,
        "unit_amount_decimal": "0" if trialing else sold.price.unit_amount_decimal,
        "period_start": subscription.current_period_start,
        "period_end": subscription.current_period_end,
        "price_id": sold.price.id,
        "price": frozen_price(sold.price, scope_of(db).livemode),
        "subscription_id": subscription.id,
        "subscription_item_id": sold.item.id,
        "tax_rates": sold.item.tax_rates,
        "metadata_": subscription.metadata_,
    }


def _refuse_ended(subscription: Subscription, command: UpdateSubscription) -> None:
    if rules.may_cancel(subscription.status):
        return
    if command.model_fields_set - {"metadata", "cancellation_details", "expand"}:
        raise InvalidRequest("A canceled subscription can only update its cancellation_details and metadata.")


def _apply_words(db: Session, subscription: Subscription, command: UpdateSubscription) -> None:
    for key, value in command.given("collection_method", "days_until_due", "description").items():
        setattr(subscription, key, value)
    if subscription.collection_method == "send_invoice" and subscription.days_until_due is None:
        raise InvalidRequest("Missing required param: days_until_due.", param="days_until_due")
    if command.has("default_tax_rates"):
        subscription.default_tax_rates = _rate_ids(db, command.default_tax_rates, "default_tax_rates")
    if command.has("metadata"):
        subscription.metadata_ = merged(subscription.metadata_, command.metadata)
    if command.cancellation_details:
        sent = command.cancellation_details.model_dump(exclude_unset=True)
        subscription.cancellation_details = {**subscription.cancellation_details, **sent}


def _set_end(
    subscription: Subscription, at_period_end: bool | None, cancel_at: int | None, sent: bool, now: int
) -> None:
    """Set or clear the end. Raises `InvalidRequest` for two ends at once or one in the past."""
    if at_period_end and cancel_at is not None:
        raise InvalidRequest("Send cancel_at or cancel_at_period_end, not both.", param="cancel_at")
    if cancel_at is not None and cancel_at <= now:
        raise InvalidRequest("cancel_at must be in the future.", param="cancel_at")
    if at_period_end:
        _end_at(subscription, subscription.current_period_end, now)
        subscription.cancel_at_period_end = True
    elif cancel_at is not None:
        _end_at(subscription, cancel_at, now)
        subscription.cancel_at_period_end = False
    elif sent or (at_period_end is False and subscription.cancel_at_period_end):
        subscription.cancel_at = subscription.canceled_at = None
        subscription.cancel_at_period_end = False
        subscription.cancellation_details = {}


def _end_at(subscription: Subscription, moment: int, now: int) -> None:
    if subscription.cancel_at != moment:
        subscription.canceled_at = now
    subscription.cancel_at = moment
    subscription.cancellation_details = _details(subscription, None)


def _details(subscription: Subscription, sent: CancellationDetails | None) -> dict[str, Any]:
    given = sent.model_dump(exclude_unset=True) if sent else {}
    return {**subscription.cancellation_details, **given, "reason": "cancellation_requested"}


def _change_items(
    db: Session, customer: Customer, subscription: Subscription, command: UpdateSubscription, now: int
) -> None:
    sold = {each.item.id: each for each in items(db, subscription.id)}
    moment = command.proration_date or now
    if not subscription.current_period_start <= moment <= subscription.current_period_end:
        raise InvalidRequest("proration_date must lie within the current period.", param="proration_date")
    for index, change in enumerate(command.items):
        each = sold.get(change.id)
        if each is None:
            raise ResourceMissing("subscription item", change.id, param=f"items[{index}][id]")
        _change_item(db, customer, subscription, each, change, command, moment)
    if command.proration_behavior == "always_invoice":
        _invoice_pending(db, customer, subscription, now)


def _change_item(
    db: Session,
    customer: Customer,
    subscription: Subscription,
    sold: Sold,
    change: ItemChange,
    command: UpdateSubscription,
    now: int,
) -> None:
    if change.has("tax_rates"):
        sold.item.tax_rates = _rate_ids(db, change.tax_rates, "items[tax_rates]")
    if change.has("metadata"):
        sold.item.metadata_ = merged(sold.item.metadata_, change.metadata)
    if change.quantity is None or change.quantity == sold.item.quantity:
        return
    prorate = command.proration_behavior != "none" and subscription.status in {"active", "past_due"}
    if prorate:
        _prorate(db, customer, subscription, sold, now, credit=True)
    sold.item.quantity = change.quantity
    if prorate:
        _prorate(db, customer, subscription, sold, now, credit=False)


def _credit_unused(db: Session, customer: Customer, subscription: Subscription, sold: list[Sold], now: int) -> None:
    for each in sold:
        _prorate(db, customer, subscription, each, now, credit=True)


def _prorate(
    db: Session, customer: Customer, subscription: Subscription, sold: Sold, now: int, *, credit: bool
) -> None:
    """An item for the rest of the period: back for what is given up, due for what is taken on."""
    end = subscription.current_period_end
    amount = remaining(sold.amount, subscription.current_period_start, end, now)
    if not amount:
        return
    amount = -amount if credit else amount
    db.add(
        InvoiceItem(
            id=ids.new("invoiceitem"),
            created=now,
            customer_id=customer.id,
            subscription_id=subscription.id,
            subscription_item_id=sold.item.id,
            price_id=sold.price.id,
            amount=amount,
            currency=subscription.currency,
            description=_proration_words(db, customer, sold, now, credit),
            discountable=False,
            quantity=1,
            unit_amount_decimal=str(amount),
            period_start=now,
            period_end=end,
            proration=True,
            tax_rates=sold.item.tax_rates or subscription.default_tax_rates,
            metadata_={},
        )
    )


def _proration_words(db: Session, customer: Customer, sold: Sold, now: int, credit: bool) -> str:
    locale = i18n.best(customer.preferred_locales)
    _ = i18n.translations(locale).gettext
    words = (
        _("Unused time on %(product)s after %(date)s") if credit else _("Remaining time on %(product)s after %(date)s")
    )
    name = catalogue.product_name(db, sold.price.product_id)
    product = f"{i18n.number(sold.item.quantity, locale)} × {name}" if sold.item.quantity != 1 else name
    return words % {"product": product, "date": i18n.day(now, locale)}


def _drop_prorations(db: Session, subscription: Subscription) -> None:
    for item in invoiceitems.pending(db, subscription.customer_id, subscription.id):
        if item.proration:
            db.delete(item)


def _invoice_pending(db: Session, customer: Customer, subscription: Subscription, now: int) -> None:
    db.flush()
    waiting = invoiceitems.pending(db, customer.id, subscription.id)
    if not waiting:
        return
    invoice = invoices.draft(
        db, customer, subscription, subscription.currency, "subscription_update", now=now, period=(now, now)
    )
    for item in waiting:
        drafts.add_item(db, invoice, item)
    subscription.latest_invoice_id = invoice.id
    invoices.finalize(db, invoice, invoices.FinalizeInvoice(), now=now)


def _void_unpaid(db: Session, invoice_id: str, now: int) -> None:
    invoice = locked(db, Invoice, invoice_id, noun="invoice")
    if invoice.status == "open":
        invoices.void(db, invoice, Command(), now=now)
