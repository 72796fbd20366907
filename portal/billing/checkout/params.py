"""Parameters of checkout sessions and payment links."""

from typing import Annotated, Literal

from pydantic import AfterValidator

from portal.billing.catalogue.one_off_prices import OneOffProductData
from portal.billing.catalogue.pricing import PriceData
from portal.billing.checkout.field_params import (
    LinkShippingOption,
    PageField,
    ShippingAddressCollection,
    ShippingOption,
)
from portal.billing.customers.params import RenderingOptions
from portal.billing.invoices.unsupported import AutomaticTax, ConnectOptions, Issuer
from portal.billing.subscriptions.params import BillingModeData, TrialSettings
from portal.i18n import SESSION_LOCALES
from portal.rules.statuses import CheckoutMode, CheckoutStatus
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
    Quantity,
    Text,
    Timestamp,
    TimestampFilter,
    integer_between,
    parameter_error,
    schema_override,
    text_up_to,
)
from portal.wire.texts import Email
from portal.wire.urls import MAX_LENGTH, parse_url

MOST_QUANTITY = 999_999
#: The ways to pay that there are; cards come with a provider.
PaymentMethodType = Literal["card", "customer_balance", "sepa_debit"]
#: The text that the session's id replaces in `success_url`.
SESSION_ID = "{CHECKOUT_SESSION_ID}"
_STAND_IN = "CHECKOUT-SESSION-ID-0"
LongText = Annotated[str, text_up_to(1200, lines=True)]


def _parse_template(value: str) -> str:
    """A web address in canonical form, in which the place of the session's id stays as it is."""
    return parse_url(value.replace(SESSION_ID, _STAND_IN)).replace(_STAND_IN, SESSION_ID)


#: A web address that may hold `{CHECKOUT_SESSION_ID}`.
UrlTemplate = Annotated[
    str,
    text_up_to(MAX_LENGTH),
    AfterValidator(_parse_template),
    schema_override(type="string", maxLength=MAX_LENGTH),
]


def _validate_locale(value: str) -> str:
    if value != "auto" and value not in SESSION_LOCALES:
        raise parameter_error("", f"Invalid locale: must be one of auto, {', '.join(SESSION_LOCALES)}")
    return value


class LinePriceData(PriceData):
    """A price made for the line, of a product that exists or is made with it."""

    product: Id | None = None
    product_data: OneOffProductData | None = None


class AdjustableQuantity(Command):
    """Whether the customer may choose how many, and within which bounds."""

    enabled: Flag
    maximum: Annotated[int, integer_between(1, MOST_QUANTITY)] | None = None
    minimum: Annotated[int, integer_between(0, MOST_QUANTITY)] | None = None


class LinkLine(Command):
    """What is sold: a price and how many."""

    adjustable_quantity: AdjustableQuantity | None = None
    price: Id | None = None
    price_data: LinePriceData | None = None
    quantity: Quantity = 1


class SessionLine(LinkLine):
    tax_rates: ListOf[Id] = []


class OptionalItem(Command):
    """What the customer may add: a price, and how many at first."""

    adjustable_quantity: AdjustableQuantity | None = None
    price: Id
    quantity: Quantity


class SessionDiscount(Command):
    """One of the two."""

    coupon: Id | None = None
    promotion_code: Id | None = None


class Switch(Command):
    enabled: Flag


class TaxIdCollection(Switch):
    required: Literal["if_supported", "never"] | None = None


class CollectedName(Switch):
    optional: Flag = False


class NameCollection(Command):
    """The names that the page asks for one by one."""

    business: CollectedName | None = None
    individual: CollectedName | None = None


class ConsentCollection(Command):
    promotions: Literal["auto", "none"] | None = None
    terms_of_service: Literal["none", "required"] | None = None


class CustomMessage(Command):
    message: LongText


class CustomText(Command):
    """Words of the merchant's own on the page."""

    after_submit: Clearable[CustomMessage] = None
    shipping_address: Clearable[CustomMessage] = None
    submit: Clearable[CustomMessage] = None
    terms_of_service_acceptance: Clearable[CustomMessage] = None


class CustomerUpdate(Command):
    """What of an existing customer is replaced by what is typed."""

    address: Literal["auto", "never"] | None = None
    name: Literal["auto", "never"] | None = None
    shipping: Literal["auto", "never"] | None = None


class InvoiceData(Command):
    """Settings of the invoice that a payment ends in."""

    account_tax_ids: ListOf[Id] = []
    custom_fields: Clearable[ListOf[CustomField]] = None
    description: Text | None = None
    footer: Text | None = None
    issuer: Issuer = None
    metadata: Metadata = {}
    rendering_options: Clearable[RenderingOptions] = None


class InvoiceCreation(Switch):
    """A payment always ends in an invoice here; these are its settings."""

    invoice_data: InvoiceData | None = None


class SubscriptionInvoiceSettings(Command):
    issuer: Issuer = None


