"""The sections of a declaration: how the object behind a name is found, and brought to what is said of it."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.billing.accounts import accounts
from portal.billing.accounts.account_updates import UpdateAccount, update_account
from portal.billing.configurations import configurations
from portal.billing.configurations.configurations import CreateConfiguration, UpdateConfiguration
from portal.billing.events import webhook_endpoints
from portal.billing.events.params import CreateEndpoint, UpdateEndpoint
from portal.db import scope_of
from portal.declared import catalogue, pictures
from portal.models import Account, Configuration, WebhookEndpoint
from portal.seal import Seal
from portal.wire.commands import parse_command
from portal.wire.shape import Links

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Outside:
    """What objects need besides the database: links, the seal of secrets, hosts of webhooks, the folder of pictures."""

    links: Links
    seal: Seal
    private_hosts: Collection[str]
    folder: Path


@dataclass(frozen=True)
class Workplace:
    """The transaction in which a declaration is carried out, and its moment."""

    db: Session
    now: int
    outside: Outside
    #: Signing secrets of endpoints that are made, by their address.
    secrets: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Section:
    """`put` makes the row of a name, or changes the one that `find` has found; it answers with the row."""

    type: str
    find: Callable[[Session, str], Any]
    put: Callable[[Workplace, Any, str, Values], Any]


def _find_account(db: Session, name: str) -> Account:
    return accounts.find_account(db, scope_of(db).account_id)


def _put_account(place: Workplace, row: Account, name: str, values: Values) -> Account:
    values = pictures.upload_pictures(place.db, row, values, place.outside.folder, place.now)
    return update_account(place.db, row, parse_command(UpdateAccount, dict(values)))


def _find_configuration(db: Session, name: str) -> Configuration | None:
    named = Configuration.is_default if name == "default" else Configuration.name == name
    return db.scalars(select(Configuration).where(named).order_by(Configuration.created, Configuration.id)).first()


def _put_configuration(place: Workplace, row: Configuration | None, name: str, values: Values) -> Configuration:
    sent = catalogue.resolve_prices(place.db, values)
    if row is not None:
        return configurations.update(place.db, row, parse_command(UpdateConfiguration, sent), now=place.now)
    command = parse_command(CreateConfiguration, {"name": name, "features": {}, **sent})
    return configurations.create(place.db, command, now=place.now)


def _find_endpoint(db: Session, url: str) -> WebhookEndpoint | None:
    return db.scalars(select(WebhookEndpoint).where(WebhookEndpoint.url == url)).first()


def _put_endpoint(place: Workplace, row: WebhookEndpoint | None, url: str, values: Values) -> WebhookEndpoint:
    if row is not None:
        command = parse_command(UpdateEndpoint, dict(values))
        return webhook_endpoints.update_endpoint(
            place.db, row, command, private_hosts=place.outside.private_hosts, now=place.now
        )
    made = webhook_endpoints.create(
        place.db,
        parse_command(CreateEndpoint, {"url": url, **values}),
        seal=place.outside.seal,
        private_hosts=place.outside.private_hosts,
        now=place.now,
    )
    place.secrets[url] = made.secret
    return made.endpoint


def _without_place(
    put: Callable[[Session, Any, str, Values, int], Any],
) -> Callable[[Workplace, Any, str, Values], Any]:
    return lambda place, row, name, values: put(place.db, row, name, values, place.now)


#: In the order in which they are carried out: what is named comes before what names it.
SECTIONS = {
    "account": Section("account", _find_account, _put_account),
    "products": Section("product", catalogue.find_product, _without_place(catalogue.put_product)),
    "prices": Section("price", catalogue.find_price, _without_place(catalogue.put_price)),
    "coupons": Section("coupon", catalogue.find_coupon, _without_place(catalogue.put_coupon)),
    "configurations": Section("billing_portal.configuration", _find_configuration, _put_configuration),
    "webhook_endpoints": Section("webhook_endpoint", _find_endpoint, _put_endpoint),
}
