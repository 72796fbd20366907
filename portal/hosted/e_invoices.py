"""Texts about e-invoices: the names of the formats, and what is missing in a document."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

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
