"""Parameters of invoices, and of their payments."""

from typing import Annotated, Literal

from portal.billing.catalogue import shipping_rates
from portal.billing.discounts.discounts import DiscountSources
from portal.billing.invoices.payment_settings import InvoicePaymentSettings
from portal.billing.invoices.unsupported import ConnectOptions, PaymentOptions, TaxOptions
from portal.rules.statuses import InvoicePaymentStatus, InvoiceStatus
from portal.wire.commands import (
    MAX_AMOUNT,
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
    Shipping,
    Text,
    Timestamp,
    TimestampFilter,
    integer_between,
    text_up_to,
)

CollectionMethod = Literal["charge_automatically", "send_invoice"]
TemplateVersion = Annotated[int, integer_between(1, 1_000_000)]
DaysUntilDue = Annotated[int, integer_between(0, 3650)]
#: A number of the merchant's own; the longest that the reference takes.
InvoiceNumber = Annotated[str, text_up_to(26)]


class Pdf(Command):
    page_size: Literal["a4", "auto", "letter"] | None = None


class Rendering(Command):
    """How the document looks; parts that were not sent stay."""

    amount_tax_display: Clearable[Literal["exclude_tax", "include_inclusive_tax"]] = None
    pdf: Pdf | None = None
    template: Clearable[Id] = None
    template_version: Clearable[TemplateVersion] = None


class AmountDue(Command):
    """A part of an invoice, and by when it is to be paid: `days_until_due` after finalization, or on `due_date`."""

    amount: Annotated[int, integer_between(1, MAX_AMOUNT)]
    description: Text
    days_until_due: DaysUntilDue | None = None
    due_date: Timestamp | None = None


class UpdateInvoice(TaxOptions, PaymentOptions, ConnectOptions):
    """What can change of a draft; `amounts_due`, `due_date` and `days_until_due` exclude each other."""

    account_tax_ids: ListOf[Id] = []
    amounts_due: ListOf[AmountDue] = []
    auto_advance: Flag | None = None
    automatically_finalizes_at: Timestamp | None = None
    collection_method: CollectionMethod | None = None
    custom_fields: Clearable[ListOf[CustomField]] = None
    days_until_due: DaysUntilDue | None = None
    default_tax_rates: ListOf[Id] = []
    description: Clearable[Text] = None
    discounts: DiscountSources = []
    due_date: Timestamp | None = None
    effective_at: Clearable[Timestamp] = None
    footer: Clearable[Text] = None
    metadata: Metadata = {}
    number: Clearable[InvoiceNumber] = None
    payment_settings: InvoicePaymentSettings | None = None
    rendering: Rendering | None = None
    shipping_cost: shipping_rates.ClearableShippingCost = None
    shipping_details: Clearable[Shipping] = None
    statement_descriptor: Clearable[Annotated[str, text_up_to(22)]] = None


class FromInvoice(Command):
    """The open invoice that the new draft revises."""

    action: Literal["revision"]
    invoice: Id


class CreateInvoice(UpdateInvoice):
    """A draft, empty or with the customer's pending items."""

    customer: Id | None = None
    currency: Currency | None = None
    from_invoice: FromInvoice | None = None
    pending_invoice_items_behavior: Literal["exclude", "include", "include_and_require"] = "exclude"
    subscription: Id | None = None


class FinalizeInvoice(ExpandableCommand):
    """`auto_advance` says whether the invoice is collected automatically from now on."""

    auto_advance: Flag | None = None


class SendInvoice(ExpandableCommand):
    """`resend` mails an invoice once more that has just gone by itself. Not in the reference."""

    resend: Flag = False


class ListInvoices(ListCommand):
    collection_method: CollectionMethod | None = None
    created: TimestampFilter = None
    customer: Id | None = None
    due_date: TimestampFilter = None
    status: InvoiceStatus | None = None
    subscription: Id | None = None


class PayInvoice(ExpandableCommand):
    """`paid_out_of_band` records a payment made elsewhere; without it the invoice is collected."""

    paid_out_of_band: Flag = False
    forgive: Flag = False
    off_session: Flag | None = None


class AttachPayment(ExpandableCommand):
    payment_record: Id


class PaymentFilter(Command):
    type: Literal["payment_record"]
    payment_record: Id | None = None


class ListInvoicePayments(ListCommand):
    created: TimestampFilter = None
    invoice: Id | None = None
    payment: PaymentFilter | None = None
    status: InvoicePaymentStatus | None = None
