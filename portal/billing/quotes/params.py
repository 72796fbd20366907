"""Parameters of quotes and their lines."""

from typing import Annotated

from portal.billing.catalogue import pricing
from portal.billing.discounts.discounts import DiscountSources
from portal.billing.invoices.params import CollectionMethod, DaysUntilDue
from portal.billing.invoices.unsupported import AutomaticTax, ConnectOptions, Issuer
from portal.billing.subscriptions.params import BillingModeData
from portal.rules.statuses import QuoteStatus
from portal.wire.commands import (
    Clearable,
    Command,
    CustomField,
    ExpandableCommand,
    Flag,
    Id,
    ListCommand,
    ListOf,
    Metadata,
    OnlyEmpty,
    Quantity,
    Text,
    Timestamp,
    integer_between,
    text_up_to,
)


class LinePrice(pricing.PriceData):
    product: Id


class SentLine(Command):
    """A line; with the `id` of one that exists, what is not sent stays."""

    id: Id | None = None
    price: Id | None = None
    price_data: LinePrice | None = None
    discounts: DiscountSources = []
    quantity: Quantity | None = None
    tax_rates: ListOf[Id] = []


QuoteText = Annotated[str, text_up_to(500, lines=True)]


class QuoteInvoiceSettings(Command):
    """Settings of the invoices that the accepted quote brings."""

    custom_fields: Clearable[ListOf[CustomField]] = None
    days_until_due: DaysUntilDue | None = None
    description: Clearable[Text] = None
    footer: Clearable[Text] = None
    issuer: Issuer = None


class QuoteSubscriptionData(Command):
    """Settings of the subscription that the accepted quote brings; a later `effective_date` makes a schedule."""

    billing_mode: BillingModeData | None = None
    description: Clearable[Text] = None
    effective_date: Clearable[Timestamp] = None
    metadata: Metadata = {}
    trial_period_days: Clearable[Annotated[int, integer_between(1, 730)]] = None


class FromQuote(Command):
    """The quote to copy; a revision replaces it once it is finalized."""

    quote: Id
    is_revision: Flag = False


class FinalizeQuote(ExpandableCommand):
    expires_at: Timestamp | None = None


class UpdateQuote(FinalizeQuote, ConnectOptions):
    application_fee_amount: OnlyEmpty = None
    application_fee_percent: OnlyEmpty = None
    automatic_tax: AutomaticTax | None = None
    collection_method: CollectionMethod | None = None
    customer: Id | None = None
    default_tax_rates: ListOf[Id] = []
    description: Clearable[QuoteText] = None
    discounts: DiscountSources = []
    footer: Clearable[QuoteText] = None
    header: Clearable[Annotated[str, text_up_to(50)]] = None
    invoice_settings: QuoteInvoiceSettings | None = None
    line_items: ListOf[SentLine] = []
    metadata: Metadata = {}
    subscription_data: QuoteSubscriptionData | None = None


class CreateQuote(UpdateQuote):
    from_quote: FromQuote | None = None
    test_clock: Id | None = None


class ListQuotes(ListCommand):
    customer: Id | None = None
    status: QuoteStatus | None = None
    test_clock: Id | None = None
