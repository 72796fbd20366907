"""What a merchant may say of itself and set: the parts of an account's parameters."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator
from stdnum import bic as bic_numbers
from stdnum import iban as iban_numbers

from portal.wire.commands import Address, Clearable, Command, Currency, Flag, Id, ListOf, Name, text, whole, wrong
from portal.wire.texts import Email, Language, Prefix
from portal.wire.urls import WebUrl


def _colour(value: str) -> str:
    if not (len(value) == 7 and value[0] == "#" and all(digit in "0123456789abcdef" for digit in value[1:].lower())):
        raise wrong("", f"Invalid colour: {value}. Use six hexadecimal digits such as #0a7cff.")
    return value.lower()


def _iban(value: str) -> str:
    if not iban_numbers.is_valid(value):
        raise wrong("", "Invalid IBAN: its length or check digits are wrong.")
    return str(iban_numbers.compact(value))


def _bic(value: str) -> str:
    if not bic_numbers.is_valid(value):
        raise wrong("", "Invalid BIC: it has 8 or 11 letters and digits.")
    return str(bic_numbers.compact(value))


def _endpoint(value: str) -> str:
    scheme, colon, identifier = value.partition(":")
    if not (colon and len(scheme) == 4 and scheme.isalnum() and identifier.strip()):
        raise wrong("", "Invalid electronic address. Write its scheme and the identifier, such as 0204:991-12345-67.")
    return value


Colour = Annotated[str, text(7), AfterValidator(_colour)]
Iban = Annotated[str, text(50), AfterValidator(_iban)]
Bic = Annotated[str, text(20), AfterValidator(_bic)]
Phone = Annotated[str, text(50)]


class BusinessProfile(Command):
    """Public facts: shown to customers and printed on documents."""

    name: Clearable[Name] = None
    support_address: Clearable[Address] = None
    support_email: Clearable[Email] = None
    support_phone: Clearable[Phone] = None
    support_url: Clearable[WebUrl] = None
    url: Clearable[WebUrl] = None


class Company(Command):
    """The legal person behind the account: the seller on documents."""

    name: Clearable[Name] = None
    address: Clearable[Address] = None
    phone: Clearable[Phone] = None


class Branding(Command):
    icon: Clearable[Id] = None
    logo: Clearable[Id] = None
    primary_color: Clearable[Colour] = None
    secondary_color: Clearable[Colour] = None


class BankTransfer(Command):
    """Where customers pay open invoices by bank; beyond the reference."""

    iban: Clearable[Iban] = None
    bic: Clearable[Bic] = None
    holder: Clearable[Annotated[str, text(70)]] = None


class EInvoices(Command):
    """What e-invoices say and which are offered, beside the PDF; beyond the reference.

    `untaxed` says what a line without a tax rate is, and `reverse_charge` what is sold by that; `endpoint` is the
    electronic address with its scheme, such as `0204:991-12345-67`. In `tax_currency` the tax is said again.
    """

    contact: Clearable[Annotated[str, text(100)]] = None
    endpoint: Clearable[Annotated[str, text(100), AfterValidator(_endpoint)]] = None
    formats: ListOf[Literal["factur_x", "peppol", "xrechnung"]] = []
    register_number: Clearable[Annotated[str, text(50)]] = None
    reverse_charge: Clearable[Literal["goods", "services"]] = None
    tax_currency: Clearable[Currency] = None
    untaxed: Clearable[Literal["exempt", "export", "not_subject", "small_business", "zero_rated"]] = None


class BillingSettings(Command):
    """Who bills: this portal by itself, or a system that it mirrors; and what follows unpaid invoices.

    `upcoming_days` before a renewal its bill is told of by an event; 0 for never.
    """

    mode: Literal["automatic", "mirror"] | None = None
    overdue_days: Annotated[int, whole(1, 365)] | None = None
    overdue_subscriptions: Literal["cancel", "leave", "mark_unpaid"] | None = None
    upcoming_days: Annotated[int, whole(0, 90)] | None = None


class Numbering(Command):
    """Which sequence numbers invoices: each customer's, or one of the account. Beyond the reference.

    `next_sequence` is for those who go on from another system; it is the mode's own and not kept here.
    """

    next_sequence: Annotated[int, whole(1, 999_999_999)] | None = None
    prefix: Prefix | None = None
    scheme: Literal["account", "customer"] | None = None


class InvoiceSettings(Command):
    """`footer` stands on every document whose invoice brings none of its own; beyond the reference."""

    default_account_tax_ids: ListOf[Id] = []
    bank_transfer: Clearable[BankTransfer] = None
    numbering: Numbering | None = None
    e_invoices: EInvoices | None = None
    footer: Clearable[Annotated[str, text(5000, lines=True)]] = None


class EventSettings(Command):
    """Which events beyond the reference's are written."""

    documents: Flag | None = None
    email_changes: Flag | None = None
    flows: Flag | None = None
    offers: Flag | None = None
    sessions: Flag | None = None


class PaymentReminders(Command):
    """How many days before and after the due date an unpaid invoice is reminded of."""

    days_after_due: ListOf[Annotated[int, whole(0, 90)]] = []
    days_before_due: ListOf[Annotated[int, whole(1, 90)]] = []


class EmailSettings(Command):
    """Which mails customers get by themselves; beyond the reference, whose dashboard has such switches."""

    cancellations: Flag | None = None
    payment_reminders: PaymentReminders | None = None
    plan_changes: Flag | None = None
    receipts: Flag | None = None
    tax_id_changes: Flag | None = None
    trial_endings: Flag | None = None


class QuoteSettings(Command):
    """What new quotes say unless told otherwise; beyond the reference."""

    description: Clearable[Annotated[str, text(500, lines=True)]] = None
    footer: Clearable[Annotated[str, text(500, lines=True)]] = None
    header: Clearable[Annotated[str, text(50)]] = None


class PortalSettings(Command):
    default_locale: Clearable[Language] = None
    events: EventSettings | None = None


class Dashboard(Command):
    display_name: Clearable[Name] = None


class Settings(Command):
    billing: BillingSettings | None = None
    branding: Branding | None = None
    dashboard: Dashboard | None = None
    emails: EmailSettings | None = None
    invoices: InvoiceSettings | None = None
    portal: PortalSettings | None = None
    quotes: QuoteSettings | None = None
