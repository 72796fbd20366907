"""A customer's visit: an open portal session with what every page needs of customer, configuration and merchant."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from flask_login import UserMixin
from sqlalchemy.orm import Session

from portal import clock
from portal.db import Scope, find_row
from portal.models import Customer
from portal.rules.contacts import Role
from portal.web.requests import request_origin
from portal.web.services import services


@dataclass(frozen=True)
class Person:
    """The contact who visits for a customer."""

    id: str
    email: str
    name: str | None
    role: Role


@dataclass(frozen=True)
class Embed:
    """The page that shows a visit within it: its origin, the part of the portal that it shows, and its colours."""

    origin: str
    section: str | None = None
    theme: str = "auto"

    @property
    def scheme(self) -> str | None:
        """The colour scheme that it wants; None for the device's."""
        return None if self.theme == "auto" else self.theme


def find_embed(stored: Mapping[str, Any] | None, embedding: Mapping[str, Any]) -> Embed | None:
    """The page that a session names, as long as its configuration's `embedding` allows it."""
    return Embed(**stored) if stored and stored["origin"] in embedding["origins"] else None


@dataclass(frozen=True)
class Visit(UserMixin):
    """An open visit, shared by the requests of its browser: nothing in it may be changed.

    `person` is the contact whose visit it is, None in the customer's own, which is an owner's. `embed` is the page that
    shows it within, None where it has a window of its own.
    `features` are those of its configuration, as far as they apply to this visit and its role. `collects` are the types
    of payment methods that the merchant collects by, `method_types` those of them that can be added. `idle` are the
    seconds after which it ends without activity. `facts` are all that it was built from and that its pages show; the
    same object as long as none of it has changed.
    `revision` are the numbers of the last change of the customer and of the merchant.
    """

    id: str
    scope: Scope
    secret_hash: str
    customer_id: str
    customer_name: str | None
    customer_email: str | None
    person: Person | None
    features: dict[str, Any]
    business_profile: dict[str, Any]
    merchant: str
    branding: dict[str, Any]
    brand_revision: int
    support: dict[str, Any]
    return_url: str | None
    embed: Embed | None
    locale: str
    zone: str
    collects: tuple[str, ...]
    method_types: tuple[str, ...]
    flow: dict[str, Any] | None
    flow_completed_at: int | None
    data: dict[str, Any]
    last_seen_at: int
    idle: int
    ends_at: int
    frozen_time: int | None
    revision: tuple[int | None, int | None]
    facts: tuple[Any, ...] = field(repr=False, compare=False)

    @property
    def now(self) -> int:
        """The current time of this customer: the test clock's if it has one, else the real one."""
        return clock.now() if self.frozen_time is None else self.frozen_time

    @property
    def path(self) -> str:
        """The start of every page of this visit, with a slash at the end."""
        return f"/p/{self.id}/"

    @property
    def in_flow(self) -> str | None:
        """The type of the flow that restricts this visit; None without one, or if it is done and opens the portal."""
        if self.flow is None:
            return None
        opens = self.flow["after_completion"]["type"] == "portal_homepage"
        return None if opens and self.flow_completed_at is not None else str(self.flow["type"])

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A reading database session within the customer's account and mode."""
        with services().database.reading(self.scope) as db:
            yield db

    @contextmanager
    def trying(self) -> Iterator[Session]:
        """A writing database session that is rolled back, within the customer's account and mode."""
        with services().database.dry_run(self.scope) as db:
            yield db

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A writing database session within the customer's account and mode."""
        contact = {"id": self.person.id, "email": self.person.email} if self.person else None
        origin = request_origin("customer", self.customer_id, session=self.id, contact=contact)
        with services().database.writing(self.scope, origin) as db:
            yield db

    def find_customer(self, db: Session) -> Customer:
        """The customer whose visit this is."""
        return find_row(db, Customer, self.customer_id, noun="customer")


def mask_email(email: str | None) -> str | None:
    """`jane@example.com` as `j•••@example.com`."""
    if not email:
        return None
    name, _, host = email.rpartition("@")
    return f"{name[:1]}•••@{host}"
