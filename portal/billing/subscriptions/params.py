"""Parameters of subscriptions."""

from typing import Annotated, Literal

from pydantic import AfterValidator

from portal.billing.discounts.params import DiscountParams
from portal.billing.invoices.params import CollectionMethod, DaysUntilDue
from portal.billing.invoices.payment_settings import SubscriptionPaymentSettings
from portal.billing.invoices.unsupported import ConnectOptions, Issuer, PaymentOptions, TaxOptions
from portal.billing.subscriptions.item_params import (
    AddedItem,
    ChangeBehavior,
    ItemChange,
    PaymentBehavior,
    ProrationBehavior,
    SentItem,
)
from portal.rules import subscriptions as rules
from portal.rules.billing_modes import BillingMode
from portal.rules.subscriptions import Feedback
from portal.wire.commands import (
    Clearable,
    Command,
    Currency,
    CustomField,
    ExpandableCommand,
    Flag,
    Id,
    ListCommand,
    ListOf,
    Metadata,
    OnlyEmpty,
    Text,
    Timestamp,
    TimestampFilter,
    integer_between,
    parameter_error,
)
from portal.wire.moments import AnchorChange, EndOrTimestamp, NowOrTimestamp


class FlexibleOptions(Command):
    proration_discounts: Literal["included"] | None = None


class BillingModeData(Command):
    """The mode as it is sent; `proration_discounts` can only be `included`, as prorations are always net here."""

    type: BillingMode
    flexible: FlexibleOptions | None = None


class FlexibleModeData(BillingModeData):
    """The only mode that a subscription can change to."""

    type: Literal["flexible"]


class MigrateSubscription(ExpandableCommand):
    billing_mode: FlexibleModeData


#: The newest reference's default.
DEFAULT_BILLING_MODE = BillingModeData(type="flexible")


class CancellationDetails(Command):
    """The customer's reason: in the wire's words, in own words, or as the merchant's option."""

    comment: Clearable[Text] = None
    feedback: Clearable[Feedback] = None
    feedback_option: Clearable[Id] = None


class CancelSubscription(ExpandableCommand):
    """`prorate` credits unused time, `invoice_now` bills what is pending."""

    cancellation_details: CancellationDetails | None = None
    invoice_now: Flag = False
    prorate: Flag = False


class PendingItemInterval(Command):
    """How often pending items are billed between renewals."""

    interval: Literal["day", "month", "week", "year"]
    interval_count: Annotated[int, integer_between(1, 365)] = 1


class InterimInvoiceParams(ExpandableCommand):
    """The parameter that creating and changing a subscription share."""

    pending_invoice_item_interval: Clearable[PendingItemInterval] = None


class InvoiceSettings(Command):
    """Settings that replace the customer's own on the subscription's invoices."""

    account_tax_ids: ListOf[Id] = []
    custom_fields: Clearable[ListOf[CustomField]] = None
    description: Clearable[Text] = None
    footer: Clearable[Text] = None
    issuer: Issuer = None


class InvoiceOptions(TaxOptions, PaymentOptions, ConnectOptions):
    """Parameters of both creating and updating a subscription."""

    application_fee_percent: OnlyEmpty = None
    billing_thresholds: OnlyEmpty = None
    invoice_settings: Clearable[InvoiceSettings] = None
    payment_settings: SubscriptionPaymentSettings | None = None


#: The newest wire's words, and those of the one before it.
ResumeBehavior = Literal["resume_on_payment_attempt", "resume_on_payment_success"] | PaymentBehavior


class PauseCollection(Command):
    """What becomes of the subscription's invoices while nothing is collected."""

    behavior: Literal["keep_as_draft", "mark_uncollectible", "void"]
    resumes_at: Timestamp | None = None


class TrialEndBehavior(Command):
    """What happens when a trial ends without a payment method."""

    missing_payment_method: Literal["cancel", "create_invoice", "pause"]


class TrialSettings(Command):
    end_behavior: TrialEndBehavior


