"""What the page of a document says of its e-invoices: the files that exist, and what is missing for the others."""

from typing import Any

from flask_babel import lazy_gettext as _l

from portal.documents.values import Bill
from portal.documents.xml import offers
from portal.documents.xml.trades import TradeOutcome

FORMAT_NAMES = {"factur_x": "Factur-X / ZUGFeRD", "peppol": "Peppol BIS", "xrechnung": "XRechnung"}
#: What a customer can put right or ask for; gaps of the merchant's own are told to its program alone.
GAP_LABELS = {
    "buyer.name": _l("your name"),
    "buyer.address.country": _l("the country of your address"),
    "buyer.address.city": _l("the city of your address"),
    "buyer.address.postal_code": _l("the postal code of your address"),
    "buyer.vat_id": _l("your VAT number"),
    "buyer.endpoint": _l("your electronic address"),
    "buyer_reference": _l("your reference"),
}


def e_invoice_context(document: Bill, outcome: TradeOutcome) -> dict[str, Any]:
    """The XML files that exist, and what is missing for those that the merchant chose and that don't exist."""
    offered = offers.list_offers(document, outcome)
    # a merchant who chose no formats has not promised any
    missing = [gap for offer in offered for gap in offer.missing] if document.e_invoice_terms.formats else []
    return {
        "e_invoices": [(offer.format, FORMAT_NAMES[offer.format]) for offer in offered if not offer.missing],
        "missing": list(dict.fromkeys(words for gap in missing if (words := GAP_LABELS.get(gap)))),
    }
