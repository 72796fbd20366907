"""The types of payment methods of a visit: what the account collects by, and what of it the portal offers to add."""

from typing import Any

import orjson

from portal.billing.configurations import payment_method_configurations
from portal.db import Scope
from portal.web.services import services


def list_addable(row: Any, types: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the types that can be added in the visit of a row of `OPEN_VISIT`.

    Asks the database only where the visit's configuration names types.
    """
    features = orjson.loads(row.features)
    if not types or payment_method_configurations.find_named(features) is None:
        return types
    with services().database.reading(Scope.of(row)) as db:
        return payment_method_configurations.restrict(db, types, features)
