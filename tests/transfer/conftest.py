"""Files for imports, and another merchant to import them for."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import orjson
import pytest

from portal import clock
from portal.billing.accounts import new_accounts
from portal.billing.accounts.new_accounts import CreateAccount
from portal.db import Database, Scope
from portal.transfer.files import read_objects
from portal.transfer.importing import Import
from portal.transfer.reports import ImportReport


@pytest.fixture
def other(database: Database) -> Scope:
    """Another merchant of the same name, without records."""
    with database.writing() as db:
        new = new_accounts.create(db, CreateAccount("Rocket Rides"), now=clock.now())
    return Scope(new.test.id, new.account.id, livemode=False)


@pytest.fixture
def imported(database: Database) -> Callable[..., ImportReport]:
    """`imported(scope, *objects, dry=False)` takes in a JSON Lines file of these objects."""

    def run(scope: Scope, *lines: Any, **options: bool) -> ImportReport:
        file = io.BytesIO(b"".join(orjson.dumps(line) + b"\n" for line in lines))
        return Import(database, scope, **options).run(read_objects(file))

    return run
