"""Parameters of payment methods and setup intents."""

from typing import Annotated, Literal

from pydantic import AfterValidator

from portal.rules import sepa
from portal.wire.commands import (
    Address,
    Clearable,
    Command,
    ExpandableCommand,
    Flag,
    Id,
    Label,
    ListCommand,
    ListOf,
    Metadata,
    Name,
    Text,
    Timestamp,
    TimestampFilter,
    integer_between,
    parameter_error,
    schema_override,
    text_up_to,
)
from portal.wire.texts import Email

MESSAGES: dict[sepa.Mistake, str] = {
    "checksum": "Invalid IBAN: its check digits are wrong.",
    "country": "Invalid IBAN: its country is not in the SEPA area, so the account can't be debited.",
    "form": "Invalid IBAN: it begins with two letters and two digits.",
    "length": "Invalid IBAN: it has too few or too many characters for its country.",
}


def _parse_iban(value: str) -> str:
    try:
        return sepa.parse_iban(value).iban
    except sepa.BadIban as error:
        raise parameter_error("invalid_iban", MESSAGES[error.mistake]) from None


class SepaDebit(Command):
    """A bank account by its IBAN; the error of a wrong one doesn't repeat it."""

    iban: Annotated[str, text_up_to(60), AfterValidator(_parse_iban)]


class CardToken(Command):
    """A card by the provider's token. Its number goes to the provider alone, never here."""

    exp_month: Annotated[int, integer_between(1, 12)] | None = None
    exp_year: Annotated[int, integer_between(2000, 2099)] | None = None
    token: Annotated[str, text_up_to(100)]


class BillingDetails(Command):
    """The holder of the account or card; parts that were not sent are null."""

    address: Clearable[Address] = None
    email: Clearable[Email] = None
    name: Clearable[Name] = None
    phone: Clearable[Label] = None
    tax_id: Clearable[Label] = None


Redisplay = Literal["always", "limited", "unspecified"]


class MethodData(Command):
    """A payment method that is not there yet."""

    allow_redisplay: Redisplay | None = None
    billing_details: BillingDetails | None = None
    card: CardToken | None = None
    metadata: Metadata = {}
    sepa_debit: SepaDebit | None = None
    type: Literal["card", "sepa_debit"]


class CreatePaymentMethod(MethodData, ExpandableCommand):
    pass


class UpdatePaymentMethod(ExpandableCommand):
    """The account itself stays; another one is another payment method."""

    allow_redisplay: Redisplay | None = None
    billing_details: BillingDetails | None = None
    metadata: Metadata = {}


class AttachPaymentMethod(ExpandableCommand):
    customer: Id


class ListCustomerMethods(ListCommand):
    allow_redisplay: Redisplay | None = None
    type: Id | None = None


class ListPaymentMethods(ListCustomerMethods):
    customer: Id | None = None


class OnlineAcceptance(Command):
    ip_address: Annotated[str, text_up_to(45)]
    user_agent: Annotated[str, text_up_to(1000)]


class OfflineAcceptance(Command):
    pass


class CustomerAcceptance(Command):
    """How and when the customer agreed, as the merchant saw it; the hash named like `type` says more."""

    accepted_at: Timestamp | None = None
    offline: Annotated[Clearable[OfflineAcceptance], schema_override(type="object", additionalProperties=False)] = None
    online: OnlineAcceptance | None = None
    type: Literal["offline", "online"]


class MandateData(Command):
    customer_acceptance: CustomerAcceptance


class AutomaticMethods(Command):
    """Which methods are possible is decided here: bank accounts, and cards where a provider charges them."""

    allow_redirects: Literal["always", "never"] | None = None
    enabled: Flag


class ConfirmSetupIntent(ExpandableCommand):
    """`return_url` is for redirects, which there are none of."""

    mandate_data: Clearable[MandateData] = None
    payment_method: Id | None = None
    payment_method_data: MethodData | None = None
    return_url: Annotated[str, text_up_to(2048)] | None = None
    use_stripe_sdk: Flag | None = None


class UpdateSetupIntent(ExpandableCommand):
    customer: Id | None = None
    description: Clearable[Text] = None
    metadata: Metadata = {}
    payment_method: Id | None = None
    payment_method_data: MethodData | None = None
    payment_method_types: ListOf[Literal["card", "sepa_debit"]] = []


class CreateSetupIntent(UpdateSetupIntent, ConfirmSetupIntent):
    automatic_payment_methods: AutomaticMethods | None = None
    confirm: Flag = False
    usage: Literal["off_session", "on_session"] = "off_session"


class CancelSetupIntent(ExpandableCommand):
    cancellation_reason: Literal["abandoned", "duplicate", "requested_by_customer"] | None = None


class ListSetupIntents(ListCommand):
    created: TimestampFilter = None
    customer: Id | None = None
    payment_method: Id | None = None
