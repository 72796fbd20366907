"""The JSON schema of every object, made of its `Shape`, its columns and the tables in `types`."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, Integer, String, inspect

from portal.models import Account
from portal.objects.accounts import SHAPE as ACCOUNT
from portal.objects.kinds import KINDS
from portal.objects.types import PARTS, TYPES
from portal.wire.schemas import (
    BOOLEAN,
    DECIMAL,
    INTEGER,
    MAP,
    MOMENT,
    NULL,
    STRING,
    Schema,
    array,
    hash_of,
    id_or,
    listed,
    maybe,
    the,
    words,
)
from portal.wire.shape import Ref, Shape

DOCUMENTS = array(
    hash_of(
        kind=words("factur_x", "pdf", "peppol", "xrechnung"),
        media_type=STRING,
        missing=array(STRING),
        url=maybe(STRING),
    )
)
#: Lists that are there only when they were expanded.
EXTRAS: dict[str, Schema] = {
    "credit_note.documents": DOCUMENTS,
    "invoice.documents": DOCUMENTS,
    "customer.tax_ids": listed(the("tax_id")),
    "invoice.payments": listed(the("invoice_payment")),
    "customer.subscriptions": listed(the("subscription")),
    "quote.line_items": listed(the("item")),
}


#: What stands for a key of which no table says what it holds; a test keeps it from staying.
UNSAID: Schema = {}


@cache
def schemas() -> dict[str, Schema]:
    """The schema of each type, and of the stub of each that can be deleted."""
    known = {type: schema(kind.shape, kind.model) for type, kind in KINDS.items()}
    account = schema(ACCOUNT, Account)
    account["required"].remove("livemode")
    del account["properties"]["livemode"]
    stubs = {f"deleted_{type}": _deleted(type) for type in (*known, *PARTS)}
    # of a deleted discount all the rest is told as well
    stubs["deleted_discount"] = _and_deleted(known["discount"])
    return {**known, **stubs, **PARTS, "account": account}


def schema(shape: Shape, model: Any) -> Schema:
    """What the object of a shape holds."""
    keys = {key: _of(shape, model, key) for key in (*shape.same, *shape.fields)}
    keys |= {"id": STRING, "object": words(shape.type), "livemode": BOOLEAN}
    added = {path: name for path, name in shape.extras.items() if "." not in path and path not in keys}
    extras = {path: EXTRAS[name] for path, name in added.items()}
    return hash_of(extras, **keys)


def _of(shape: Shape, model: Any, key: str) -> Schema:
    stated = TYPES.get(shape.type, {}).get(key)
    if stated is not None:
        return stated
    spec = shape.fields.get(key, key)
    if spec is None:
        return NULL
    if isinstance(spec, Ref):
        return _reference(spec, _column(model, spec.attribute))
    column = _column(model, spec) if isinstance(spec, str) else None
    return UNSAID if column is None else _plain(key, column)


def _reference(spec: Ref, column: Any) -> Schema:
    known = [spec.type] if spec.type in KINDS else []
    known += [f"deleted_{type}" for type in known if hasattr(KINDS[type].model, "deleted_at")]
    if isinstance(column.type, JSON):
        return array(id_or(*known))
    return maybe(id_or(*known)) if column.nullable else id_or(*known)


def _plain(key: str, column: Any) -> Schema:
    schema = MAP if key == "metadata" else _typed(key, column)
    return maybe(schema) if schema and column.nullable else schema


def _typed(key: str, column: Any) -> Schema:
    if isinstance(column.type, Boolean):
        return BOOLEAN
    if isinstance(column.type, BigInteger | Integer):
        return MOMENT if key in _MOMENTS or key.endswith("_at") else INTEGER
    if isinstance(column.type, String):
        return DECIMAL if key.endswith("_decimal") else STRING
    return UNSAID


_MOMENTS = frozenset(
    "created updated due_date period_start period_end start_date trial_start trial_end current_period_start"
    " current_period_end billing_cycle_anchor start end date redeem_by frozen_time deletes_after".split()
)


def _column(model: Any, attribute: str) -> Any:
    found = inspect(model).column_attrs.get(attribute)
    return found.columns[0] if found is not None else None


def _deleted(type: str) -> Schema:
    return _and_deleted(hash_of(id=STRING, object=words(type)))


def _and_deleted(schema: Schema) -> Schema:
    return hash_of(**schema["properties"], deleted={"type": "boolean", "const": True})
