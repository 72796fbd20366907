"""Parameters with which a merchant describes its account and changes the account's settings."""

from typing import Annotated, Literal

from pydantic import AfterValidator
from stdnum import bic as bic_numbers
from stdnum import iban as iban_numbers
from stdnum.eu import at_02

from portal import zones
from portal.rules import electronic_addresses, sepa
from portal.rules.tax_rounding import TaxRounding
from portal.wire.commands import (
    Address,
    Clearable,
    Command,
    Currency,
    Flag,
    Id,
    ListOf,
    Name,
    integer_between,
    parameter_error,
    text_up_to,
)
from portal.wire.texts import Email, Language, Prefix
from portal.wire.urls import HostName, WebUrl


def _parse_colour(value: str) -> str:
    if not (len(value) == 7 and value[0] == "#" and all(digit in "0123456789abcdef" for digit in value[1:].lower())):
        raise parameter_error("", f"Invalid colour: {value}. Use six hexadecimal digits such as #0a7cff.")
    return value.lower()


def _parse_iban(value: str) -> str:
    # registers of banks are never complete, so the bank's own part is not looked at
    if not iban_numbers.is_valid(value, check_country=False):
        raise parameter_error("", "Invalid IBAN: its length or check digits are wrong.")
    return str(iban_numbers.compact(value))


def _parse_bic(value: str) -> str:
    if not bic_numbers.is_valid(value):
        raise parameter_error("", "Invalid BIC: it has 8 or 11 letters and digits.")
    return str(bic_numbers.compact(value))


def _parse_sepa_iban(value: str) -> str:
    try:
        return sepa.parse_iban(value).iban
    except sepa.BadIban:
        raise parameter_error("", "Invalid IBAN: it is not one of a bank in the SEPA area.") from None


def _parse_creditor_id(value: str) -> str:
    number = at_02.compact(value)
    if not at_02.is_valid(number) or not number[:2].isalpha() or len(number) < LEAST_CREDITOR_ID:
        raise parameter_error("", "Invalid creditor identifier: its form or check digits are wrong.")
    return str(number)


def _parse_endpoint(value: str) -> str:
    try:
        return ":".join(electronic_addresses.parse_address(value))
    except electronic_addresses.BadAddress as error:
        raise parameter_error("", f"Invalid electronic address. {error}") from None


def _parse_time_zone(value: str) -> str:
    if value not in zones.list_names():
        raise parameter_error(
            "", f"Invalid time zone: {value}. Use a name of the IANA database, such as Europe/Berlin or Etc/UTC."
        )
    return value


LEAST_CREDITOR_ID = 8
Colour = Annotated[str, text_up_to(7), AfterValidator(_parse_colour)]
Iban = Annotated[str, text_up_to(50), AfterValidator(_parse_iban)]
Bic = Annotated[str, text_up_to(20), AfterValidator(_parse_bic)]
Phone = Annotated[str, text_up_to(50)]
TimeZone = Annotated[str, text_up_to(50), AfterValidator(_parse_time_zone)]


class BusinessProfile(Command):
    """Public facts: shown to customers and printed on documents."""

    name: Clearable[Name] = None
    support_address: Clearable[Address] = None
    support_email: Clearable[Email] = None
    support_phone: Clearable[Phone] = None
    support_url: Clearable[WebUrl] = None
    url: Clearable[WebUrl] = None


class Company(Command):
    """The legal entity behind the account: the seller on documents."""

    name: Clearable[Name] = None
    address: Clearable[Address] = None
    phone: Clearable[Phone] = None


class Branding(Command):
    """Pictures are ids of files; colours are `#rrggbb`."""

    icon: Clearable[Id] = None
    logo: Clearable[Id] = None
    primary_color: Clearable[Colour] = None
    secondary_color: Clearable[Colour] = None


class BankTransfer(Command):
    """The bank account to which customers pay open invoices; not in the reference."""

    iban: Clearable[Iban] = None
    bic: Clearable[Bic] = None
    holder: Clearable[Annotated[str, text_up_to(70)]] = None


class DirectDebitSettings(Command):
    """The merchant as the creditor of SEPA direct debits: the identifier that its bank gave it, and where money goes.

    Not in the reference.
    """

    bic: Clearable[Bic] = None
    creditor_id: Clearable[Annotated[str, text_up_to(50), AfterValidator(_parse_creditor_id)]] = None
    creditor_name: Clearable[Annotated[str, text_up_to(70)]] = None
    iban: Clearable[Annotated[str, text_up_to(60), AfterValidator(_parse_sepa_iban)]] = None


class EInvoices(Command):
    """The content of e-invoices and the formats offered beside the PDF; not in the reference.

    `untaxed` is the tax category of a line without a tax rate, `reverse_charge` what is sold under reverse charge.
    `endpoint` is the electronic address with its scheme, such as `0204:991-12345-67`. `tax_currency` is a second
    currency in which the tax is stated.
    """

    contact: Clearable[Annotated[str, text_up_to(100)]] = None
    endpoint: Clearable[Annotated[str, text_up_to(100), AfterValidator(_parse_endpoint)]] = None
    formats: ListOf[Literal["factur_x", "peppol", "xrechnung"]] = []
    register_number: Clearable[Annotated[str, text_up_to(50)]] = None
    reverse_charge: Clearable[Literal["goods", "services"]] = None
    tax_currency: Clearable[Currency] = None
    untaxed: Clearable[Literal["exempt", "export", "not_subject", "small_business", "zero_rated"]] = None


