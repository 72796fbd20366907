"""Builds seller and buyer of an e-invoice from the parties of a document."""

from collections.abc import Iterator

from portal.documents.parts import Party
from portal.documents.xml.trade import TradeAddress, Trader
from portal.rules import electronic_addresses, register_numbers

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
#: Tax ids that are the numbers of registers of companies.
_REGISTER_TYPES = {"au_acn", "fr_siren", "fr_siret", "is_kt", "nz_bn"}
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


def build_trader(party: Party, *, taxed: bool, is_seller: bool = False) -> Trader:
    """A party; where `taxed` is false, without VAT identifiers, as BR-O-02 requires of both sides.

    Every seller has an identifier, a register number or a VAT identifier (BR-CO-26); a tax number serves as the first.
    """
    vat_id, other = next(_vat_ids(party), None), next(_other_tax_ids(party), None)
    written = party.register_number or next(_register_ids(party), None)
    registered = register_numbers.find_number(party.country, written, vat_id)
    known = registered or (vat_id if taxed else None)
    return Trader(
        name="" if party.unnamed else party.name,
        address=build_address(party),
        vat_id=vat_id if taxed else None,
        tax_number=other if taxed and is_seller else None,
        register_number=registered.number if registered else None,
        register_scheme=registered.scheme if registered else None,
        register_remark=_register_remark(party) if is_seller else None,
        identifier=other if is_seller and not known else None,
        endpoint=_electronic_address(party.endpoint, vat_id),
        contact=party.contact,
        phone=party.phone if is_seller else None,
        email=party.email,
    )


def build_address(place: Party) -> TradeAddress:
    """The address of a party or of a place of delivery."""
    keys = ("line1", "line2", "city", "postal_code", "state", "country")
    return TradeAddress(**{key: getattr(place, key) for key in keys})


def _vat_ids(party: Party) -> Iterator[str]:
    for type, (_label, said) in zip(party.tax_id_types, party.tax_ids, strict=True):
        if type in _VAT_PREFIXES:
            value, prefix = "".join(c for c in said if c.isalnum()), _VAT_PREFIXES[type]
            yield value if value.startswith(prefix) else prefix + value


def _other_tax_ids(party: Party) -> Iterator[str]:
    """Tax numbers of the party's own country, as other countries' are none to its authorities (IT-R-001, SE-R-005)."""
    others = (pair for pair in _own_tax_ids(party) if pair[0] not in {*_VAT_PREFIXES, *_REGISTER_TYPES})
    return (value for _type, value in others)


def _register_ids(party: Party) -> Iterator[str]:
    return (value for type, value in _own_tax_ids(party) if type in _REGISTER_TYPES)


def _own_tax_ids(party: Party) -> Iterator[tuple[str, str]]:
    """Types and values of the ids that the party's own country has given."""
    ids, prefix = zip(party.tax_id_types, party.tax_ids, strict=True), f"{party.country or ''}_".lower()
    return ((type, value) for type, (_label, value) in ids if type.startswith(prefix))


def _register_remark(party: Party) -> str | None:
    """The name of the register, where a Norwegian company writes it (foretaksregisterloven § 10-2; NO-R-002)."""
    name = "Foretaksregisteret"
    return name if party.country == "NO" and name.lower() in (party.register_number or "").lower() else None


def _electronic_address(named: str | None, vat_id: str | None) -> tuple[str, str] | None:
    """`0204:991-12345-67` as it is written, None if it is none; the VAT identifier where nothing is written."""
    if named:
        try:
            return electronic_addresses.parse_address(named)
        except electronic_addresses.BadAddress:
            return None
    scheme = _VAT_SCHEMES.get((vat_id or "")[:2], "")
    return (scheme, vat_id) if scheme and vat_id else None
