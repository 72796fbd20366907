"""The wire form of payment method configurations."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.db import scope_of
from portal.models import Account, PaymentMethodConfiguration
from portal.objects.kinds import ObjectType, register
from portal.providers.registry import collects_by
from portal.rules.payment_method_types import OTHERS, OURS, is_on
from portal.wire.schemas import BOOLEAN, NULL, Schema, enum_of, hash_of, or_null
from portal.wire.shape import Computed, Context, Row, Shape, null_fields


def _load_types(db: Session, rows: Sequence[Row], context: Context) -> Mapping[str, Any]:
    """What the account can be paid by."""
    scope = scope_of(db)
    settings = db.scalars(select(Account.settings).where(Account.id == scope.account_id)).one()
    transfers = (settings.get("invoices", {}).get("bank_transfer") or {}).get("iban")
    types = {*collects_by(settings, livemode=scope.livemode), *(["customer_balance"] if transfers else [])}
    return dict.fromkeys(types, True)


def _choice(type: str) -> Computed:
    def describe(row: Row, context: Context) -> dict[str, Any] | None:
        if type in OTHERS and type not in row.preferences:
            return None
        wanted = is_on(type, row.preferences)
        return {
            "available": wanted and type in context.preloaded["types"],
            "display_preference": {
                "overridable": None,
                "preference": row.preferences.get(type, "none"),
                "value": "on" if wanted else "off",
            },
        }

    return describe


_CHOICE: Schema = hash_of(
    available=BOOLEAN,
    display_preference=hash_of(overridable=NULL, preference=enum_of("none", "off", "on"), value=enum_of("off", "on")),
)

PAYMENT_METHOD_CONFIGURATION = register(
    ObjectType(
        Shape(
            "payment_method_configuration",
            same=("active", "name"),
            fields={
                **null_fields("application", "parent"),
                **{type: _choice(type) for type in (*OURS, *OTHERS)},
                "is_default": lambda row, context: False,
            },
        ),
        PaymentMethodConfiguration,
        "payment method configuration",
        schemas={
            "is_default": BOOLEAN,
            **dict.fromkeys(OURS, _CHOICE),
            **dict.fromkeys(OTHERS, or_null(_CHOICE)),
        },
        preload={"types": _load_types},
        portable=False,
    )
)
