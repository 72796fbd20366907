"""The JSON schema of every object, derived from its `Shape`, its columns and the tables in `types`."""

from functools import cache
from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, Integer, String, inspect

from portal.models import Account
from portal.objects.accounts import SHAPE as ACCOUNT
from portal.objects.kinds import OBJECT_TYPES, ObjectType
from portal.objects.types import accounts, catalogue, customers, portals
from portal.wire.schemas import (
    BOOLEAN,
    DECIMAL,
    INTEGER,
    MAP,
    MOMENT,
    NULL,
    STRING,
    Schema,
    array_of,
    enum_of,
    hash_of,
    id_or,
    or_null,
)
from portal.wire.shape import Ref

#: Objects without a table: they stand inside of others, or are made of them.
TABLELESS: dict[str, Schema] = {
    "billing_portal.retention_offer_count": portals.RETENTION_OFFER_COUNT,
    "coming_payment": customers.COMING_PAYMENT,
    "customer_spending": customers.SPENDING,
    "customer_statement": customers.STATEMENT,
    "plan": catalogue.PLAN,
    "product_feature": catalogue.PRODUCT_FEATURE,
}
#: What stands for a key of which no table says what it holds; a test keeps it from staying.
NO_SCHEMA: Schema = {}


@cache
def all_schemas() -> dict[str, Schema]:
    """The schema of each object type, and of the stub of each deleted object."""
    known = {type: object_schema(kind) for type, kind in OBJECT_TYPES.items()}
    # it has no tenant, which its schema doesn't depend on
    account = object_schema(ObjectType(ACCOUNT, Account, "account", accounts.ACCOUNT))  # type: ignore[arg-type]
    account["required"].remove("livemode")
    del account["properties"]["livemode"]
    stubs = {f"deleted_{type}": _stub_schema(type) for type in (*known, *TABLELESS)}
    # of a deleted discount all the rest is told as well
    stubs["deleted_discount"] = _with_deleted_key(known["discount"])
    return {**known, **stubs, **TABLELESS, "account": account}


def object_schema(kind: ObjectType) -> Schema:
    """The schema of the objects of a type."""
    shape = kind.shape
    keys = {key: _key_schema(kind, key) for key in (*shape.same, *shape.fields)}
    keys |= {"id": STRING, "object": enum_of(shape.type), "livemode": BOOLEAN}
    added = [path for path in shape.extras if "." not in path and path not in keys]
    return hash_of({path: kind.schemas.get(path, NO_SCHEMA) for path in added}, **keys)


def _key_schema(kind: ObjectType, key: str) -> Schema:
    if key in kind.schemas:
        return kind.schemas[key]
    spec = kind.shape.fields.get(key, key)
    if spec is None:
        return NULL
    if isinstance(spec, Ref):
        return _reference_schema(spec, _find_column(kind.model, spec.attribute))
    column = _find_column(kind.model, spec) if isinstance(spec, str) else None
    return NO_SCHEMA if column is None else _column_schema(key, column)


def _reference_schema(spec: Ref, column: Any) -> Schema:
    known = [spec.type] if spec.type in OBJECT_TYPES else []
    known += [f"deleted_{type}" for type in known if hasattr(OBJECT_TYPES[type].model, "deleted_at")]
    if isinstance(column.type, JSON):
        return array_of(id_or(*known))
    return or_null(id_or(*known)) if column.nullable else id_or(*known)


def _column_schema(key: str, column: Any) -> Schema:
    schema = MAP if key == "metadata" else _column_type_schema(key, column)
    return or_null(schema) if schema and column.nullable else schema


def _column_type_schema(key: str, column: Any) -> Schema:
    if isinstance(column.type, Boolean):
        return BOOLEAN
    if isinstance(column.type, BigInteger | Integer):
        return MOMENT if key in _MOMENT_KEYS or key.endswith("_at") else INTEGER
    if isinstance(column.type, String):
        return DECIMAL if key.endswith("_decimal") else STRING
    return NO_SCHEMA


_MOMENT_KEYS = frozenset(
    "created updated due_date period_start period_end start_date trial_start trial_end current_period_start"
    " current_period_end billing_cycle_anchor start end date redeem_by frozen_time deletes_after".split()
)


def _find_column(model: Any, attribute: str) -> Any:
    found = inspect(model).column_attrs.get(attribute)
    return found.columns[0] if found is not None else None


def _stub_schema(type: str) -> Schema:
    return _with_deleted_key(hash_of(id=STRING, object=enum_of(type)))


def _with_deleted_key(schema: Schema) -> Schema:
    return hash_of(**schema["properties"], deleted={"type": "boolean", "const": True})
