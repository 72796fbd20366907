"""Parameters of customers."""

from typing import Annotated, Literal

from pydantic import AfterValidator

from portal.billing.discounts.params import SingleDiscountParams
from portal.billing.ledger import tax_ids
from portal.wire.commands import (
    Address,
    Amount,
    Clearable,
    Command,
    CustomField,
    Id,
    ListCommand,
    ListOf,
    Metadata,
    Name,
    OnlyEmpty,
    Quantity,
    Shipping,
    Text,
    TimestampFilter,
    parameter_error,
    text_up_to,
)
from portal.wire.texts import Email, Language, Prefix
from portal.wire.texts import email_address as email_address


def _normalize_email(email: str) -> str:
    """Bring a filter's address into the stored form; text that is no address stays as it is and finds nothing."""
    try:
        return email_address(email)
    except ValueError:
        return email


def _refuse_many_fields(fields: list[CustomField]) -> list[CustomField]:
    if len(fields) > 4:
        raise parameter_error("", "You can have up to 4 custom fields.")
    return fields


Phone = Annotated[str, text_up_to(20)]
CustomFieldList = Annotated[ListOf[CustomField], AfterValidator(_refuse_many_fields)]


class RenderingOptions(Command):
    amount_tax_display: Clearable[Literal["exclude_tax", "include_inclusive_tax"]] = None
    template: Clearable[Id] = None


class CustomerInvoiceSettings(Command):
    """Settings that the customer's invoices start with."""

    custom_fields: Clearable[CustomFieldList] = None
    default_payment_method: Clearable[Id] = None
    footer: Clearable[Text] = None
    rendering_options: Clearable[RenderingOptions] = None


class UpdateCustomer(SingleDiscountParams):
    """`balance` is set as a whole; the difference becomes a transaction."""

    address: Clearable[Address] = None
    balance: Amount | None = None
    business_name: Clearable[Annotated[str, text_up_to(150)]] = None
    default_source: OnlyEmpty = None
    description: Clearable[Text] = None
    email: Clearable[Email] = None
    individual_name: Clearable[Annotated[str, text_up_to(150)]] = None
    invoice_prefix: Prefix | None = None
    invoice_settings: CustomerInvoiceSettings | None = None
    metadata: Metadata = {}
    name: Clearable[Name] = None
    next_invoice_sequence: Quantity | None = None
    phone: Clearable[Phone] = None
    preferred_locales: ListOf[Language] = []
    shipping: Clearable[Shipping] = None
    tax_exempt: Clearable[Literal["exempt", "none", "reverse"]] = None
    unsubscribed_from: ListOf[Literal["payment_reminder", "trial_ending"]] = []


class TaxIdData(Command):
    type: Id
    value: Annotated[str, text_up_to(tax_ids.LONGEST_VALUE)]


class CreateCustomer(UpdateCustomer):
    """With a test clock the customer lives by its time; a payment method is attached."""

    payment_method: Id | None = None
    tax_id_data: ListOf[TaxIdData] = []
    test_clock: Id | None = None


class ListCustomers(ListCommand):
    created: TimestampFilter = None
    email: Annotated[str, text_up_to(512), AfterValidator(_normalize_email)] | None = None
    test_clock: Id | None = None
