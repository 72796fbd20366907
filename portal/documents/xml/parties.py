"""Builds seller and buyer of an e-invoice from the hashes frozen with a document."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from portal.documents.xml.trade import TradeAddress, Trader

#: Tax ids that are VAT identifiers: what stands in front of one that does not begin with its country.
_VAT_PREFIXES = {
    "eu_vat": "",
    "gb_vat": "GB",
    "ch_vat": "CH",
    "no_vat": "NO",
    "is_vat": "IS",
    "sa_vat": "SA",
    "za_vat": "ZA",
    "ua_vat": "UA",
    "ge_vat": "GE",
    "il_vat": "IL",
    "ae_trn": "AE",
    "au_abn": "AU",
    "nz_gst": "NZ",
    "sg_gst": "SG",
    "in_gst": "IN",
}
#: Schemes of the EAS list for the VAT ids of a country, for those who have no other address.
_VAT_SCHEMES = {
    "AT": "9914",
    "BE": "9925",
    "BG": "9926",
    "CY": "9928",
    "CZ": "9929",
    "DE": "9930",
    "EE": "9931",
    "ES": "9920",
    "EL": "9933",
    "FR": "9957",
    "GB": "9932",
    "HR": "9934",
    "HU": "9910",
    "IE": "9935",
    "IT": "0211",
    "LT": "9937",
    "LU": "9938",
    "LV": "9939",
    "MT": "9943",
    "NL": "9944",
    "PL": "9945",
    "PT": "9946",
    "RO": "9947",
    "SI": "9949",
    "SK": "9950",
}


def build_trader(party: Mapping[str, Any], *, taxed: bool) -> Trader:
    """A party; where `taxed` is false, without VAT identifiers, as BR-O-02 requires of both sides."""
    settings, ids = party.get("e_invoices") or {}, party.get("tax_ids") or []
    is_seller = "default_locale" in party
    place = {"country": party.get("country"), **_present_fields(party.get("address"))}
    vat_id = next(_vat_ids(ids), None)
    others = (each["value"] for each in ids if each["type"] not in _VAT_PREFIXES)
    return Trader(
        name=(party.get("legal_name") if is_seller else None) or party.get("name") or "",
        address=build_address(place),
        vat_id=vat_id if taxed else None,
        tax_number=next(others, None) if taxed and is_seller else None,
        register_number=settings.get("register_number"),
        endpoint=_electronic_address(settings.get("endpoint"), vat_id),
        contact=settings.get("contact") if is_seller else None,
        phone=party.get("phone") if is_seller else None,
        email=party.get("email"),
    )


def build_address(place: Mapping[str, Any]) -> TradeAddress:
    """The address of a place in the wire's form."""
    keys = ("line1", "line2", "city", "postal_code", "state", "country")
    return TradeAddress(**{key: place.get(key) for key in keys})


def _present_fields(place: Mapping[str, Any] | None) -> dict[str, Any]:
    return {key: value for key, value in (place or {}).items() if value}


def _vat_ids(ids: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for each in ids:
        if each["type"] in _VAT_PREFIXES:
            value, prefix = "".join(c for c in each["value"] if c.isalnum()), _VAT_PREFIXES[each["type"]]
            yield value if value.startswith(prefix) else prefix + value


def _electronic_address(named: str | None, vat_id: str | None) -> tuple[str, str] | None:
    """`0204:991-12345-67` as it is written, else the VAT identifier."""
    if named and ":" in named:
        scheme, _, identifier = named.partition(":")
        return scheme, identifier
    scheme = _VAT_SCHEMES.get((vat_id or "")[:2], "")
    return (scheme, vat_id) if scheme and vat_id else None
