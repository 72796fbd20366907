"""E-invoices in words: what their formats are called, and what keeps a document from being one."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

NAMES = {"factur_x": "Factur-X / ZUGFeRD", "peppol": "Peppol BIS", "xrechnung": "XRechnung"}
#: What a customer can put right or ask for; gaps of the merchant's own are told to its program alone.
WORDS = {
    "buyer.name": _l("your name"),
    "buyer.address.country": _l("the country of your address"),
    "buyer.address.city": _l("the city of your address"),
    "buyer.address.postal_code": _l("the postal code of your address"),
    "buyer.vat_id": _l("your VAT number"),
    "buyer.endpoint": _l("your electronic address"),
    "buyer_reference": _l("your reference"),
}
