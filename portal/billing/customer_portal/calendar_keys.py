"""The private link to a customer's calendar: made, ended, and asked whether it still opens."""

import secrets

from sqlalchemy.orm import Session

from portal.db import lock_and_refresh
from portal.models import Configuration, Customer
from portal.rules import permissions


def make_key(db: Session, customer: Customer, configuration_id: str) -> str:
    """The key of a new link; an older one ends. It opens as long as the configuration lets customers have it."""
    lock_and_refresh(db, customer, noun="customer")
    key = secrets.token_urlsafe(18)
    customer.calendar = {"key": key, "configuration": configuration_id}
    return key


def end_key(db: Session, customer: Customer) -> None:
    """End the link, if there is one."""
    lock_and_refresh(db, customer, noun="customer")
    customer.calendar = None


def opens(db: Session, customer: Customer, key: str) -> bool:
    """Whether a key opens the calendar of a customer now."""
    kept = customer.calendar
    if kept is None or customer.deleted_at is not None or not secrets.compare_digest(kept["key"], key):
        return False
    configuration = db.get(Configuration, (customer.tenant_id, kept["configuration"]))
    return configuration is not None and configuration.active and permissions.may_have_calendar(configuration.features)
