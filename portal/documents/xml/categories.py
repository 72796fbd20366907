"""Which VAT category of UNCL5305 a line falls into, and why no tax is on it (BT-118 to BT-121, BT-151)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from portal.documents.xml.trade import Category
from portal.rules import tax_notes

#: Codes of the VATEX list, where one fits whatever the goods are.
VATEX = {"AE": "VATEX-EU-AE", "K": "VATEX-EU-IC", "G": "VATEX-EU-G", "O": "VATEX-EU-O"}
#: What the account says of lines without a rate: `settings[invoices][e_invoices][untaxed]`.
UNTAXED = {"exempt": "E", "export": "G", "not_subject": "O", "small_business": "E", "zero_rated": "Z"}

RATED = {"standard_rated", "reduced_rated"}


class Unclear(Exception):
    """No single category fits; the message is the name of the gap."""


def of_line(
    taxes: Sequence[Mapping[str, Any]],
    rates: Mapping[str, Mapping[str, Any]],
    seller: Mapping[str, Any],
    buyer: Mapping[str, Any],
    locale: str,
) -> Category:
    """The category of a line or of shipping with these taxes. Raises `Unclear`."""
    if len(taxes) > 1:
        raise Unclear("lines.single_tax_rate")
    settings = seller.get("e_invoices") or {}
    reason = taxes[0]["taxability_reason"] if taxes else _reason(buyer)
    rate = rates.get(taxes[0]["tax_rate"]) if taxes else None
    if reason in RATED and not rate:
        raise Unclear("lines.tax_rates")
    if reason in RATED and rate and Decimal(rate["exact_percentage"]):
        if rate.get("tax_type") in {"sales_tax", "rst", "pst", "qst"} or seller.get("country") == "US":
            raise Unclear("lines.value_added_tax")
        return Category(code="S", rate=Decimal(rate["exact_percentage"]))
    code = _untaxed("zero_rated" if reason in RATED else reason, settings)
    return Category(
        code=code,
        rate=None if code == "O" else Decimal(0),
        reason=_words(code, settings, seller, locale),
        reason_code=VATEX.get(code),
    )


def _reason(buyer: Mapping[str, Any]) -> str | None:
    return {"reverse": "reverse_charge", "exempt": "customer_exempt"}.get(buyer.get("tax_exempt") or "none")


def _untaxed(reason: str | None, settings: Mapping[str, Any]) -> str:
    if reason == "reverse_charge":
        return "K" if settings.get("reverse_charge") == "goods" else "AE"
    if reason == "customer_exempt":
        return "E"
    if reason == "zero_rated":
        return UNTAXED.get(settings.get("untaxed") or "zero_rated", "Z")
    if not settings.get("untaxed"):
        raise Unclear("lines.tax_rates")
    return UNTAXED[settings["untaxed"]]


def _words(code: str, settings: Mapping[str, Any], seller: Mapping[str, Any], locale: str) -> str | None:
    if code == "E" and settings.get("untaxed") == "small_business":
        return tax_notes.small_business(seller.get("country"), locale)
    return tax_notes.of_category(code, locale)
