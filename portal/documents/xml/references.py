"""What the buyer wants to find on an e-invoice: its reference (BT-10) and its purchase order (BT-13).

Both come from custom fields of the invoice, which stand on the document and are frozen with it, else from what was
frozen of its metadata, else of the customer's: `buyer_reference` and `purchase_order`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from stdnum import iso11649

#: Names of custom fields, in any case.
FIELDS = {
    "buyer_reference": ("buyer reference", "leitweg-id", "käuferreferenz", "référence acheteur", "your reference"),
    "purchase_order": ("purchase order", "po number", "po", "order number", "bestellnummer", "numéro de commande"),
}


def of_payment(number: str | None, buyer: Mapping[str, Any] | None) -> str:
    """What a payer writes: the creditor reference (ISO 11649) where the invoice has one, else its number."""
    said = ((buyer or {}).get("e_invoices") or {}).get("creditor_reference") or ""
    return str(iso11649.compact(said)) if iso11649.is_valid(said) else number or ""


def of(fields: Iterable[Mapping[str, str]] | None, buyer: Mapping[str, Any] | None) -> dict[str, str | None]:
    """`buyer_reference` and `purchase_order` of a document."""
    written = {field["name"].strip().lower(): field["value"] for field in fields or []}
    kept = (buyer or {}).get("e_invoices") or {}
    return {
        key: next((written[name] for name in names if name in written), None) or kept.get(key)
        for key, names in FIELDS.items()
    }
