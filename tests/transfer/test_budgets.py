"""What an import costs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
import pytest

from portal.db import Database, Scope
from portal.transfer import exporting
from tests import counting
from tests.factories import Factories


@pytest.mark.usefixtures("listened_to")
def test_instructions_of_an_import(
    make: Factories, database: Database, other: Scope, imported: Callable[..., Any]
) -> None:
    customer = make.customer()
    for _ in range(20):
        make.paid_invoice(customer, 1000, 2000)
    objects = [orjson.loads(line) for line in exporting.json_lines(database, make.scope)]
    imported(other, *objects, dry=True)
    counts = {"20 invoices of a customer": counting.instructions_of(lambda: imported(other, *objects))}
    counting.check_instructions("imports", database, counts)
