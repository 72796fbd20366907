"""Subscriptions: created with their first invoice, updated, set to end. Renewals are done by the worker."""

from typing import Annotated

from pydantic import AfterValidator
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import ids
from portal.billing.catalogue.sold import SoldItem
from portal.billing.discounts import redemptions
from portal.billing.invoices.collectors import stuck_attempt
from portal.billing.invoices.params import CollectionMethod, DaysUntilDue
from portal.billing.invoices.pending_updates import SubscriptionSnapshot
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
from portal.billing.subscriptions.billing_modes import DEFAULT_BILLING_MODE as DEFAULT_MODE
from portal.billing.subscriptions.billing_modes import BillingModeData
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
    ListCommand,
    ListOf,
    Metadata,
    Text,
    Timestamp,
    TimestampFilter,
    integer_between,
    merge_metadata,
    parameter_error,
)
from portal.wire.moments import AnchorChange, EndOrTimestamp, NowOrTimestamp

MOST_PER_CUSTOMER = 500


def _validate_status(value: str) -> str:
    if value not in rules.STATUSES | {"all", "ended"}:
        raise parameter_error("", f"Invalid status: must be one of {', '.join(sorted(rules.STATUSES))}, all or ended")
    return value


class CreateSubscription(
    redemptions.DiscountParams,
    pauses.TrialOptions,
    invoice_settings.InvoiceOptions,
    interim_invoices.InterimInvoiceParams,
):
    customer: Id
    items: ListOf[SentItem]
    add_invoice_items: ListOf[AddedItem] = []
    backdate_start_date: Timestamp | None = None
    billing_cycle_anchor: Timestamp | None = None
    billing_cycle_anchor_config: starts.AnchorConfig | None = None
    billing_mode: BillingModeData = DEFAULT_MODE
    cancel_at: EndOrTimestamp | None = None
    cancel_at_period_end: Flag = False
    collection_method: CollectionMethod = "charge_automatically"
    currency: Currency | None = None
    days_until_due: DaysUntilDue | None = None
    default_tax_rates: ListOf[Id] = []
    description: Clearable[Text] = None
    metadata: Metadata = {}
    off_session: Flag | None = None
    payment_behavior: item_changes.PaymentBehavior = "allow_incomplete"
    proration_behavior: item_changes.ProrationBehavior = "create_prorations"
    trial_end: NowOrTimestamp | None = None
    trial_from_plan: Flag = False
    trial_period_days: Annotated[int, integer_between(0, 730)] | None = None


class UpdateSubscription(
    redemptions.DiscountParams,
    pauses.TrialOptions,
    invoice_settings.InvoiceOptions,
    interim_invoices.InterimInvoiceParams,
):
    add_invoice_items: ListOf[AddedItem] = []
    billing_cycle_anchor: AnchorChange | None = None
    cancel_at: Clearable[EndOrTimestamp] = None
    cancel_at_period_end: Flag | None = None
    cancellation_details: CancellationDetails | None = None
    collection_method: CollectionMethod | None = None
    days_until_due: DaysUntilDue | None = None
    default_tax_rates: ListOf[Id] = []
    description: Clearable[Text] = None
    items: ListOf[ItemChange] = []
    metadata: Metadata = {}
    off_session: Flag | None = None
    pause_collection: Clearable[pauses.PauseCollection] = None
    payment_behavior: item_changes.ChangeBehavior | None = None
    proration_behavior: item_changes.ProrationBehavior = "create_prorations"
    proration_date: Timestamp | None = None
    trial_end: NowOrTimestamp | None = None
    trial_from_plan: Flag = False


class ListSubscriptions(ListCommand):
    collection_method: CollectionMethod | None = None
    created: TimestampFilter = None
    current_period_end: TimestampFilter = None
    current_period_start: TimestampFilter = None
    customer: Id | None = None
    plan: Id | None = None
    price: Id | None = None
    status: Annotated[Id, AfterValidator(_validate_status)] | None = None
    test_clock: Id | None = None


def create(db: Session, command: CreateSubscription, *, now: int, checked: bool = False) -> Subscription:
    """Create a subscription and its first invoice; with `checked` its prices have been validated before.

    With `charge_automatically` the invoice is finalized at once and, where something is due, the
    subscription is `incomplete` until it is paid; with `send_invoice` it stays a draft.
    Raises `InvalidRequest` for prices that don't go together, `CardError` for `error_if_incomplete`.
    """
    customer = locks.billable_customer(db, command.customer)
    _refuse_too_many(db, customer)
    wanted, prices = subscription_items.resolve_items(db, command.items, now=now, checked=checked)
    subscription_items.refuse_mixed(customer, prices, command.currency)
    start = starts.plan_first_period(command, prices, now=now)
    subscription = _build_subscription(customer, command, prices[0], start, now)
    _apply_collection_method(subscription, command)
    subscription.default_tax_rates = subscription_items.active_rate_ids(
        db, command.default_tax_rates, "default_tax_rates"
    )
    subscription.invoice_settings = invoice_settings.merge_settings(db, None, command.invoice_settings)
    db.add(subscription)
    sold = subscription_items.add_items(db, subscription, wanted, prices)
    _redeem_discounts(db, customer, subscription, command, sold, now)
    customer.currency = subscription.currency
    cancellations.set_end_date(
        subscription, command.cancel_at_period_end, command.cancel_at, sent=command.was_sent("cancel_at"), now=now
    )
    if command.pending_invoice_item_interval:
        interim_invoices.set_interval(subscription, prices[0], command.pending_invoice_item_interval, now=now)
    one_time_items.create_items(
        db, customer, None, command.add_invoice_items, one_time_items.billing_periods(subscription), now=now
    )
    invoice = starts.create_first_invoice(db, customer, subscription, sold, start, now=now)
    stuck = stuck_attempt(db, invoice) if subscription.status == "incomplete" else None
    if stuck and command.payment_behavior == "error_if_incomplete":
        raise CardError(f"The first invoice can't be paid: {stuck.reason}")
    subscription.latest_invoice_id = invoice.id
    return subscription


