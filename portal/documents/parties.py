"""Builds what all documents share about seller and buyer: names, addresses, language, logo and colour.

The input is what was frozen with the document.
"""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from sqlalchemy.orm import Session

from portal.billing.accounts import pictures
from portal.db import scope_of
from portal.documents.values import PageSize, Party, page_size_of_country
from portal.rules import tax_ids


def shared_values(db: Session, frozen_seller: dict[str, Any], frozen_buyer: dict[str, Any]) -> dict[str, Any]:
    """The fields of a document value that come from its two parties."""
    return {
        "locale": frozen_buyer.get("locale") or "en",
        "seller": _build_seller(frozen_seller),
        "buyer": _build_party(frozen_buyer, frozen_buyer.get("address")),
        "brand_color": frozen_seller.get("primary_color"),
        "logo": _logo_url(db, frozen_seller),
        "livemode": scope_of(db).livemode,
        "version": frozen_seller.get("design") or "v1",
    }


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


def _logo_url(db: Session, frozen: dict[str, Any]) -> str | None:
    """The logo that the merchant had when the document was frozen; files never change."""
    id = frozen.get("logo")
    found = pictures.find_picture(db, scope_of(db).account_id, id) if id else None
    return f"data:{found.media_type};base64,{b64encode(found.content).decode()}" if found else None


def _build_seller(frozen: dict[str, Any]) -> Party:
    named = {**frozen, "name": frozen.get("legal_name") or frozen.get("name")}
    address = frozen.get("address") or {}
    return _build_party(named, {**address, "country": address.get("country") or frozen.get("country")})


def _build_party(frozen: dict[str, Any], address: dict[str, Any] | None) -> Party:
    return Party(
        name=frozen.get("name") or frozen.get("email") or "",
        **_address_fields(address),
        email=frozen.get("email"),
        phone=frozen.get("phone"),
        url=frozen.get("url"),
        tax_ids=tuple((tax_ids.type_label(each["type"]), each["value"]) for each in frozen.get("tax_ids", [])),
    )


def _address_fields(address: dict[str, Any] | None) -> dict[str, Any]:
    keys = ("line1", "line2", "city", "state", "postal_code", "country")
    return {key: (address or {}).get(key) for key in keys}
