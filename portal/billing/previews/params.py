"""Parameters of invoice previews, of the newer API (`create_preview`) and of the older one (`upcoming`)."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

from portal.billing.customers.params import TaxIdData
from portal.billing.discounts.discounts import DiscountSource, DiscountSources
from portal.billing.invoices.item_params import UpdateInvoiceItem
from portal.billing.invoices.unsupported import TaxOptions
from portal.billing.schedules.params import EndBehavior, SentPhase
from portal.billing.schedules.pause_params import PauseSchedule
from portal.billing.subscriptions.item_params import ItemChange, ProrationBehavior
from portal.billing.subscriptions.params import BillingModeData
from portal.errors import PortalError
from portal.wire.commands import (
    Address,
    Clearable,
    Command,
    Currency,
    Flag,
    Id,
    ListCommand,
    ListOf,
    Metadata,
    Shipping,
    Timestamp,
)
from portal.wire.moments import AnchorChange, EndOrTimestamp, NowOrTimestamp


class PreviewItem(UpdateInvoiceItem):
    """A new pending item, or a change of one (`invoiceitem`)."""

    currency: Currency | None = None
    invoiceitem: Id | None = None


class PreviewCustomer(Command):
    """Values of a customer who does not exist yet, or in place of what is stored."""

    address: Clearable[Address] = None
    shipping: Clearable[Shipping] = None
    tax_exempt: Literal["exempt", "none", "reverse"] | None = None
    tax_ids: ListOf[TaxIdData] = []


class ScheduleDetails(Command):
    """Other phases of the schedule, or those of a new one."""

    billing_mode: BillingModeData | None = None
    end_behavior: EndBehavior | None = None
    pause_schedules: ListOf[PauseSchedule] = []
    phases: ListOf[SentPhase] = []
    proration_behavior: ProrationBehavior = "create_prorations"


class SubscriptionDetails(Command):
    """A change of the subscription, or what a new one has."""

    billing_cycle_anchor: AnchorChange | None = None
    billing_mode: BillingModeData | None = None
    cancel_at: Clearable[EndOrTimestamp] = None
    cancel_at_period_end: Flag | None = None
    cancel_now: Flag = False
    default_tax_rates: ListOf[Id] = []
    items: ListOf[ItemChange] = []
    metadata: Metadata = {}
    proration_behavior: ProrationBehavior = "create_prorations"
    proration_date: Timestamp | None = None
    resume_at: Literal["now"] | None = None
    start_date: Timestamp | None = None
    trial_end: NowOrTimestamp | None = None
    trial_from_plan: Flag = False


class CreatePreview(TaxOptions):
    """What to preview: the next invoice, or that of a change or a new subscription or schedule."""

    currency: Currency | None = None
    customer: Id | None = None
    customer_details: PreviewCustomer | None = None
    discounts: DiscountSources = []
    invoice_items: ListOf[PreviewItem] = []
    preview_mode: Literal["next", "recurring"] = "next"
    schedule: Id | None = None
    schedule_details: ScheduleDetails | None = None
    subscription: Id | None = None
    subscription_details: SubscriptionDetails = SubscriptionDetails()


class RetrieveUpcoming(TaxOptions):
    """The older API's form, which puts the subscription's parameters at the top level."""

    coupon: Clearable[Id] = None
    currency: Currency | None = None
    customer: Id | None = None
    customer_details: PreviewCustomer | None = None
    discounts: DiscountSources = []
    invoice_items: ListOf[PreviewItem] = []
    preview_mode: Literal["next", "recurring"] = "next"
    schedule: Id | None = None
    schedule_details: ScheduleDetails | None = None
    subscription: Id | None = None
    subscription_billing_cycle_anchor: AnchorChange | None = None
    subscription_cancel_at: Clearable[EndOrTimestamp] = None
    subscription_cancel_at_period_end: Flag | None = None
    subscription_cancel_now: Flag = False
    subscription_default_tax_rates: ListOf[Id] = []
    subscription_items: ListOf[ItemChange] = []
    subscription_proration_behavior: ProrationBehavior = "create_prorations"
    subscription_proration_date: Timestamp | None = None
    subscription_resume_at: Literal["now"] | None = None
    subscription_start_date: Timestamp | None = None
    subscription_trial_end: NowOrTimestamp | None = None
    subscription_trial_from_plan: Flag = False

    @property
    def newer_form(self) -> CreatePreview:
        """The same parameters in the newer form."""
        of_details = {f"subscription_{name}": name for name in SubscriptionDetails.model_fields}
        sent = self.sent_values()
        details = {of_details[name]: value for name, value in sent.items() if name in of_details}
        rest = {name: value for name, value in sent.items() if name in CreatePreview.model_fields}
        if "coupon" in sent:
            rest["discounts"] = [DiscountSource(coupon=self.coupon)] if self.coupon else []
        return CreatePreview(**rest, subscription_details=SubscriptionDetails(**details))


class ListUpcomingLines(RetrieveUpcoming, ListCommand):
    """A page of the lines of such a preview."""


def older_param_name(param: str | None) -> str | None:
    """The older API's name of a parameter: `subscription_items[0]` for `subscription_details[items][0]`."""
    if param is None or not param.startswith("subscription_details["):
        return param
    first, _, rest = param.removeprefix("subscription_details[").partition("]")
    return f"subscription_{first}{rest}"


def newer_param_name(param: str | None) -> Any:
    """The name that a parameter of a subscription update has in a preview."""
    first, bracket, rest = (param or "").partition("[")
    return f"subscription_details[{first}]{bracket}{rest}" if first in SubscriptionDetails.model_fields else param


@contextmanager
def newer_param_names() -> Iterator[None]:
    """Errors raised within name parameters of a subscription as a preview calls them."""
    try:
        yield
    except PortalError as error:
        error.param = newer_param_name(error.param)
        raise
