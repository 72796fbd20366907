"""Names of custom fields that hold what an e-invoice has a place for, in any case."""

FIELD_NAMES = {
    "buyer_reference": ("buyer reference", "leitweg-id", "käuferreferenz", "référence acheteur", "your reference"),
    "purchase_order": ("purchase order", "po number", "po", "order number", "bestellnummer", "numéro de commande"),
}


def is_named(name: str, key: str) -> bool:
    """Whether a custom field of this name is the `buyer_reference` or the `purchase_order`."""
    return name.strip().lower() in FIELD_NAMES[key]