class TrialOptions(ExpandableCommand):
    """Parameters of both creating and updating a subscription."""

    trial_settings: Clearable[TrialSettings] = None


class UnusedTime(Command):
    """From when on paid time is credited by a pause."""

    type: Literal["item_current_period_start", "none", "now"]


class BillFor(Command):
    unused_time_from: UnusedTime = UnusedTime(type="now")


class PauseSubscription(ExpandableCommand):
    """What is credited is billed at once, or waits for the next invoice. `resumes_at` is not in the reference."""

    bill_for: BillFor = BillFor()
    invoicing_behavior: Literal["invoice", "pending_invoice_item"] = "pending_invoice_item"
    resumes_at: Timestamp | None = None
    type: Literal["subscription"] = "subscription"


class ResumeSubscription(ExpandableCommand):
    """The period starts anew, or follows the anchor as before."""

    billing_cycle_anchor: AnchorChange = "now"
    payment_behavior: ResumeBehavior | None = None
    proration_behavior: ProrationBehavior = "create_prorations"
    proration_date: Timestamp | None = None


class AnchorConfig(Command):
    """The day and time of each billing period; parts that are not sent are those of now."""

    day_of_month: Annotated[int, integer_between(1, 31)]
    hour: Annotated[int, integer_between(0, 23)] | None = None
    minute: Annotated[int, integer_between(0, 59)] | None = None
    month: Annotated[int, integer_between(1, 12)] | None = None
    second: Annotated[int, integer_between(0, 59)] | None = None


def _validate_status(value: str) -> str:
    if value not in rules.STATUSES | {"all", "ended"}:
        raise parameter_error("", f"Invalid status: must be one of {', '.join(sorted(rules.STATUSES))}, all or ended")
    return value


class CreateSubscription(
    DiscountParams,
    TrialOptions,
    InvoiceOptions,
    InterimInvoiceParams,
):
    """A subscription with its items; trial, anchor and backdating decide its first period."""

    customer: Id
    items: ListOf[SentItem]
    add_invoice_items: ListOf[AddedItem] = []
    backdate_start_date: Timestamp | None = None
    billing_cycle_anchor: Timestamp | None = None
    billing_cycle_anchor_config: AnchorConfig | None = None
    billing_mode: BillingModeData = DEFAULT_BILLING_MODE
    cancel_at: EndOrTimestamp | None = None
    cancel_at_period_end: Flag = False
    collection_method: CollectionMethod = "charge_automatically"
    currency: Currency | None = None
    days_until_due: DaysUntilDue | None = None
    default_tax_rates: ListOf[Id] = []
    description: Clearable[Text] = None
    metadata: Metadata = {}
    off_session: Flag | None = None
    payment_behavior: PaymentBehavior = "allow_incomplete"
    proration_behavior: ProrationBehavior = "create_prorations"
    trial_end: NowOrTimestamp | None = None
    trial_from_plan: Flag = False
    trial_period_days: Annotated[int, integer_between(0, 730)] | None = None


class UpdateSubscription(
    DiscountParams,
    TrialOptions,
    InvoiceOptions,
    InterimInvoiceParams,
):
    """What changes; items, anchor and trial are billed by `proration_behavior`."""

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
    pause_collection: Clearable[PauseCollection] = None
    payment_behavior: ChangeBehavior | None = None
    proration_behavior: ProrationBehavior = "create_prorations"
    proration_date: Timestamp | None = None
    trial_end: NowOrTimestamp | None = None
    trial_from_plan: Flag = False


class AutomaticTaxFilter(Command):
    """No subscription has its taxes computed."""

    enabled: Flag


class ListSubscriptions(ListCommand):
    automatic_tax: AutomaticTaxFilter | None = None
    collection_method: CollectionMethod | None = None
    created: TimestampFilter = None
    current_period_end: TimestampFilter = None
    current_period_start: TimestampFilter = None
    customer: Id | None = None
    plan: Id | None = None
    price: Id | None = None
    status: Annotated[Id, AfterValidator(_validate_status)] | None = None
    test_clock: Id | None = None
