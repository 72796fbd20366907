"""Merchant accounts: created by the operator, described by the merchant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import AfterValidator
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from stdnum import bic as bic_numbers
from stdnum import iban as iban_numbers

from portal import i18n, ids
from portal.billing import configurations, keys
from portal.errors import ResourceMissing
from portal.models import Account, Tenant
from portal.wire.params import (
    Address,
    Clearable,
    Command,
    Country,
    Currency,
    Expanding,
    Id,
    ListOf,
    Metadata,
    Name,
    merged,
    text,
    wrong,
)
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


def _locale(value: str) -> str:
    if i18n.cldr(value) is None:
        raise wrong("", f"Invalid language: {value}. Use a tag such as de or pt-BR.")
    return value


Colour = Annotated[str, text(7), AfterValidator(_colour)]
Iban = Annotated[str, text(50), AfterValidator(_iban)]
Bic = Annotated[str, text(20), AfterValidator(_bic)]
Language = Annotated[str, text(20), AfterValidator(_locale)]
Email = Annotated[str, text(512)]


class BusinessProfile(Command):
    """Public facts: shown to customers and printed on documents."""

    name: Clearable[Name] = None
    support_address: Clearable[Address] = None
    support_email: Clearable[Email] = None
    support_phone: Clearable[Annotated[str, text(50)]] = None
    support_url: Clearable[WebUrl] = None
    url: Clearable[WebUrl] = None


class Company(Command):
    """The legal person behind the account: the seller on documents."""

    name: Clearable[Name] = None
    address: Clearable[Address] = None
    phone: Clearable[Annotated[str, text(50)]] = None


class Branding(Command):
    primary_color: Clearable[Colour] = None
    secondary_color: Clearable[Colour] = None


class BankTransfer(Command):
    """Where customers pay open invoices by bank; beyond the reference."""

    iban: Clearable[Iban] = None
    bic: Clearable[Bic] = None


class InvoiceSettings(Command):
    default_account_tax_ids: ListOf[Id] = []
    bank_transfer: Clearable[BankTransfer] = None


class PortalSettings(Command):
    default_locale: Clearable[Language] = None


class Dashboard(Command):
    display_name: Clearable[Name] = None


class Settings(Command):
    branding: Branding | None = None
    dashboard: Dashboard | None = None
    invoices: InvoiceSettings | None = None
    portal: PortalSettings | None = None


class UpdateAccount(Expanding):
    """What a merchant may say of itself; hashes are merged key by key into what is stored."""

    business_profile: BusinessProfile | None = None
    business_type: Literal["company", "government_entity", "individual", "non_profit"] | None = None
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
    """Change what was sent and leave the rest."""
    for key, value in command.given("country", "default_currency", "email").items():
        setattr(account, key, value)
    if command.business_profile:
        account.business_profile = {**account.business_profile, **_sent(command.business_profile)}
    if command.company:
        account.company = {**account.company, **_sent(command.company)}
    if command.settings:
        _update_settings(account, command.settings)
    if command.has("metadata"):
        account.metadata_ = merged(account.metadata_, command.metadata)
    return account


def _update_settings(account: Account, settings: Settings) -> None:
    sent = _sent(settings)
    display_name = sent.pop("dashboard", {})
    if "display_name" in display_name:
        account.business_profile = {**account.business_profile, "name": display_name["display_name"]}
    stored = account.settings
    account.settings = {**stored, **{key: {**stored.get(key, {}), **value} for key, value in sent.items()}}


def _sent(command: Command) -> dict[str, Any]:
    return command.model_dump(exclude_unset=True)
