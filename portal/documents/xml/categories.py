"""Finds the VAT category (UNCL5305) of a line, and the reason when it has no tax (BT-118 to BT-121, BT-151)."""

from collections.abc import Sequence
from decimal import Decimal

from portal.documents.parts import EInvoiceTerms, LineTax
from portal.documents.xml.trade import VatCategory
from portal.rules import tax_notes

#: Codes of the VATEX list, where one fits whatever the goods are.
VATEX_CODES = {"AE": "VATEX-EU-AE", "K": "VATEX-EU-IC", "G": "VATEX-EU-G", "O": "VATEX-EU-O"}
#: What the account says of lines without a rate: `settings[invoices][e_invoices][untaxed]`.
UNTAXED_CODES = {"exempt": "E", "export": "G", "not_subject": "O", "small_business": "E", "zero_rated": "Z"}

TAXED_REASONS = {"standard_rated", "reduced_rated"}
#: Why a line of a customer has no tax, by the customer's `tax_exempt`.
_EXEMPT_REASONS = {"reverse": "reverse_charge", "exempt": "customer_exempt"}


class UnclearCategory(Exception):
    """No single category fits; the message is the name of the gap."""


def find_category(taxes: Sequence[LineTax], terms: EInvoiceTerms, locale: str) -> VatCategory:
    """The category of a line or of shipping with these taxes. Raises `UnclearCategory`."""
    if len(taxes) > 1:
        raise UnclearCategory("lines.single_tax_rate")
    tax = taxes[0] if taxes else LineTax(amount=0, reason=_EXEMPT_REASONS.get(terms.tax_exempt))
    if tax.reason in TAXED_REASONS and tax.percentage is None:
        raise UnclearCategory("lines.tax_rates")
    if tax.reason in TAXED_REASONS and tax.percentage and Decimal(tax.percentage):
        if tax.tax_type in {"sales_tax", "rst", "pst", "qst"} or terms.seller_country == "US":
            raise UnclearCategory("lines.value_added_tax")
        return VatCategory(code="S", rate=Decimal(tax.percentage))
    code = _untaxed_code("zero_rated" if tax.reason in TAXED_REASONS else tax.reason, terms)
    return VatCategory(
        code=code,
        rate=None if code == "O" else Decimal(0),
        reason=_reason_text(code, terms, locale),
        reason_code=VATEX_CODES.get(code),
    )


def _untaxed_code(reason: str | None, terms: EInvoiceTerms) -> str:
    if reason == "reverse_charge":
        return "K" if terms.reverse_charge == "goods" else "AE"
    if reason == "customer_exempt":
        return "E"
    if reason == "zero_rated":
        return UNTAXED_CODES.get(terms.untaxed or "zero_rated", "Z")
    if not terms.untaxed:
        raise UnclearCategory("lines.tax_rates")
    return UNTAXED_CODES[terms.untaxed]


def _reason_text(code: str, terms: EInvoiceTerms, locale: str) -> str | None:
    if code == "E" and terms.untaxed == "small_business":
        return tax_notes.small_business_note(terms.seller_country, locale)
    return tax_notes.note_for_category(code, locale)
