"""Masks personal details for the audit log: enough is left to recognise a value, too little to learn it."""

from collections.abc import Callable, Mapping
from typing import Any

HIDDEN = "•••"


def mask_value(value: Any, key: str = "") -> Any:
    """A wire value with emails, phones, addresses, tax ids, bank details and signed links masked."""
    if isinstance(value, Mapping):
        if value.get("object") == "list":
            return {"object": "list", "count": len(value.get("data", []))}
        return {name: mask_value(each, name) for name, each in value.items()}
    if isinstance(value, list):
        return [mask_value(each, key) for each in value]
    mask = _MASKS.get(key)
    return mask(value) if mask and isinstance(value, str) else value


def masked_summary(object: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a new object that is stored: its own plain values, masked."""
    plain = {key: value for key, value in object.items() if value not in (None, "", [], {})}
    return {key: mask_value(value, key) for key, value in plain.items() if not isinstance(value, list | dict)}


def mask_email(value: str) -> str:
    """`jane@example.com` as `j•••@example.com`."""
    name, _, host = value.rpartition("@")
    return f"{name[:1]}{HIDDEN}@{host}"


def _mask_all_but_end(value: str) -> str:
    return f"{HIDDEN}{value[-3:]}" if len(value) > 6 else HIDDEN


def _hide_value(value: str) -> str:
    return HIDDEN


_MASKS: dict[str, Callable[[str], str]] = {
    **dict.fromkeys(("email", "customer_email", "new_email", "old_email", "support_email"), mask_email),
    **dict.fromkeys(("phone", "customer_phone", "support_phone", "value", "iban"), _mask_all_but_end),
    "client_secret": _hide_value,
    **dict.fromkeys(("line1", "line2", "city", "postal_code", "state", "town"), _hide_value),
    **dict.fromkeys(("hosted_invoice_url", "invoice_pdf", "receipt_pdf", "pdf", "url"), _hide_value),
}
