"""What a corrected invoice says of its buyer: what the original says, with what was sent."""

from typing import Any

from portal.billing.corrections.obstacles import NotCorrectable
from portal.billing.corrections.params import CorrectedTaxId, CorrectInvoice
from portal.errors import InvalidRequest
from portal.models import Invoice
from portal.rules import corrections, tax_ids
from portal.wire.commands import Address


def correct_buyer(original: Invoice, command: CorrectInvoice) -> tuple[dict[str, Any], list[dict[str, str]] | None]:
    """The buyer and the custom fields of the corrected invoice.

    Raises `NotCorrectable` where nothing would change, or the tax could; `InvalidRequest` for a wrong tax ID.
    """
    before: dict[str, Any] = dict(original.buyer or {})
    buyer, fields = before, original.custom_fields
    if command.name is not None:
        buyer = corrections.rename(buyer, command.name)
    if command.address is not None:
        address = _build_address(before.get("address") or {}, command.address)
        buyer = {**buyer, "address": address, "customer_address": address}
    if command.was_sent("tax_id"):
        buyer = _replace_tax_id(buyer, command.tax_id)
    if command.was_sent("purchase_order"):
        fields, buyer = corrections.replace_purchase_order(fields, buyer, command.purchase_order)
    if (buyer, fields) == (before, original.custom_fields):
        raise NotCorrectable("unchanged")
    return buyer, fields


def _build_address(before: dict[str, Any], sent: Address) -> dict[str, Any]:
    """The sent address, in the country of before. Raises `NotCorrectable` for another one."""
    country = before.get("country")
    if sent.was_sent("country") and sent.country != country:
        raise NotCorrectable("other_country", param="address[country]")
    return {**sent.model_dump(), "country": country}


def _replace_tax_id(buyer: dict[str, Any], sent: CorrectedTaxId | None) -> dict[str, Any]:
    if sent is None:
        if buyer.get("tax_exempt") == "reverse":
            raise NotCorrectable("tax_id_needed", param="tax_id")
        return corrections.replace_tax_id(buyer, None)
    value = tax_ids.normalize_value(sent.type, sent.value) if sent.type in tax_ids.TYPES else None
    if value is None:
        raise InvalidRequest(
            f"Invalid value for {sent.type}: it is written like {tax_ids.example_value(sent.type)}.",
            param="tax_id[value]",
            code="tax_id_invalid",
        )
    return corrections.replace_tax_id(buyer, {"type": sent.type, "value": value})
