"""Subscriptions: begun with their first invoice, changed, set to end, ended.

Renewal belongs to the worker; here a subscription has the one period it is in.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import ids
from portal.billing.catalogue.sold import Sold
from portal.billing.discounts import redemptions
from portal.billing.invoices import changes as invoice_changes
from portal.billing.invoices.pending_updates import Before
from portal.billing.ledger import locks
from portal.billing.subscriptions import (
    cancellations,
    interim_invoices,
    invoice_settings,
    item_changes,
    one_time_items,
    pauses,
    starts,
)
from portal.billing.subscriptions import items as subscription_items
from portal.billing.subscriptions.billing_modes import DEFAULT as DEFAULT_MODE
from portal.billing.subscriptions.billing_modes import SentMode
from portal.billing.subscriptions.cancellations import CancellationDetails
from portal.billing.subscriptions.items import ItemChange, SentItem
from portal.billing.subscriptions.one_time_items import AddedItem
from portal.errors import CardError, InvalidRequest, MissingParameter
from portal.models import Customer, Price, Subscription
from portal.rules import billing_modes as modes
from portal.rules import subscriptions as rules
from portal.wire.commands import (
    Clearable,
    Currency,
    Flag,
    Id,
    Listing,
    ListOf,
    Metadata,
    Text,
    Timestamp,
    TimestampFilter,
    merged,
    whole,
    wrong,
)
from portal.wire.moments import AnchorChange, EndOrTimestamp, NowOrTimestamp

MOST_OF_CUSTOMER = 500


def _status(value: str) -> str:
    if value not in rules.STATUSES | {"all", "ended"}:
        raise wrong("", f"Invalid status: must be one of {', '.join(sorted(rules.STATUSES))}, all or ended")
    return value


class CreateSubscription(redemptions.Discounts, pauses.Pausing, invoice_settings.Invoiced, interim_invoices.Interim):
    customer: Id
    items: ListOf[SentItem]
    add_invoice_items: ListOf[AddedItem] = []
    backdate_start_date: Timestamp | None = None
    billing_cycle_anchor: Timestamp | None = None
    billing_cycle_anchor_config: starts.AnchorConfig | None = None
    billing_mode: SentMode = DEFAULT_MODE
    cancel_at: EndOrTimestamp | None = None
    cancel_at_period_end: Flag = False
    collection_method: invoice_changes.Collection = "charge_automatically"
    currency: Currency | None = None
    days_until_due: invoice_changes.Days | None = None
    default_tax_rates: ListOf[Id] = []
    description: Clearable[Text] = None
    metadata: Metadata = {}
    off_session: Flag | None = None
    payment_behavior: item_changes.PaymentBehavior = "allow_incomplete"
    proration_behavior: item_changes.Proration = "create_prorations"
    trial_end: NowOrTimestamp | None = None
    trial_from_plan: Flag = False
    trial_period_days: Annotated[int, whole(0, 730)] | None = None


class UpdateSubscription(redemptions.Discounts, pauses.Pausing, invoice_settings.Invoiced, interim_invoices.Interim):
    add_invoice_items: ListOf[AddedItem] = []
    billing_cycle_anchor: AnchorChange | None = None
    cancel_at: Clearable[EndOrTimestamp] = None
    cancel_at_period_end: Flag | None = None
    cancellation_details: CancellationDetails | None = None
    collection_method: invoice_changes.Collection | None = None
    days_until_due: invoice_changes.Days | None = None
    default_tax_rates: ListOf[Id] = []
    description: Clearable[Text] = None
    items: ListOf[ItemChange] = []
    metadata: Metadata = {}
    off_session: Flag | None = None
    pause_collection: Clearable[pauses.PauseCollection] = None
    payment_behavior: item_changes.ChangeBehavior | None = None
    proration_behavior: item_changes.Proration = "create_prorations"
    proration_date: Timestamp | None = None
    trial_end: NowOrTimestamp | None = None
    trial_from_plan: Flag = False


class ListSubscriptions(Listing):
    collection_method: invoice_changes.Collection | None = None
    created: TimestampFilter = None
    current_period_end: TimestampFilter = None
    current_period_start: TimestampFilter = None
    customer: Id | None = None
    plan: Id | None = None
    price: Id | None = None
    status: Annotated[Id, AfterValidator(_status)] | None = None
    test_clock: Id | None = None


def create(db: Session, command: CreateSubscription, *, now: int, checked: bool = False) -> Subscription:
    """A subscription and its first invoice; `checked` is whether its prices were looked at before.

    With `charge_automatically` the invoice is finalized at once and, where something is due, the
    subscription is `incomplete` until it is paid; with `send_invoice` it stays a draft.
    Raises `InvalidRequest` for prices that don't go together, `CardError` for `error_if_incomplete`.
    """
    customer = locks.buyer(db, command.customer)
    _refuse_too_many(db, customer)
    wanted, prices = subscription_items.settled(db, command.items, now=now, checked=checked)
    subscription_items.refuse_mixed(customer, prices, command.currency)
    start = starts.start(command, prices, now=now)
    subscription = _new(customer, command, prices[0], start, now)
    _apply_collection(subscription, command)
    subscription.default_tax_rates = subscription_items.rate_ids(db, command.default_tax_rates, "default_tax_rates")
    subscription.invoice_settings = invoice_settings.changed(db, None, command.invoice_settings)
    db.add(subscription)
    sold = subscription_items.add(db, subscription, wanted, prices)
    _put_discounts(db, customer, subscription, command, sold, now)
    customer.currency = subscription.currency
    cancellations.set_end(
        subscription, command.cancel_at_period_end, command.cancel_at, sent=command.has("cancel_at"), now=now
    )
    if command.pending_invoice_item_interval:
        interim_invoices.apply(subscription, prices[0], command.pending_invoice_item_interval, now=now)
    one_time_items.add(db, customer, None, command.add_invoice_items, one_time_items.span(subscription), now=now)
    invoice = starts.first_invoice(db, customer, subscription, sold, start, now=now)
    if subscription.status == "incomplete" and command.payment_behavior == "error_if_incomplete":
        raise CardError("The first invoice can't be paid: this customer has no payment method here.")
    subscription.latest_invoice_id = invoice.id
    return subscription


def update(db: Session, subscription: Subscription, command: UpdateSubscription, *, now: int) -> Subscription:
    """Change what was sent; another quantity is prorated to the second unless told otherwise.

    Raises `InvalidRequest` for anything but words on a subscription that has ended.
    """
    customer, subscription = locks.subscription(db, subscription.id, subscription.customer_id)
    _refuse_ended(subscription, command)
    changes = command.given("items", "billing_cycle_anchor", "trial_end") or command.trial_from_plan
    before = item_changes.before(db, subscription, command, command.payment_behavior, now=now) if changes else None
    _apply_words(db, subscription, command)
    if command.has("pause_collection"):
        subscription.pause_collection = pauses.paused(command.pause_collection, now=now)
    cancellations.set_end(
        subscription, command.cancel_at_period_end, command.cancel_at, sent=command.has("cancel_at"), now=now
    )
    one_time_items.add(
        db, customer, subscription, command.add_invoice_items, one_time_items.span(subscription), now=now
    )
    if changes:
        item_changes.apply(db, customer, subscription, command.items, _asked(command, before), now=now)
    if command.has("pending_invoice_item_interval"):
        price = subscription_items.items(db, subscription.id)[0].price
        interim_invoices.apply(subscription, price, command.pending_invoice_item_interval, now=now)
    if command.given("coupon", "discounts", "promotion_code"):
        sold = subscription_items.items(db, subscription.id)
        redemptions.put_on_subscription(db, customer, subscription, command, _price_of(sold), now=now)
    return subscription


def _refuse_too_many(db: Session, customer: Customer) -> None:
    live = select(Subscription.id).where(Subscription.customer_id == customer.id, Subscription.ended_at.is_(None))
    if len(db.scalars(live.limit(MOST_OF_CUSTOMER)).all()) >= MOST_OF_CUSTOMER:
        raise InvalidRequest(
            f"A customer has at most {MOST_OF_CUSTOMER} subscriptions.", code="customer_max_subscriptions"
        )


def _new(customer: Customer, command: CreateSubscription, price: Price, start: starts.Start, now: int) -> Subscription:
    return Subscription(
        id=ids.new("subscription"),
        created=now,
        customer_id=customer.id,
        status="trialing" if start.trial_end else "active",
        currency=price.currency,
        collection_method=command.collection_method,
        days_until_due=command.days_until_due,
        description=command.description,
        start_date=start.start_date,
        billing_cycle_anchor=start.anchor,
        billing_cycle_anchor_config=starts.kept_config(command.billing_cycle_anchor_config),
        billing_mode=modes.mode(command.billing_mode.type),
        current_period_start=now,
        current_period_end=start.period_end,
        trial_start=now if start.trial_end else None,
        trial_end=start.trial_end,
        cancel_at_period_end=False,
        cancellation_details={},
        discounts=[],
        metadata_=merged({}, command.metadata),
        test_clock_id=customer.test_clock_id,
        trial_ends_in=pauses.trial_ends_in(command.trial_settings),
    )


def _put_discounts(
    db: Session, customer: Customer, subscription: Subscription, command: CreateSubscription, sold: list[Sold], now: int
) -> None:
    """Discounts of the whole and of its items, before the first invoice takes them over."""
    redemptions.put_on_subscription(db, customer, subscription, command, _price_of(sold), now=now)
    for index, (each, sent) in enumerate(zip(sold, command.items, strict=True)):
        if sent.discounts:
            redemptions.put_on_subscription_item(
                db, customer, subscription, each, sent.discounts, f"items[{index}][discounts]", now=now
            )


def _price_of(sold: list[Sold]) -> int:
    return sum(each.amount for each in sold)


def _asked(command: UpdateSubscription, before: Before | None) -> item_changes.Asked:
    return item_changes.Asked(
        command.proration_behavior,
        command.proration_date,
        command.payment_behavior,
        command.billing_cycle_anchor,
        command.trial_end,
        command.trial_from_plan,
        before,
    )


def _refuse_ended(subscription: Subscription, command: UpdateSubscription) -> None:
    if rules.may_cancel(subscription.status):
        return
    if command.model_fields_set - {"metadata", "cancellation_details", "expand"}:
        raise InvalidRequest("A canceled subscription can only update its cancellation_details and metadata.")


def _apply_words(db: Session, subscription: Subscription, command: UpdateSubscription) -> None:
    if command.has("description"):
        subscription.description = command.description
    if command.has("collection_method") or command.has("days_until_due"):
        _apply_collection(subscription, command)
    if command.has("default_tax_rates"):
        rates = subscription_items.rate_ids(db, command.default_tax_rates, "default_tax_rates")
        subscription.default_tax_rates = rates
    if command.has("invoice_settings"):
        settings = invoice_settings.changed(db, subscription.invoice_settings, command.invoice_settings)
        subscription.invoice_settings = settings
    if command.has("trial_settings"):
        subscription.trial_ends_in = pauses.trial_ends_in(command.trial_settings)
    if command.has("metadata"):
        subscription.metadata_ = merged(subscription.metadata_, command.metadata)
    if command.cancellation_details:
        cancellations.add_details(db, subscription, command.cancellation_details)


def _apply_collection(subscription: Subscription, command: CreateSubscription | UpdateSubscription) -> None:
    """How invoices are collected. Raises `InvalidRequest` where days to pay are missing or out of place."""
    if command.collection_method is not None:
        subscription.collection_method = command.collection_method
    if command.days_until_due is not None:
        subscription.days_until_due = command.days_until_due
    if subscription.collection_method == "charge_automatically":
        if command.days_until_due is not None:
            raise InvalidRequest(
                "days_until_due goes with collection_method=send_invoice only.", param="days_until_due"
            )
        subscription.days_until_due = None
    elif subscription.days_until_due is None:
        raise MissingParameter("days_until_due", why="it goes with collection_method=send_invoice")
