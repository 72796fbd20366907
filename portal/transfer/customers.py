"""Reads customers and their tax ids from either generation of the wire."""

import secrets
from collections.abc import Mapping
from typing import Any

from portal.billing.customers.numbering import PREFIX_LETTERS
from portal.transfer.origin import SellerDefaults
from portal.transfer.tables import linked_id
from portal.wire.commands import Address

Object = Mapping[str, Any]
Columns = dict[str, Any]


def customer_columns(object: Object, origin: SellerDefaults) -> Columns:
    """The columns of a customer that have another form on the wire."""
    shipping = object.get("shipping")
    settings = object.get("invoice_settings") or {}
    return {
        "address": clean_address(object.get("address")),
        "shipping": shipping
        and {
            "name": shipping.get("name"),
            "phone": shipping.get("phone"),
            "address": clean_address(shipping.get("address")),
        },
        "invoice_settings": {key: value for key, value in settings.items() if value is not None},
        "invoice_prefix": object.get("invoice_prefix") or "".join(secrets.choice(PREFIX_LETTERS) for _ in range(8)),
        "next_invoice_sequence": object.get("next_invoice_sequence") or 1,
        "preferred_locales": object.get("preferred_locales") or [],
        "tax_exempt": object.get("tax_exempt") or "none",
        "unsubscribed_from": object.get("unsubscribed_from") or [],
        "balance": object.get("balance", object.get("account_balance")) or 0,
        "email_folded": str(object.get("email") or "").casefold() or None,
    }


def clean_address(sent: Object | None) -> Columns | None:
    """An address with the stored keys only, or None."""
    return {key: sent.get(key) for key in Address.model_fields} if sent else None


def tax_id_columns(object: Object, origin: SellerDefaults) -> Columns:
    """The columns of a tax ID that have another form on the wire."""
    owner, verification = object.get("owner") or {}, object.get("verification") or {}
    return {
        "customer_id": linked_id(object.get("customer")) or linked_id(owner.get("customer")),
        "verification": verification.get("status") or "unavailable",
    }