class BankSettings(Command):
    """Which statements are taken in beside those of the account that invoices show, and how exactly transfers pay.

    `underpayment_tolerance` is how many minor units less still pay an invoice. Not in the reference.
    """

    ibans: ListOf[Iban] = []
    underpayment_tolerance: Annotated[int, integer_between(0, 10_000)] | None = None


class BillingSettings(Command):
    """Who bills: this portal, or another system that it mirrors; and what happens after unpaid invoices.

    `upcoming_days` before a renewal an event announces its invoice; 0 for never.
    """

    mode: Literal["automatic", "mirror"] | None = None
    overdue_days: Annotated[int, integer_between(1, 365)] | None = None
    overdue_subscriptions: Literal["cancel", "leave", "mark_unpaid"] | None = None
    upcoming_days: Annotated[int, integer_between(0, 90)] | None = None


class CollectionSettings(Command):
    """How invoices are collected by direct debit: days of notice, for the bank, between attempts. Not in the reference.

    `settles_after_days` after its day a debit counts as paid without a word of the bank; cleared, only its word counts.
    """

    format: Literal["pain.008.001.02", "pain.008.001.08"] | None = None
    lead_days: Annotated[int, integer_between(1, 10)] | None = None
    on_exhausted: Literal["cancel", "leave", "mark_unpaid"] | None = None
    prenotification_days: Annotated[int, integer_between(1, 60)] | None = None
    retry_days: ListOf[Annotated[int, integer_between(1, 60)]] = []
    settles_after_days: Clearable[Annotated[int, integer_between(1, 400)]] = None


class Numbering(Command):
    """Whether invoices are numbered per customer or per account. Not in the reference.

    `next_sequence` continues the numbers of another system; it is stored per mode, not in these settings.
    """

    next_sequence: Annotated[int, integer_between(1, 999_999_999)] | None = None
    prefix: Prefix | None = None
    scheme: Literal["account", "customer"] | None = None


class AccountInvoiceSettings(Command):
    """`footer` is printed on every document whose invoice has no footer of its own.

    `tax_rounding` says where tax is rounded; cleared, it follows from the country and from `e_invoices`. Neither is in
    the reference.
    """

    default_account_tax_ids: ListOf[Id] = []
    bank_transfer: Clearable[BankTransfer] = None
    numbering: Numbering | None = None
    e_invoices: EInvoices | None = None
    footer: Clearable[Annotated[str, text_up_to(5000, lines=True)]] = None
    tax_rounding: Clearable[TaxRounding] = None


class EventSettings(Command):
    """Which events that the reference does not have are written."""

    bank_statements: Flag | None = None
    cancellations: Flag | None = None
    documents: Flag | None = None
    contacts: Flag | None = None
    email_changes: Flag | None = None
    failed_steps: Flag | None = None
    flows: Flag | None = None
    offers: Flag | None = None
    sessions: Flag | None = None


class PaymentReminders(Command):
    """How many days before and after the due date a reminder of an unpaid invoice is sent."""

    days_after_due: ListOf[Annotated[int, integer_between(0, 90)]] = []
    days_before_due: ListOf[Annotated[int, integer_between(1, 90)]] = []


class EmailSettings(Command):
    """Which mails are sent to customers automatically; not in the reference, where the dashboard has these switches."""

    cancellations: Flag | None = None
    invoices: Flag | None = None
    payment_reminders: PaymentReminders | None = None
    plan_changes: Flag | None = None
    plan_starts: Flag | None = None
    quotes: Flag | None = None
    receipts: Flag | None = None
    tax_id_changes: Flag | None = None
    trial_endings: Flag | None = None


class PartialPayments(Command):
    """Whether customers may pay an open invoice in parts, by card, and how much at least, in minor units."""

    enabled: Flag | None = None
    minimum: Annotated[int, integer_between(1, 99_999_999)] | None = None


class PaymentsSettings(Command):
    """Who charges cards: Stripe, the sandbox in test mode, or nobody; and in which parts. Not in the reference."""

    partial: PartialPayments | None = None
    provider: Clearable[Literal["sandbox", "stripe"]] = None


class QuoteSettings(Command):
    """The texts of new quotes that bring none of their own; not in the reference."""

    description: Clearable[Annotated[str, text_up_to(500, lines=True)]] = None
    footer: Clearable[Annotated[str, text_up_to(500, lines=True)]] = None
    header: Clearable[Annotated[str, text_up_to(50)]] = None


class PortalSettings(Command):
    """`host` is the host name at which customers reach the portal; cleared, it is the portal's own."""

    default_locale: Clearable[Language] = None
    events: EventSettings | None = None
    host: Clearable[HostName] = None


class Dashboard(Command):
    """The account's display name and its time zone, as the reference places them.

    `timezone` is a name of the IANA database and decides the calendar days that people read; cleared, it is UTC.
    """

    display_name: Clearable[Name] = None
    timezone: Clearable[TimeZone] = None


class AccountSettings(Command):
    bank: BankSettings | None = None
    billing: BillingSettings | None = None
    branding: Branding | None = None
    collection: CollectionSettings | None = None
    dashboard: Dashboard | None = None
    direct_debit: DirectDebitSettings | None = None
    emails: EmailSettings | None = None
    invoices: AccountInvoiceSettings | None = None
    payments: PaymentsSettings | None = None
    portal: PortalSettings | None = None
    quotes: QuoteSettings | None = None
