"""The features of a portal configuration: their parameters, and the complete form in which they are stored."""

from typing import Annotated, Any, Literal

from sqlalchemy.orm import Session

from portal.billing.configurations import feedback_options, retention_features
from portal.billing.configurations.defaults import fill_quantity_limits, fill_rules
from portal.db import rows_by_id
from portal.errors import InvalidRequest, MissingParameter, ResourceMissing
from portal.models import Price, Product
from portal.rules.corrections import CorrectableField, TaxPeriod
from portal.rules.portal_features import UpdatableDetail, complete_features
from portal.rules.subscriptions import Feedback
from portal.rules.switch_rules import ChangeKind
from portal.wire.commands import Clearable, Command, Country, Flag, Id, ListOf, Quantity, integer_between, text_up_to
from portal.wire.hashes import merge_hashes

#: Ten in the reference.
MOST_PRODUCTS = 100
MOST_DURATIONS = 10
#: Days of the longest pause that can be offered, and of each interval at least.
LONGEST_PAUSE = 3 * 365
_DAYS = {"day": 1, "week": 7, "month": 30, "year": 365}

#: The name of a value in metadata.
MetadataKey = Annotated[str, text_up_to(40)]
ProrationBehavior = Literal["always_invoice", "create_prorations", "none"]


class Toggle(Command):
    enabled: Flag


class CustomerUpdate(Command):
    """Which of their details customers may change."""

    enabled: Flag | None = None
    allowed_updates: ListOf[UpdatableDetail] = []


class InvoiceCorrection(Command):
    """Which parts of an invoice customers may correct, and until when: see `rules.corrections.CorrectionLimits`."""

    countries: ListOf[Country] = []
    days: Annotated[int, integer_between(0, 365)] = 30
    enabled: Flag | None = None
    fields: ListOf[CorrectableField] = []
    tax_period: TaxPeriod = "quarter"


class PaymentMethodUpdate(Command):
    enabled: Flag
    payment_method_configuration: Clearable[Id] = None


class CancellationReason(Command):
    """The reasons to choose from: the wire's own, and the merchant's `feedback_options`."""

    enabled: Flag
    options: ListOf[Feedback] = []
    feedback_options: ListOf[Id] = []


class SubscriptionCancel(Command):
    """Whether and when customers may end a subscription."""

    enabled: Flag | None = None
    mode: Literal["at_period_end", "immediately"] = "at_period_end"
    proration_behavior: ProrationBehavior = "none"
    cancellation_reason: CancellationReason | None = None
    retention: retention_features.Retention | None = None


class AdjustableQuantity(Command):
    """The quantities that customers may choose."""

    enabled: Flag
    minimum: Quantity | None = None
    maximum: Quantity | None = None


class ProductPrices(Command):
    """A product that customers may start or change to, at these prices.

    `role` is not in the reference: an add-on comes beside a plan.
    """

    product: Id
    prices: ListOf[Id]
    adjustable_quantity: AdjustableQuantity | None = None
    role: Literal["add_on", "plan"] = "plan"


class SeveralPlans(Command):
    """Whether customers who have a plan may start another one beside it, and of the same product too."""

    enabled: Flag
    same_product: Flag = False


class SubscriptionCreate(Command):
    """Whether customers may start a plan, which, and whether beside another one. Not in the reference."""

    enabled: Flag | None = None
    allow_promotion_codes: Flag = False
    products: ListOf[ProductPrices] = []
    several: SeveralPlans | None = None
    trial_period_days: Clearable[Annotated[int, integer_between(1, 730)]] = None


class ScheduleCondition(Command):
    """A change that waits for the period's end."""

    type: Literal["decreasing_item_amount", "shortening_interval"]


class ScheduleAtPeriodEnd(Command):
    conditions: ListOf[ScheduleCondition] = []


class Commitment(Command):
    """Until when nothing gets smaller: so long from the start on, or the day in the subscription's metadata."""

    interval: Clearable[Literal["day", "month", "week", "year"]] = None
    interval_count: Annotated[int, integer_between(1, 1095)] = 1
    metadata: Clearable[MetadataKey] = None


class MinimumQuantity(Command):
    """The least quantity, or the key of the subscription's metadata that says it; the larger one counts."""

    quantity: Clearable[Quantity] = None
    metadata: Clearable[MetadataKey] = None


class ChangeRules(Command):
    """Who may switch where. Not in the reference."""

    allowed_changes: ListOf[ChangeKind] = []
    commitment: Clearable[Commitment] = None
    minimum_quantity: Clearable[MinimumQuantity] = None


class SubscriptionUpdate(Command):
    """Which changes of a plan customers may make, and how they are billed."""

    enabled: Flag | None = None
    billing_cycle_anchor: Literal["now", "unchanged"] | None = None
    default_allowed_updates: ListOf[Literal["price", "promotion_code", "quantity"]] = []
    products: ListOf[ProductPrices] = []
    proration_behavior: ProrationBehavior = "none"
    rules: ChangeRules | None = None
    schedule_at_period_end: ScheduleAtPeriodEnd | None = None
    trial_update_behavior: Literal["continue_trial", "end_trial"] = "end_trial"


class PauseInterval(Command):
    interval: Literal["day", "month", "week", "year"]
    interval_count: Annotated[int, integer_between(1, 1095)] = 1


class PauseDuration(Command):
    """How long pauses are: until the customer goes on, or one of up to ten durations."""

    type: Literal["indefinite", "interval_options"]
    interval_options: ListOf[PauseInterval] = []


class SubscriptionPause(Command):
    """Whether customers may pause a subscription, and for how long."""

    duration: PauseDuration | None = None
    enabled: Flag | None = None