def update(db: Session, subscription: Subscription, command: UpdateSubscription, *, now: int) -> Subscription:
    """Change what was sent; a new quantity is prorated to the second unless the parameters say otherwise.

    Raises `InvalidRequest` for any but descriptive changes on a subscription that has ended.
    """
    customer = locks.subscription_with_customer(db, subscription)
    _refuse_ended(subscription, command)
    changes = command.sent_values("items", "billing_cycle_anchor", "trial_end") or command.trial_from_plan
    before = (
        item_changes.prepare_pending_update(db, subscription, command, command.payment_behavior, now=now)
        if changes
        else None
    )
    _apply_settings(db, subscription, command)
    if command.was_sent("pause_collection"):
        subscription.pause_collection = pauses.build_pause_collection(command.pause_collection, now=now)
    cancellations.set_end_date(
        subscription, command.cancel_at_period_end, command.cancel_at, sent=command.was_sent("cancel_at"), now=now
    )
    one_time_items.create_items(
        db, customer, subscription, command.add_invoice_items, one_time_items.billing_periods(subscription), now=now
    )
    if changes:
        item_changes.apply(db, customer, subscription, command.items, _billing_options(command, before), now=now)
    if command.was_sent("pending_invoice_item_interval"):
        price = subscription_items.list_items(db, subscription.id)[0].price
        interim_invoices.set_interval(subscription, price, command.pending_invoice_item_interval, now=now)
    if command.sent_values("coupon", "discounts", "promotion_code"):
        sold = subscription_items.list_items(db, subscription.id)
        redemptions.redeem_for_subscription(db, customer, subscription, command, _period_amount(sold), now=now)
    return subscription


def _refuse_too_many(db: Session, customer: Customer) -> None:
    live = select(Subscription.id).where(Subscription.customer_id == customer.id, Subscription.ended_at.is_(None))
    if len(db.scalars(live.limit(MOST_PER_CUSTOMER)).all()) >= MOST_PER_CUSTOMER:
        raise InvalidRequest(
            f"A customer has at most {MOST_PER_CUSTOMER} subscriptions.", code="customer_max_subscriptions"
        )


def _build_subscription(
    customer: Customer, command: CreateSubscription, price: Price, start: starts.FirstPeriod, now: int
) -> Subscription:
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
        billing_cycle_anchor_config=starts.render_anchor_config(command.billing_cycle_anchor_config),
        billing_mode=modes.build_mode(command.billing_mode.type),
        current_period_start=now,
        current_period_end=start.period_end,
        trial_start=now if start.trial_end else None,
        trial_end=start.trial_end,
        cancel_at_period_end=False,
        cancellation_details={},
        discounts=[],
        metadata_=merge_metadata({}, command.metadata),
        test_clock_id=customer.test_clock_id,
        trial_ends_in=pauses.trial_end_action(command.trial_settings),
    )


def _redeem_discounts(
    db: Session,
    customer: Customer,
    subscription: Subscription,
    command: CreateSubscription,
    sold: list[SoldItem],
    now: int,
) -> None:
    """Redeem the discounts of the subscription and its items before the first invoice inherits them."""
    redemptions.redeem_for_subscription(db, customer, subscription, command, _period_amount(sold), now=now)
    for index, (each, sent) in enumerate(zip(sold, command.items, strict=True)):
        if sent.discounts:
            redemptions.redeem_for_subscription_item(
                db, customer, subscription, each, sent.discounts, f"items[{index}][discounts]", now=now
            )


def _period_amount(sold: list[SoldItem]) -> int:
    return sum(each.amount for each in sold)


def _billing_options(command: UpdateSubscription, before: SubscriptionSnapshot | None) -> item_changes.BillingOptions:
    return item_changes.BillingOptions(
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


def _apply_settings(db: Session, subscription: Subscription, command: UpdateSubscription) -> None:
    if command.was_sent("description"):
        subscription.description = command.description
    if command.was_sent("collection_method") or command.was_sent("days_until_due"):
        _apply_collection_method(subscription, command)
    if command.was_sent("default_tax_rates"):
        rates = subscription_items.active_rate_ids(db, command.default_tax_rates, "default_tax_rates")
        subscription.default_tax_rates = rates
    if command.was_sent("invoice_settings"):
        settings = invoice_settings.merge_settings(db, subscription.invoice_settings, command.invoice_settings)
        subscription.invoice_settings = settings
    if command.was_sent("trial_settings"):
        subscription.trial_ends_in = pauses.trial_end_action(command.trial_settings)
    if command.was_sent("metadata"):
        subscription.metadata_ = merge_metadata(subscription.metadata_, command.metadata)
    if command.cancellation_details:
        cancellations.add_details(db, subscription, command.cancellation_details)


def _apply_collection_method(subscription: Subscription, command: CreateSubscription | UpdateSubscription) -> None:
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