class LinkSubscriptionData(Command):
    """Settings of the subscription that it ends in."""

    description: Annotated[str, text_up_to(500)] | None = None
    invoice_settings: SubscriptionInvoiceSettings | None = None
    metadata: Metadata = {}
    trial_period_days: Annotated[int, integer_between(1, 730)] | None = None
    trial_settings: TrialSettings | None = None


class SubscriptionData(LinkSubscriptionData):
    billing_mode: BillingModeData | None = None
    default_tax_rates: ListOf[Id] = []
    trial_end: Timestamp | None = None


class SetupIntentData(Command):
    description: Text | None = None
    metadata: Metadata = {}


class PageParams(ConnectOptions):
    """What sessions and links have in common: what the page asks for, and what it ends in."""

    allow_promotion_codes: Flag | None = None
    automatic_tax: AutomaticTax | None = None
    billing_address_collection: Literal["auto", "required"] | None = None
    consent_collection: ConsentCollection | None = None
    custom_fields: Clearable[ListOf[PageField]] = None
    custom_text: CustomText | None = None
    customer_creation: Literal["always", "if_required"] | None = None
    invoice_creation: InvoiceCreation | None = None
    metadata: Metadata = {}
    name_collection: Clearable[NameCollection] = None
    optional_items: Clearable[ListOf[OptionalItem]] = None
    payment_method_collection: Literal["always", "if_required"] | None = None
    payment_method_types: ListOf[PaymentMethodType] = []
    phone_number_collection: Switch | None = None
    shipping_address_collection: Clearable[ShippingAddressCollection] = None
    submit_type: Literal["auto", "book", "donate", "pay", "subscribe"] | None = None
    tax_id_collection: TaxIdCollection | None = None


class CreateCheckoutSession(PageParams):
    """A purchase on a page; `success_url` is where it leads, else a page of the portal says that it is done."""

    cancel_url: UrlTemplate | None = None
    client_reference_id: Annotated[str, text_up_to(200)] | None = None
    currency: Currency | None = None
    customer: Id | None = None
    customer_email: Email | None = None
    customer_update: CustomerUpdate | None = None
    discounts: ListOf[SessionDiscount] = []
    expires_at: Timestamp | None = None
    line_items: ListOf[SessionLine] = []
    locale: Clearable[Annotated[str, text_up_to(20), AfterValidator(_validate_locale)]] = None
    mode: CheckoutMode
    payment_method_configuration: Id | None = None
    setup_intent_data: SetupIntentData | None = None
    shipping_options: ListOf[ShippingOption] = []
    subscription_data: SubscriptionData | None = None
    success_url: UrlTemplate | None = None
    ui_mode: Literal["hosted", "hosted_page"] | None = None


class UpdateCheckoutSession(ExpandableCommand):
    metadata: Metadata = {}


class ExpireCheckoutSession(ExpandableCommand):
    pass


class CustomerDetailsFilter(Command):
    email: Email


class ListCheckoutSessions(ListCommand):
    created: TimestampFilter = None
    customer: Id | None = None
    customer_details: CustomerDetailsFilter | None = None
    payment_link: Id | None = None
    status: CheckoutStatus | None = None
    subscription: Id | None = None


class LinkConfirmation(Command):
    """The merchant's words on the last page."""

    custom_message: Annotated[str, text_up_to(500, lines=True)] | None = None


class LinkRedirect(Command):
    url: UrlTemplate


class LinkCompletion(Command):
    """Where a purchase leads: a last page of the portal, or back to the merchant."""

    type: Literal["hosted_confirmation", "redirect"]
    hosted_confirmation: LinkConfirmation | None = None
    redirect: LinkRedirect | None = None


class CompletedSessions(Command):
    limit: Annotated[int, integer_between(1, 1_000_000_000)]


class LinkRestrictions(Command):
    """After how many purchases a link closes."""

    completed_sessions: CompletedSessions


class LinkParams(PageParams):
    """Parameters of both creating and updating a link."""

    after_completion: LinkCompletion | None = None
    inactive_message: Clearable[Annotated[str, text_up_to(500)]] = None
    restrictions: Clearable[LinkRestrictions] = None
    shipping_options: ListOf[LinkShippingOption] = []
    subscription_data: LinkSubscriptionData | None = None


class CreatePaymentLink(LinkParams):
    application_fee_amount: OnlyEmpty = None
    application_fee_percent: OnlyEmpty = None
    currency: Currency | None = None
    line_items: ListOf[LinkLine]


class ChangedLinkLine(Command):
    """A line that is there already."""

    id: Id
    adjustable_quantity: AdjustableQuantity | None = None
    quantity: Quantity | None = None


class UpdatePaymentLink(LinkParams):
    active: Flag | None = None
    line_items: ListOf[ChangedLinkLine] = []


class ListPaymentLinks(ListCommand):
    active: Flag | None = None
