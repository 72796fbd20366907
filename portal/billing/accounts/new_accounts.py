"""New merchants, with both modes, keys and a portal configuration."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal import ids
from portal.billing.accounts import keys
from portal.billing.configurations import configurations
from portal.models import Account, Tenant
from portal.rules.tax_currencies import currency_of_country


@dataclass(frozen=True)
class CreateAccount:
    """The operator's command: a name, the merchant's country and its default currency.

    Without a currency it is that of the country, or US dollars where the country's is not known.
    """

    name: str
    country: str = "US"
    email: str | None = None
    default_currency: str | None = "usd"


@dataclass(frozen=True)
class NewAccount:
    """A new account with its two secret keys, which are never shown again."""

    account: Account
    test: Tenant
    live: Tenant
    test_key: str
    live_key: str


def create(db: Session, command: CreateAccount, *, now: int) -> NewAccount:
    """Create an account with both modes, and in each a default portal configuration and a key."""
    account = Account(
        id=ids.new("account"),
        created=now,
        country=command.country,
        default_currency=command.default_currency or currency_of_country(command.country) or "usd",
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
        db.add(configurations.build_default(tenant, now=now))
    return NewAccount(account, test, live, keys.create(db, test, now=now), keys.create(db, live, now=now))
