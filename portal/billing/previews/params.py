"""What a preview of an invoice may suppose, in the newer wire and in the older one."""

from __future__ import annotations

from typing import Any, Literal

from portal.billing.customers.customers import TaxIdData
from portal.billing.discounts.discounts import Source, Sources
from portal.billing.invoices.invoiceitems import UpdateInvoiceItem
from portal.billing.invoices.unsupported import Issued
from portal.billing.schedules.phases import SentPhase
from portal.billing.schedules.schedules import EndBehavior
from portal.billing.subscriptions import billing_modes, item_changes
from portal.billing.subscriptions.items import ItemChange
from portal.wire.commands import (
    Address,
    Clearable,
    Command,
    Currency,
    Flag,
    Id,
    Listing,
    ListOf,
    Metadata,
    Shipping,
    Timestamp,
)
from portal.wire.moments import AnchorChange, EndOrTimestamp, NowOrTimestamp


class PreviewedItem(UpdateInvoiceItem):
    currency: Currency | None = None
    invoiceitem: Id | None = None


class CustomerDetails(Command):
    """Of a customer who is not kept yet, or in place of what is kept."""

    address: Clearable[Address] = None
    shipping: Clearable[Shipping] = None
    tax_exempt: Literal["exempt", "none", "reverse"] | None = None
    tax_ids: ListOf[TaxIdData] = []


class ScheduleDetails(Command):
    billing_mode: billing_modes.SentMode | None = None
    end_behavior: EndBehavior | None = None
    phases: ListOf[SentPhase] = []
    proration_behavior: item_changes.Proration = "create_prorations"


class Details(Command):
    billing_cycle_anchor: AnchorChange | None = None
    billing_mode: billing_modes.SentMode | None = None
    cancel_at: Clearable[EndOrTimestamp] = None
    cancel_at_period_end: Flag | None = None
    cancel_now: Flag = False
    default_tax_rates: ListOf[Id] = []
    items: ListOf[ItemChange] = []
    metadata: Metadata = {}
    proration_behavior: item_changes.Proration = "create_prorations"
    proration_date: Timestamp | None = None
    resume_at: Literal["now"] | None = None
    start_date: Timestamp | None = None
    trial_end: NowOrTimestamp | None = None
    trial_from_plan: Flag = False


class CreatePreview(Issued):
    currency: Currency | None = None
    customer: Id | None = None
    customer_details: CustomerDetails | None = None
    discounts: Sources = []
    invoice_items: ListOf[PreviewedItem] = []
    preview_mode: Literal["next", "recurring"] = "next"
    schedule: Id | None = None
    schedule_details: ScheduleDetails | None = None
    subscription: Id | None = None
    subscription_details: Details = Details()


class Upcoming(Issued):
    """The same in the older wire, which has no hash around what belongs to the subscription."""

    coupon: Clearable[Id] = None
    currency: Currency | None = None
    customer: Id | None = None
    customer_details: CustomerDetails | None = None
    discounts: Sources = []
    invoice_items: ListOf[PreviewedItem] = []
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
    subscription_proration_behavior: item_changes.Proration = "create_prorations"
    subscription_proration_date: Timestamp | None = None
    subscription_resume_at: Literal["now"] | None = None
    subscription_start_date: Timestamp | None = None
    subscription_trial_end: NowOrTimestamp | None = None
    subscription_trial_from_plan: Flag = False

    @property
    def newer(self) -> CreatePreview:
        """As the newer wire has it."""
        of_details = {f"subscription_{name}": name for name in Details.model_fields}
        sent = self.given()
        details = {of_details[name]: value for name, value in sent.items() if name in of_details}
        rest = {name: value for name, value in sent.items() if name in CreatePreview.model_fields}
        if "coupon" in sent:
            rest["discounts"] = [Source(coupon=self.coupon)] if self.coupon else []
        return CreatePreview(**rest, subscription_details=Details(**details))


class UpcomingLines(Upcoming, Listing):
    """A page of the lines of such a preview."""


def older_name(param: str | None) -> str | None:
    """`subscription_details[items][0]` as the older wire has it: `subscription_items[0]`."""
    if param is None or not param.startswith("subscription_details["):
        return param
    first, _, rest = param.removeprefix("subscription_details[").partition("]")
    return f"subscription_{first}{rest}"


def newer_name(param: str | None) -> Any:
    """A parameter of a change as previews have it."""
    first, bracket, rest = (param or "").partition("[")
    return f"subscription_details[{first}]{bracket}{rest}" if first in Details.model_fields else param
