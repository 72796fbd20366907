"""Merchant accounts: created by the operator, described by the merchant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import AfterValidator
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from stdnum import bic as bic_numbers
from stdnum import iban as iban_numbers

from portal import ids
from portal.billing import configurations, files, keys, numbers
from portal.db import among, scope_of
from portal.errors import ResourceMissing
from portal.models import Account, TaxId, Tenant
from portal.wire.hashes import laid_over
from portal.wire.params import (
    Address,
    Clearable,
    Command,
    Country,
    Currency,
    Expanding,
    Flag,
    Id,
    ListOf,
    Metadata,
    Name,
    merged,
    text,
    whole,
    wrong,
)
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


class UpdateAccount(Expanding):
    """What a merchant may say of itself; hashes are merged key by key into what is stored."""

    business_profile: BusinessProfile | None = None
    company: Company | None = None
    country: Country | None = None
    default_currency: Currency | None = None
    email: Clearable[Email] = None
    metadata: Metadata = {}
    settings: Settings | None = None


@dataclass(frozen=True)
class CreateAccount:
    """The operator's command: a name, where the merchant sits and what it bills in."""

    name: str
    country: str = "US"
    email: str | None = None
    default_currency: str = "usd"


@dataclass(frozen=True)
class NewAccount:
    """An account just made, with the two keys that are never shown again."""

    account: Account
    test: Tenant
    live: Tenant
    test_key: str
    live_key: str


def create(db: Session, command: CreateAccount, *, now: int) -> NewAccount:
    """An account with both modes, a default portal configuration and a key in each."""
    account = Account(
        id=ids.new("account"),
        created=now,
        country=command.country,
        default_currency=command.default_currency,
        email=command.email,
        business_profile={"name": command.name},
        company={"name": command.name},
    )
    db.add(account)
    first = (db.scalar(select(func.max(Tenant.id))) or 0) + 1
    test, live = (Tenant(id=first + livemode, account_id=account.id, livemode=bool(livemode)) for livemode in (0, 1))
    db.add_all([test, live])
    db.flush()
    for tenant in (test, live):
        db.add(configurations.default(tenant, now=now))
    return NewAccount(account, test, live, keys.create(db, test, now=now), keys.create(db, live, now=now))


def tenant(db: Session, account_id: str, *, livemode: bool) -> Tenant:
    """One mode of an account. Raises `ResourceMissing`."""
    row = db.scalar(select(Tenant).where(Tenant.account_id == account_id, Tenant.livemode == livemode))
    if row is None:
        raise ResourceMissing("account", account_id)
    return row


def of(db: Session, account_id: str) -> Account:
    """The account. Raises `ResourceMissing`."""
    row = db.get(Account, account_id)
    if row is None:
        raise ResourceMissing("account", account_id)
    return row


def update(db: Session, account: Account, command: UpdateAccount) -> Account:
    """Change what was sent and leave the rest. Raises `ResourceMissing` for tax ids that are not the account's."""
    for key, value in command.given("country", "default_currency", "email").items():
        setattr(account, key, value)
    if command.business_profile:
        account.business_profile = laid_over(account.business_profile, _sent(command.business_profile))
    if command.company:
        account.company = laid_over(account.company, _sent(command.company))
    if command.settings:
        _update_settings(db, account, command.settings)
    if command.has("metadata"):
        account.metadata_ = merged(account.metadata_, command.metadata)
    return account


def default_tax_ids(db: Session, account: Account) -> list[str]:
    """The account's own choice of tax ids for its documents, of this mode."""
    stored = _stored_tax_ids(account)
    own = among(db, TaxId, stored)
    return [id for id in stored if id in own]


def forget_tax_id(db: Session, id: str) -> None:
    """Take a deleted tax id out of the account's choice."""
    account = of(db, scope_of(db).account_id)
    if id in _stored_tax_ids(account):
        _store_tax_ids(account, [each for each in _stored_tax_ids(account) if each != id])


def _update_settings(db: Session, account: Account, settings: Settings) -> None:
    sent = _sent(settings)
    words = sent.pop("dashboard", {})
    if "display_name" in words:
        account.business_profile = {**account.business_profile, "name": words["display_name"]}
    _refuse_unusable_pictures(db, account, sent.get("branding", {}))
    chosen = sent.get("invoices", {}).pop("default_account_tax_ids", None)
    following = sent.get("invoices", {}).get("numbering", {}).pop("next_sequence", None)
    if following is not None:
        numbers.go_on_from(db, following)
    account.settings = laid_over(account.settings, sent)
    if chosen is not None:
        _choose_tax_ids(db, account, chosen)


def _refuse_unusable_pictures(db: Session, account: Account, sent: dict[str, Any]) -> None:
    """Both modes share the account, so what the other mode chose may be sent back as it is."""
    stored = account.settings.get("branding", {})
    for name in ("icon", "logo"):
        if name in sent and sent[name] != stored.get(name):
            files.refuse_unusable(db, sent[name], f"settings[branding][{name}]")


def _choose_tax_ids(db: Session, account: Account, chosen: list[str]) -> None:
    """Both modes share the account, so what the other mode chose stays."""
    stored = _stored_tax_ids(account)
    known = among(db, TaxId, [*chosen, *stored])
    for index, id in enumerate(chosen):
        if id not in known or known[id].customer_id is not None:
            raise ResourceMissing("tax ID", id, param=f"settings[invoices][default_account_tax_ids][{index}]")
    _store_tax_ids(account, [*chosen, *(id for id in stored if id not in known)])


def _stored_tax_ids(account: Account) -> list[str]:
    stored: list[str] = account.settings.get("invoices", {}).get("default_account_tax_ids", [])
    return stored


def _store_tax_ids(account: Account, ids: list[str]) -> None:
    account.settings = laid_over(account.settings, {"invoices": {"default_account_tax_ids": ids}})


def _sent(command: Command) -> dict[str, Any]:
    return command.model_dump(exclude_unset=True)
