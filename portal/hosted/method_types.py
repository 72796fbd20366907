"""The types of payment methods that a visit can add: what the account collects by, as far as the portal offers it."""

from typing import Any

import orjson

from portal.billing.configurations import payment_method_configurations
from portal.db import Scope
from portal.providers.registry import collects_by
from portal.web.services import services


def list_of_visit(row: Any, settings: dict[str, Any]) -> tuple[str, ...]:
    """Those of the visit of a row of `OPEN_VISIT`; asks the database only where its configuration names types."""
    types, features = collects_by(settings, livemode=row.livemode), orjson.loads(row.features)
    if not types or payment_method_configurations.find_named(features) is None:
        return types
    with services().database.reading(Scope.of(row)) as db:
        return payment_method_configurations.restrict(db, types, features)
