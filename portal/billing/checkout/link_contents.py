"""What a payment link sells to its next visitor, as parameters of the session."""

from typing import Any

from sqlalchemy.orm import Session

from portal.billing.checkout import line_items, shipping
from portal.db import rows_by_id
from portal.models import PaymentLink, Price, ShippingRate


def session_params(db: Session, link: PaymentLink) -> dict[str, Any]:
    """The lines, what may be added, and how it can be sent: without what is no longer sold beside the lines."""
    return {
        "line_items": [_line_params(line) for line in link.lines if not line_items.is_optional(line)],
        "shipping_options": [{"shipping_rate": id} for id in _list_rates(db, link)],
        "optional_items": [_line_params(line) for line in _list_optional(db, link)],
    }


def _list_rates(db: Session, link: PaymentLink) -> list[str]:
    """The rates that shipping is still offered at; all of them where none is, as it can't be sent for nothing then."""
    named = [each["shipping_rate"] for each in shipping.list_options(link.settings)]
    found = rows_by_id(db, ShippingRate, named)
    return [id for id in named if id in found and found[id].active] or named


def _list_optional(db: Session, link: PaymentLink) -> list[dict[str, Any]]:
    """The lines that may be added, of prices that are still sold."""
    optional = [line for line in link.lines if line_items.is_optional(line)]
    found = rows_by_id(db, Price, [line["price_id"] for line in optional])
    return [line for line in optional if line["price_id"] in found and found[line["price_id"]].active]


def _line_params(line: dict[str, Any]) -> dict[str, Any]:
    """The parameters of a line of a link, for its sessions."""
    quantity = line.get("optional", line["quantity"])
    sent = {"price": line["price_id"], "quantity": quantity, "adjustable_quantity": line["adjustable_quantity"]}
    return {name: value for name, value in sent.items() if value is not None}
