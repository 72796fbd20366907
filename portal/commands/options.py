"""What commands about one account share: the options that name it and its mode, and how it is found."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from portal.db import Database, Scope

ACCOUNT_OPTION = click.option("--account", "account_id", required=True, help="The account's id.")
LIVE_OPTION = click.option("--live", is_flag=True, help="Live mode instead of test mode.")
JSON_OPTION = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


def find_scope(database: Database, account_id: str, live: bool) -> Scope:
    """The scope of an account in one mode. Raises `ResourceMissing` where there is no such account."""
    from portal.billing.accounts import accounts
    from portal.db import Scope

    with database.reading() as db:
        return Scope.of_tenant(accounts.find_tenant(db, account_id, livemode=live))


@contextmanager
def writing(database: Database, account_id: str, live: bool) -> Iterator[Session]:
    """A writing session of an account in one mode."""
    with database.writing(find_scope(database, account_id, live)) as db:
        yield db
