"""A copy of a configuration with a made-up customer, in a database of its own: what customers would see.

Nothing of real customers is read, and nothing is written where the account is kept.
"""

from portal.billing.customer_portal import new_sessions
from portal.billing.customer_portal.params import CreateSession
from portal.db import Database, Scope, find_row
from portal.demo.copies import copy_account
from portal.demo.merchant import LINK_LIFETIME
from portal.demo.sample_customer import create_sample_customer
from portal.models import Configuration
from portal.wire.commands import parse_command


def create_preview(
    source: Database, scope: Scope, target: Database, configuration_id: str, locale: str | None, *, now: int
) -> str:
    """Copy the account of `scope` into the empty `target`, with a customer there; returns the path of a portal link.

    Raises `ResourceMissing` for a configuration that the account does not have, `InvalidRequest` for an unknown locale.
    """
    own = copy_account(source, scope, target)
    with target.writing(own) as db:
        configuration = find_row(db, Configuration, configuration_id, noun="configuration")
        customer = create_sample_customer(db, configuration, now=now)
        sent = {"customer": customer.id, "configuration": configuration_id, "locale": locale or ""}
        new = new_sessions.create(db, parse_command(CreateSession, sent), now=now)
        new.session.link_expires_at = now + LINK_LIFETIME
        return f"/p/session/{new.link_secret}"