class SubscriptionWithdrawal(Command):
    """Whether consumers may withdraw from a new subscription, for how many days. Not in the reference."""

    customers: Literal["all", "consumers"] = "consumers"
    days: Annotated[int, integer_between(1, 365)] = 14
    enabled: Flag | None = None
    refund: Literal["full", "prorated"] = "full"


#: What else a feature needs before customers see anything of it.
FEATURE_NEEDS = {
    "payment_method_update": "settings[direct_debit] of the account to be complete, or settings[payments][provider]"
}


class FeaturesData(Command):
    """The features of a configuration; one that is not sent stays as it is.

    `balance_payout`, `contacts`, `invoice_correction`, `payment_calendar`, `quotes`, `spending`,
    `subscription_withdrawal` and `visits` are not in the reference.
    """

    balance_payout: Toggle | None = None
    contacts: Toggle | None = None
    customer_update: CustomerUpdate | None = None
    invoice_correction: InvoiceCorrection | None = None
    invoice_history: Toggle | None = None
    payment_calendar: Toggle | None = None
    payment_method_update: PaymentMethodUpdate | None = None
    quotes: Toggle | None = None
    spending: Toggle | None = None
    subscription_cancel: SubscriptionCancel | None = None
    subscription_create: SubscriptionCreate | None = None
    subscription_pause: SubscriptionPause | None = None
    subscription_update: SubscriptionUpdate | None = None
    subscription_withdrawal: SubscriptionWithdrawal | None = None
    visits: Toggle | None = None


def refuse_incomplete(features: FeaturesData) -> None:
    """On creation each feature that is sent must say whether it is enabled."""
    for name in ("customer_update", "subscription_cancel", "subscription_update"):
        feature = getattr(features, name)
        if feature and feature.enabled is None:
            raise MissingParameter(f"features[{name}][enabled]")
    cancel = features.subscription_cancel
    if cancel and cancel.cancellation_reason and not cancel.cancellation_reason.was_sent("options"):
        raise MissingParameter("features[subscription_cancel][cancellation_reason][options]")


def merge_features(db: Session, stored: dict[str, Any], command: FeaturesData) -> dict[str, Any]:
    """The stored features with the sent ones merged into them.

    Raises `InvalidRequest` or `ResourceMissing` for features that can't be set so.
    """
    if command.subscription_pause and command.subscription_pause.duration:
        _refuse_durations(command.subscription_pause.duration)
    for name in ("subscription_create", "subscription_update"):
        if feature := getattr(command, name):
            _refuse_unknown_products(db, feature.products, f"features[{name}][products]")
    if command.subscription_cancel and command.subscription_cancel.cancellation_reason:
        param = "features[subscription_cancel][cancellation_reason][feedback_options]"
        named = command.subscription_cancel.cancellation_reason.feedback_options
        feedback_options.refuse_unusable(db, named, param)
    if command.subscription_cancel and command.subscription_cancel.retention:
        retention_features.refuse_unusable(db, command.subscription_cancel.retention)
    after = merge_hashes(complete_features(stored), command.model_dump(exclude_unset=True))
    _fill_durations(after["subscription_pause"]["duration"])
    retention_features.fill_offers(after["subscription_cancel"]["retention"])
    fill_quantity_limits(after)
    fill_rules(after["subscription_update"]["rules"])
    return after


def _refuse_durations(sent: PauseDuration) -> None:
    where = "features[subscription_pause][duration][interval_options]"
    if sent.type == "interval_options" and not sent.interval_options:
        raise MissingParameter(where)
    if sent.type == "indefinite" and sent.interval_options:
        raise InvalidRequest("A pause without an end has no interval_options.", param=where)
    if len(sent.interval_options) > MOST_DURATIONS:
        raise InvalidRequest(f"There can be at most {MOST_DURATIONS} durations.", param=where)
    for index, each in enumerate(sent.interval_options):
        if each.interval_count * _DAYS[each.interval] > LONGEST_PAUSE:
            raise InvalidRequest("A pause can take three years at most.", param=f"{where}[{index}][interval_count]")


def _fill_durations(duration: dict[str, Any]) -> None:
    """Of a pause without an end no durations are kept; each one says how many intervals it has."""
    options = duration.get("interval_options") or []
    kept = [] if duration["type"] == "indefinite" else [{"interval_count": 1, **each} for each in options]
    duration["interval_options"] = kept


def _refuse_unknown_products(db: Session, products: list[ProductPrices], where: str) -> None:
    if len(products) > MOST_PRODUCTS:
        raise InvalidRequest(f"There can be at most {MOST_PRODUCTS} products.", param=where)
    known = rows_by_id(db, Product, [each.product for each in products])
    prices = rows_by_id(db, Price, [price for each in products for price in each.prices])
    for index, each in enumerate(products):
        if each.product not in known:
            raise ResourceMissing("product", each.product, param=f"{where}[{index}][product]")
        for position, id in enumerate(each.prices):
            if id not in prices or prices[id].product_id != each.product:
                raise ResourceMissing("price", id, param=f"{where}[{index}][prices][{position}]")
            if prices[id].interval is None:
                param = f"{where}[{index}][prices][{position}]"
                raise InvalidRequest("A subscription needs prices with `type=recurring`.", param=param)
        _refuse_empty_range(each.adjustable_quantity, f"{where}[{index}][adjustable_quantity][maximum]")


def _refuse_empty_range(sent: AdjustableQuantity | None, param: str) -> None:
    if sent and sent.maximum is not None and sent.maximum < max(sent.minimum or 1, 1):
        raise InvalidRequest("maximum must be at least 1, and not less than minimum.", param=param)
