"""Finds the VAT category (UNCL5305) of a line, and the reason when it has no tax (BT-118 to BT-121, BT-151)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from portal.documents.xml.trade import VatCategory
from portal.rules import tax_notes

#: Codes of the VATEX list, where one fits whatever the goods are.
VATEX_CODES = {"AE": "VATEX-EU-AE", "K": "VATEX-EU-IC", "G": "VATEX-EU-G", "O": "VATEX-EU-O"}
#: What the account says of lines without a rate: `settings[invoices][e_invoices][untaxed]`.
UNTAXED_CODES = {"exempt": "E", "export": "G", "not_subject": "O", "small_business": "E", "zero_rated": "Z"}

TAXED_REASONS = {"standard_rated", "reduced_rated"}


class UnclearCategory(Exception):
    """No single category fits; the message is the name of the gap."""


def find_category(
    taxes: Sequence[Mapping[str, Any]],
    rates: Mapping[str, Mapping[str, Any]],
    seller: Mapping[str, Any],
    buyer: Mapping[str, Any],
    locale: str,
) -> VatCategory:
    """The category of a line or of shipping with these taxes. Raises `UnclearCategory`."""
    if len(taxes) > 1:
        raise UnclearCategory("lines.single_tax_rate")
    settings = seller.get("e_invoices") or {}
    reason = taxes[0]["taxability_reason"] if taxes else _buyer_reason(buyer)
    rate = rates.get(taxes[0]["tax_rate"]) if taxes else None
    if reason in TAXED_REASONS and not rate:
        raise UnclearCategory("lines.tax_rates")
    if reason in TAXED_REASONS and rate and Decimal(rate["exact_percentage"]):
        if rate.get("tax_type") in {"sales_tax", "rst", "pst", "qst"} or seller.get("country") == "US":
            raise UnclearCategory("lines.value_added_tax")
        return VatCategory(code="S", rate=Decimal(rate["exact_percentage"]))
    code = _untaxed_code("zero_rated" if reason in TAXED_REASONS else reason, settings)
    return VatCategory(
        code=code,
        rate=None if code == "O" else Decimal(0),
        reason=_reason_text(code, settings, seller, locale),
        reason_code=VATEX_CODES.get(code),
    )


def _buyer_reason(buyer: Mapping[str, Any]) -> str | None:
    return {"reverse": "reverse_charge", "exempt": "customer_exempt"}.get(buyer.get("tax_exempt") or "none")


def _untaxed_code(reason: str | None, settings: Mapping[str, Any]) -> str:
    if reason == "reverse_charge":
        return "K" if settings.get("reverse_charge") == "goods" else "AE"
    if reason == "customer_exempt":
        return "E"
    if reason == "zero_rated":
        return UNTAXED_CODES.get(settings.get("untaxed") or "zero_rated", "Z")
    if not settings.get("untaxed"):
        raise UnclearCategory("lines.tax_rates")
    return UNTAXED_CODES[settings["untaxed"]]


def _reason_text(code: str, settings: Mapping[str, Any], seller: Mapping[str, Any], locale: str) -> str | None:
    if code == "E" and settings.get("untaxed") == "small_business":
        return tax_notes.small_business_note(seller.get("country"), locale)
    return tax_notes.note_for_category(code, locale)
