"""The references of a buyer on an e-invoice: the buyer's own (BT-10), and its purchase order (BT-13).

They come from the invoice's custom fields, which are printed and frozen with it; else from its frozen metadata; else
from the customer's.
"""

from collections.abc import Iterable, Mapping
from typing import Any

#: Names of custom fields, in any case.
FIELD_NAMES = {
    "buyer_reference": ("buyer reference", "leitweg-id", "käuferreferenz", "référence acheteur", "your reference"),
    "purchase_order": ("purchase order", "po number", "po", "order number", "bestellnummer", "numéro de commande"),
}


def is_named(name: str, key: str) -> bool:
    """Whether a custom field of this name is the `buyer_reference` or the `purchase_order`."""
    return name.strip().lower() in FIELD_NAMES[key]


def replace_in_fields(
    fields: Iterable[Mapping[str, str]] | None, key: str, value: str | None
) -> list[dict[str, str]] | None:
    """The custom fields with another value in that of `key`, without it for no value; None where none is named so."""
    kept = [dict(each) for each in fields or ()]
    if not any(is_named(each["name"], key) for each in kept):
        return None
    own = [{**each, "value": value} if is_named(each["name"], key) and value else each for each in kept]
    return own if value else [each for each in own if not is_named(each["name"], key)]


def buyer_references(fields: Iterable[Mapping[str, str]] | None, buyer: Mapping[str, Any] | None) -> dict[str, Any]:
    """`buyer_reference` and `purchase_order` of a document."""
    written = {field["name"].strip().lower(): field["value"] for field in fields or []}
    kept = (buyer or {}).get("e_invoices") or {}
    return {
        key: next((written[name] for name in names if name in written), None) or kept.get(key)
        for key, names in FIELD_NAMES.items()
    }
