"""Builds what all documents share about seller and buyer: names, addresses, language, colour, and terms of e-invoices.

The input is what was frozen with the document.
"""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from portal.billing.accounts import pictures
from portal.db import scope_of
from portal.documents.parts import EInvoiceTerms, Party
from portal.documents.values import FIRST_VERSION, PageSize, page_size_of_country
from portal.rules import tax_ids, tax_names

_ADDRESS_FIELDS = ("line1", "line2", "city", "state", "postal_code", "country")


def shared_values(db: Session, frozen_seller: dict[str, Any], frozen_buyer: dict[str, Any]) -> dict[str, Any]:
    """The fields of a document value that come from its two parties."""
    labels = _Labels(frozen_version(frozen_seller), frozen_locale(frozen_buyer))
    return {
        "locale": labels.locale,
        "seller": build_seller(frozen_seller, labels.locale),
        "buyer": _build_buyer(frozen_buyer, labels),
        "brand_color": frozen_seller.get("primary_color"),
        "livemode": scope_of(db).livemode,
        "version": labels.version,
    }


def frozen_version(frozen_seller: dict[str, Any]) -> str:
    """The look that a document was frozen with."""
    version: str = frozen_seller.get("design") or FIRST_VERSION
    return version


def has_first_look(frozen_seller: dict[str, Any]) -> bool:
    """Whether a document was frozen with the first version of the look, which says some things in its own way."""
    return frozen_version(frozen_seller) == FIRST_VERSION


def frozen_locale(frozen_buyer: dict[str, Any]) -> str:
    """The locale that a document was frozen with."""
    locale: str = frozen_buyer.get("locale") or "en"
    return locale


def name_tax(rate: Mapping[str, Any], frozen_seller: dict[str, Any] | None, frozen_buyer: dict[str, Any] | None) -> str:
    """The name of a rate in the document's language; in the first version as it was written."""
    name: str = rate["display_name"]
    seller = frozen_seller or {}
    if has_first_look(seller):
        return name
    return tax_names.tax_name(name, rate.get("tax_type"), frozen_locale(frozen_buyer or {}), seller.get("country"))


def build_terms(frozen_seller: dict[str, Any], frozen_buyer: dict[str, Any]) -> EInvoiceTerms:
    """What was frozen of the account's settings and the customer's taxes for e-invoices."""
    settings = frozen_seller.get("e_invoices") or {}
    formats = settings.get("formats")
    return EInvoiceTerms(
        formats=None if formats is None else tuple(formats),
        seller_country=frozen_seller.get("country"),
        untaxed=settings.get("untaxed"),
        reverse_charge=settings.get("reverse_charge"),
        tax_exempt=frozen_buyer.get("tax_exempt") or "none",
        tax_currency=(frozen_seller.get("tax_currency") or {}).get("currency"),
        # documents from before these notes existed stay as they were
        legal_notes="e_invoices" in frozen_seller,
    )


def choose_page_size(frozen_seller: dict[str, Any], frozen_buyer: dict[str, Any]) -> PageSize:
    """The page size of the buyer's country, else of the seller's."""
    return page_size_of_country((frozen_buyer.get("address") or {}).get("country") or frozen_seller.get("country"))


def ship_to(shipping: dict[str, Any] | None) -> Party | None:
    """The recipient of the goods; None when nothing is shipped."""
    if not shipping:
        return None
    return Party(
        name=shipping.get("name") or "", **_address_fields(shipping.get("address")), phone=shipping.get("phone")
    )


def logo_url(db: Session, frozen_seller: dict[str, Any]) -> str | None:
    """The logo that the merchant had when the document was frozen; files never change."""
    id = frozen_seller.get("logo")
    found = pictures.find_picture(db, scope_of(db).account_id, id) if id else None
    return f"data:{found.media_type};base64,{b64encode(found.content).decode()}" if found else None


@dataclass(frozen=True)
class _Labels:
    """What tax numbers are called: in the first version by their types, later in the document's language."""

    version: str
    locale: str

    def number_name(self, type: str, value: str) -> str:
        if self.version == FIRST_VERSION:
            return tax_ids.type_label(type)
        return tax_names.number_name(type, self.locale, value)

    def register_name(self, country: str | None, number: str | None) -> str | None:
        if self.version == FIRST_VERSION or not number:
            return None
        return tax_names.register_name(country, number)


def build_seller(frozen: dict[str, Any], locale: str = "en") -> Party:
    """The merchant, by its legal name, and in its account's country if the address names none.

    Its tax numbers are called what the locale's language calls them.
    """
    named = {**frozen, "name": frozen.get("legal_name") or frozen.get("name")}
    address = frozen.get("address") or {}
    country = address.get("country")
    return _build_party(
        named,
        {**address, "country": country or frozen.get("country")},
        _Labels(frozen_version(frozen), locale),
        unlocated=not country,
        contact=(frozen.get("e_invoices") or {}).get("contact"),
    )


def _build_buyer(frozen: dict[str, Any], labels: _Labels) -> Party:
    """The customer, by the name of the business where there is one, with the person as contact."""
    business, person, name = (frozen.get(key) for key in ("business_name", "individual_name", "name"))
    shown = business or name or person
    others = (each for each in (person, name if business else None) if each and each != shown)
    return _build_party({**frozen, "name": shown}, frozen.get("address"), labels, contact=next(others, None))


def _build_party(frozen: dict[str, Any], address: dict[str, Any] | None, labels: _Labels, **more: Any) -> Party:
    settings, ids = frozen.get("e_invoices") or {}, frozen.get("tax_ids") or []
    number = settings.get("register_number")
    return Party(
        name=frozen.get("name") or frozen.get("email") or "",
        **_address_fields(address),
        email=frozen.get("email"),
        phone=frozen.get("phone"),
        url=frozen.get("url"),
        tax_ids=tuple((labels.number_name(each["type"], each["value"]), each["value"]) for each in ids),
        unnamed=not frozen.get("name"),
        tax_id_types=tuple(each["type"] for each in ids),
        register_number=number,
        register_label=labels.register_name((address or {}).get("country"), number),
        endpoint=settings.get("endpoint"),
        **more,
    )


def _address_fields(address: dict[str, Any] | None) -> dict[str, Any]:
    return {key: (address or {}).get(key) for key in _ADDRESS_FIELDS}
