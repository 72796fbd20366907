"""The payment reference of an invoice."""

from collections.abc import Mapping
from typing import Any

from stdnum import iso11649

from portal.rules.creditor_references import make_reference
from portal.rules.qr_references import compact_qr_reference, is_qr_iban, make_qr_reference


def payment_reference(
    number: str | None, buyer: Mapping[str, Any] | None, seller: Mapping[str, Any] | None = None
) -> str:
    """What the payer writes on a transfer: a creditor reference (ISO 11649), else the invoice number.

    The reference is the merchant's own, or made of the number, as bank statements are matched by it. An invoice that
    was finalized before there were such references keeps its number. A QR-IBAN takes QR references alone.
    """
    said = ((buyer or {}).get("e_invoices") or {}).get("creditor_reference") or ""
    if (seller or {}).get("qr_bills") and is_qr_iban(((seller or {}).get("bank_transfer") or {}).get("iban")):
        return compact_qr_reference(said) or make_qr_reference(number or "") or number or ""
    if iso11649.is_valid(said):
        return str(iso11649.compact(said))
    made = make_reference(number) if number and (seller or {}).get("creditor_references") else None
    return made or number or ""
