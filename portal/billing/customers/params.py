"""Parameters of customers."""

from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator

from portal.billing.discounts.params import SingleDiscountParams
from portal.billing.ledger import tax_ids
from portal.rules.mail_recipients import MOST_RECIPIENTS, RecipientDocument, RecipientKind
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


class EmailRecipient(Command):
    """Who gets documents by mail beside the customer. Not in the reference."""

    email: Email
    kind: RecipientKind = "cc"
    documents: ListOf[RecipientDocument] = [*get_args(RecipientDocument)]

    def to_stored(self, failure: dict[str, Any] | None = None) -> dict[str, Any]:
        """The recipient as it is stored, with the last failure that is known of its address."""
        documents = sorted(set(self.documents))
        return {"email": self.email, "kind": self.kind, "documents": documents, "failure": failure}


def _refuse_many_recipients(recipients: list[EmailRecipient]) -> list[EmailRecipient]:
    if len(recipients) > MOST_RECIPIENTS:
        raise parameter_error("", f"A customer can have up to {MOST_RECIPIENTS} further recipients of mails.")
    if len({each.email.casefold() for each in recipients}) < len(recipients):
        raise parameter_error("", "The same address is in this list more than once.")
    return recipients


class UpdateCustomer(SingleDiscountParams):
    """`balance` is set as a whole; the difference becomes a transaction."""

    address: Clearable[Address] = None
    balance: Amount | None = None
    business_name: Clearable[Annotated[str, text_up_to(150)]] = None
    default_source: OnlyEmpty = None
    description: Clearable[Text] = None
    email: Clearable[Email] = None
    email_recipients: Annotated[ListOf[EmailRecipient], AfterValidator(_refuse_many_recipients)] = []
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
    unsubscribed_from: ListOf[Literal["invoice", "payment_reminder", "trial_ending"]] = []

    def merge_recipients(self, stored: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The recipients that were sent; what is known of an address that stays is kept."""
        known = {each["email"]: each["failure"] for each in stored}
        return [each.to_stored(known.get(each.email)) for each in self.email_recipients]


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
