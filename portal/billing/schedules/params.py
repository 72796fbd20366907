"""Parameters of subscription schedules and their phases."""

from typing import Annotated, Literal

from pydantic import BeforeValidator

from portal.billing.discounts.discounts import DiscountSources
from portal.billing.invoices.params import CollectionMethod, DaysUntilDue
from portal.billing.invoices.unsupported import AutomaticTax
from portal.billing.schedules.pause_params import Duration, PauseSchedule
from portal.billing.subscriptions.item_params import AddedItem, ProrationBehavior, SentItem
from portal.billing.subscriptions.params import DEFAULT_BILLING_MODE as DEFAULT_MODE
from portal.billing.subscriptions.params import BillingModeData, InvoiceSettings
from portal.wire.commands import (
    Clearable,
    Command,
    Currency,
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
)
from portal.wire.moments import NowOrTimestamp

Anchor = Literal["automatic", "phase_start"]


class PhaseInvoiceSettings(InvoiceSettings):
    """Invoice settings, together with the days to pay."""

    days_until_due: DaysUntilDue | None = None


class SentPhase(Command):
    """A phase: what the subscription is meanwhile, and until when."""

    items: ListOf[SentItem]
    add_invoice_items: ListOf[AddedItem] = []
    automatic_tax: AutomaticTax | None = None
    billing_cycle_anchor: Anchor | None = None
    billing_thresholds: OnlyEmpty = None
    collection_method: CollectionMethod | None = None
    coupon: Clearable[Id] = None
    currency: Currency | None = None
    default_tax_rates: ListOf[Id] = []
    description: Clearable[Text] = None
    discounts: DiscountSources = []
    duration: Duration | None = None
    end_date: NowOrTimestamp | None = None
    invoice_settings: PhaseInvoiceSettings | None = None
    iterations: Annotated[int, integer_between(1, 1000)] | None = None
    metadata: Metadata = {}
    proration_behavior: ProrationBehavior = "create_prorations"
    start_date: NowOrTimestamp | None = None
    trial: Flag = False
    trial_end: NowOrTimestamp | None = None


EndBehavior = Literal["cancel", "release"]


def _zero_for_now(value: object) -> object:
    return 0 if value == "now" else value


class DefaultSettings(Command):
    """Settings of each phase that says nothing about them."""

    automatic_tax: AutomaticTax | None = None
    billing_cycle_anchor: Anchor | None = None
    billing_thresholds: OnlyEmpty = None
    collection_method: CollectionMethod | None = None
    description: Clearable[Text] = None
    invoice_settings: PhaseInvoiceSettings | None = None


class UpdateSchedule(ExpandableCommand):
    default_settings: DefaultSettings | None = None
    end_behavior: EndBehavior | None = None
    metadata: Metadata = {}
    pause_schedules: ListOf[PauseSchedule] = []
    phases: ListOf[SentPhase] = []
    proration_behavior: ProrationBehavior = "create_prorations"


class CreateSchedule(ExpandableCommand):
    """Phases for a customer, or a subscription that runs already (`from_subscription`)."""

    billing_mode: BillingModeData = DEFAULT_MODE
    customer: Id | None = None
    default_settings: DefaultSettings | None = None
    end_behavior: EndBehavior | None = None
    from_subscription: Id | None = None
    metadata: Metadata = {}
    pause_schedules: ListOf[PauseSchedule] = []
    phases: ListOf[SentPhase] = []
    start_date: Annotated[Timestamp, BeforeValidator(_zero_for_now)] = 0


class CancelSchedule(ExpandableCommand):
    invoice_now: Flag = True
    prorate: Flag = True


class ReleaseSchedule(ExpandableCommand):
    """The subscription goes on, with the end that the schedule has set only with `preserve_cancel_date`."""

    preserve_cancel_date: Flag = False


class ListSchedules(ListCommand):
    canceled_at: TimestampFilter = None
    completed_at: TimestampFilter = None
    created: TimestampFilter = None
    customer: Id | None = None
    released_at: TimestampFilter = None
    scheduled: Flag | None = None
