"""Personal details as the audit log keeps them: enough to recognise a value, too little to learn it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

HIDDEN = "•••"


def masked(value: Any, key: str = "") -> Any:
    """A wire value with emails, phones, addresses, tax ids, bank details and signed links masked."""
    if isinstance(value, Mapping):
        if value.get("object") == "list":
            return {"object": "list", "count": len(value.get("data", []))}
        return {name: masked(each, name) for name, each in value.items()}
    if isinstance(value, list):
        return [masked(each, key) for each in value]
    mask = _MASKS.get(key)
    return mask(value) if mask and isinstance(value, str) else value


def summary(object: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept of a new object: its own plain values, masked."""
    plain = {key: value for key, value in object.items() if value not in (None, "", [], {})}
    return {key: masked(value, key) for key, value in plain.items() if not isinstance(value, list | dict)}


def email(value: str) -> str:
    """`jane@example.com` as `j•••@example.com`."""
    name, _, host = value.rpartition("@")
    return f"{name[:1]}{HIDDEN}@{host}"


def _tail(value: str) -> str:
    return f"{HIDDEN}{value[-3:]}" if len(value) > 6 else HIDDEN


def _hidden(value: str) -> str:
    return HIDDEN


_MASKS: dict[str, Callable[[str], str]] = {
    **dict.fromkeys(("email", "customer_email", "new_email", "old_email", "support_email"), email),
    **dict.fromkeys(("phone", "customer_phone", "support_phone", "value", "iban"), _tail),
    **dict.fromkeys(("line1", "line2", "city", "postal_code", "state", "town"), _hidden),
    **dict.fromkeys(("hosted_invoice_url", "invoice_pdf", "receipt_pdf", "pdf", "url"), _hidden),
}
