"""Changes of a running subscription's items, and the prorations that bill the rest of its period."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy.orm import Session

from portal import clock, ids
from portal.billing.catalogue import item_prices
from portal.billing.catalogue.sold import SoldItem
from portal.billing.discounts import redemptions
from portal.billing.invoices import collection, collectors, pending_updates
from portal.billing.invoices.pending_updates import SubscriptionSnapshot
from portal.billing.subscriptions import items, periods, prorations
from portal.billing.subscriptions.items import ItemChange, ResolvedItem
from portal.errors import CardError, InvalidRequest, MissingParameter, ResourceMissing
from portal.models import Customer, Invoice, Price, Subscription
from portal.rules import subscriptions as rules
from portal.wire.commands import Command, merge_metadata

ProrationBehavior = Literal["always_invoice", "create_prorations", "none"]
PaymentBehavior = Literal["allow_incomplete", "default_incomplete", "error_if_incomplete"]
ChangeBehavior = PaymentBehavior | Literal["pending_if_incomplete"]


LONGEST_TRIAL = 731 * clock.DAY  # two years


@dataclass(frozen=True)
class BillingOptions:
    """How a change is billed: the parameters `proration_behavior`, `proration_date` and so on."""

    proration: ProrationBehavior = "create_prorations"
    date: int | None = None
    payment: ChangeBehavior | None = None
    anchor: Literal["now", "unchanged"] | None = None
    trial_end: int | Literal["now"] | None = None
    trial_from_plan: bool = False
    before: SubscriptionSnapshot | None = None


@dataclass(frozen=True)
class ItemTarget:
    """What one item changes to: `sold` is None for a new item, `price` is None for an item that is removed."""

    sold: SoldItem | None
    price: Price | None
    quantity: int
    sent: ItemChange
    param: str

    @property
    def changes_cost(self) -> bool:
        """Whether the rest of the period is worth something else."""
        if self.sold is None or self.price is None:
            return True
        return (self.price.id, self.quantity) != (self.sold.item.price_id, self.sold.item.quantity)


def apply(
    db: Session,
    customer: Customer,
    subscription: Subscription,
    changes: Sequence[ItemChange],
    asked: BillingOptions,
    *,
    now: int,
) -> None:
    """Change items, the anchor or the trial of a subscription that the caller has locked with its customer.

    Raises `ResourceMissing` for an item of another subscription, `InvalidRequest` for prices that don't
    go together, `CardError` where the change is billed at once and was to be refused unless it is paid.
    """
    moment = prorations.proration_start(subscription, asked.date, now)
    held = items.list_items(db, subscription.id)
    wishes = _item_targets(db, held, changes, now)
    prices = _prices_after(held, wishes)
    items.refuse_mixed(customer, prices, subscription.currency)
    trial_end = _requested_trial_end(prices, asked, now)
    restarts = _restarts_period(subscription, [each.price for each in held], prices, asked, trial_end)
    prorates = asked.proration != "none" and rules.is_prorated(subscription.status)
    rest = prorations.RemainingPeriod(customer, subscription, moment, now) if prorates else None
    if rest and restarts:
        prorations.credit_unused_time(db, rest, held)
    _apply_all(db, wishes, ChangeContext(customer, subscription, None if restarts else rest, asked, now))
    invoice = None
    if restarts:
        invoice = periods.begin(db, customer, subscription, now=now, trial_end=trial_end)
    elif asked.proration == "always_invoice":
        invoice = prorations.invoice_pending(db, customer, subscription, now)
    if trial_end and not restarts:
        periods.move_trial_end(subscription, trial_end)
    _collect_or_hold(db, customer, subscription, invoice, asked, now)


def prepare_pending_update(
    db: Session, subscription: Subscription, command: Command, payment: ChangeBehavior | None, *, now: int
) -> SubscriptionSnapshot | None:
    """Drop the update that already waits; return the state to go back to if this change must wait for its payment.

    Raises `InvalidRequest` for a change that can't wait.
    """
    collection.drop_pending_update(db, subscription, now=now)
    if payment != "pending_if_incomplete":
        return None
    return pending_updates.prepare(db, subscription, command)


def _collect_or_hold(
    db: Session,
    customer: Customer,
    subscription: Subscription,
    invoice: Invoice | None,
    asked: BillingOptions,
    now: int,
) -> None:
    """Apply the payment behavior, or hold the change back until its invoice is paid."""
    if asked.before and invoice and invoice.status == "open":
        pending_updates.defer_until_paid(db, subscription, asked.before, invoice, now=now)
        return
    apply_payment_behavior(db, subscription, invoice, asked)
    if asked.before:
        pending_updates.drop_orphaned_discounts(db, customer, subscription, asked.before.items, now=now)


def apply_payment_behavior(
    db: Session, subscription: Subscription, invoice: Invoice | None, asked: BillingOptions
) -> None:
    """Set the subscription past due while its invoice can't be collected.

    Raises `CardError` for `error_if_incomplete`.
    """
    if invoice is None or subscription.collection_method == "send_invoice":
        return
    stuck = collectors.stuck_attempt(db, invoice)
    if stuck is None:
        return
    if asked.payment == "error_if_incomplete":
        raise CardError(f"The invoice for this change can't be paid: {stuck.reason}")
    if subscription.status == "active":
        subscription.status = "past_due"


def _item_targets(db: Session, before: Sequence[SoldItem], changes: Sequence[ItemChange], now: int) -> list[ItemTarget]:
    held = {each.item.id: each for each in before}
    wishes = []
    for index, change in enumerate(changes):
        param = f"items[{index}]"
        sold = None
        if change.id is not None:
            # each item at most once, as its second change would find it changed
            sold = held.pop(change.id, None)
            if sold is None:
                raise ResourceMissing("subscription item", change.id, param=f"{param}[id]")
        wishes.append(_item_target(db, sold, change, param, now))
    return wishes


def _item_target(db: Session, sold: SoldItem | None, change: ItemChange, param: str, now: int) -> ItemTarget:
    if change.deleted:
        if sold is None:
            raise MissingParameter(f"{param}[id]")
        return ItemTarget(sold, None, 0, change, param)
    price = item_prices.resolve_price(db, change, param, now=now) or (sold.price if sold else None)
    if price is None:
        raise MissingParameter(f"{param}[price]")
    quantity = change.quantity if change.quantity is not None else sold.item.quantity if sold else 1
    items.refuse_large(price, quantity, param)
    return ItemTarget(sold, price, quantity, change, param)


def _prices_after(before: Sequence[SoldItem], wishes: Sequence[ItemTarget]) -> list[Price]:
    changed = {wish.sold.item.id for wish in wishes if wish.sold}
    kept = [each.price for each in before if each.item.id not in changed]
    prices = kept + [wish.price for wish in wishes if wish.price]
    if not prices:
        raise InvalidRequest("A subscription must have at least one active plan.", param="items")
    return prices


def _requested_trial_end(prices: Sequence[Price], asked: BillingOptions, now: int) -> int | None:
    if asked.trial_from_plan:
        if asked.trial_end is not None:
            raise InvalidRequest("Send trial_from_plan or trial_end, not both.", param="trial_from_plan")
        days = max(price.trial_period_days or 0 for price in prices)
        return now + days * clock.DAY if days else None
    if asked.trial_end is None or asked.trial_end == "now":
        return None
    if not now < asked.trial_end <= now + LONGEST_TRIAL:
        raise InvalidRequest("The trial must end in the future, within two years.", param="trial_end")
    return asked.trial_end


def _restarts_period(
    subscription: Subscription,
    before: Sequence[Price],
    after: Sequence[Price],
    asked: BillingOptions,
    trial_end: int | None,
) -> bool:
    trialing = subscription.status == "trialing"
    if asked.trial_end == "now":
        return trialing
    if trialing:
        if asked.anchor == "now":
            raise InvalidRequest("A trial keeps its end; send trial_end=now to end it.", param="billing_cycle_anchor")
        return False
    running = rules.is_paid_ahead(subscription.status)
    return asked.anchor == "now" or trial_end is not None or (running and periods.needs_new_period(before, after))


@dataclass(frozen=True)
class ChangeContext:
    """What all targets of one change share; `rest` is None where nothing is prorated."""

    customer: Customer
    subscription: Subscription
    rest: prorations.RemainingPeriod | None
    asked: BillingOptions
    now: int


def _apply_all(db: Session, wishes: Sequence[ItemTarget], change: ChangeContext) -> None:
    item_ids = sorted(ids.new("subscription_item") for _ in wishes)
    proration_ids = prorations.new_item_ids(2 * len(wishes))
    rest, subscription = change.rest, change.subscription
    credits = rest.credits_by_item(db, items.list_items(db, subscription.id)) if rest else {}
    charged = []
    for at, wish in enumerate(wishes):
        costs_other = wish.changes_cost
        if rest and costs_other and wish.sold:
            rest.credit_item(db, wish.sold, credits[wish.sold.item.id], proration_ids[2 * at])
        after = _apply_to_item(db, subscription, wish, item_ids[at], change.now)
        _apply_discounts(db, change, wish, after)
        if after and costs_other:
            charged.append((after, proration_ids[2 * at + 1]))
    db.flush()
    if rest:
        _charge_items(db, rest, charged)


def _charge_items(db: Session, rest: prorations.RemainingPeriod, charged: Sequence[tuple[SoldItem, str]]) -> None:
    held = items.list_items(db, rest.subscription.id)
    costs = prorations.period_costs(db, rest.customer, rest.subscription, held, rest.moment)
    for sold, id in charged:
        rest.charge_item(db, sold, costs[sold.item.id], id)
    db.flush()


def _apply_to_item(db: Session, subscription: Subscription, wish: ItemTarget, id: str, now: int) -> SoldItem | None:
    sent = wish.sent
    if wish.price is None:
        return None
    if wish.sold is None:
        item = ResolvedItem(
            price=wish.price.id, quantity=wish.quantity, tax_rates=sent.tax_rates, metadata=sent.metadata
        )
        return items.create_item(db, subscription, item, wish.price, id, wish.param, created=now)
    item_row = wish.sold.item
    item_row.price_id, item_row.quantity = wish.price.id, wish.quantity
    if sent.was_sent("tax_rates"):
        item_row.tax_rates = items.active_rate_ids(db, sent.tax_rates, f"{wish.param}[tax_rates]")
    if sent.was_sent("metadata"):
        item_row.metadata_ = merge_metadata(item_row.metadata_, sent.metadata)
    return SoldItem(item_row, wish.price)


def _apply_discounts(db: Session, change: ChangeContext, wish: ItemTarget, after: SoldItem | None) -> None:
    """Redeem the discounts that were sent. An item that is removed for good loses its own discounts."""
    customer, subscription, now = change.customer, change.subscription, change.now
    param = f"{wish.param}[discounts]"
    if after and wish.sent.was_sent("discounts"):
        redemptions.redeem_for_subscription_item(db, customer, subscription, after, wish.sent.discounts, param, now=now)
    if after is None and wish.sold:
        if wish.sold.item.discounts and not change.asked.before:
            redemptions.redeem_for_subscription_item(db, customer, subscription, wish.sold, [], param, now=now)
        db.delete(wish.sold.item)
