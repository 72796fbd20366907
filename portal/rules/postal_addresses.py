"""How the lines of a postal address follow each other, by its country.

The orders are those of the Universal Postal Union's addressing guides and of each country's post. In China, Japan,
Korea and Taiwan an address runs from large to small where it is written in the country's own letters, and from small
to large in Latin ones.
"""

import re
from collections.abc import Mapping

FIELDS = ("line1", "line2", "city", "state", "postal_code", "country")

#: A line is written of city (C), state (S) and postal code (P) with what stands between; A stands for the street lines.
_ORDERS = {
    "A|C S P": "AU CA",
    "A|C, S P": "AS GU JP KR MH MP PR PW TW US VI",
    "A|C P": "IL JO LB MT NP NZ PK SA SG",
    "A|C P|S": "IN NG PH",
    "A|C-P": "BD",
    "A|C, P": "LV",
    "A|C|P": "KE LK TT ZA",
    "A|C|S|P": "EG GB GG IE IM JE RU UA",
    "A|C|S P": "ID KH MM TH VN",
    "A|C, S": "AE AO BS BZ HK JM OM PA QA",
    "A|C|S, P": "CN",
    "A|C - S|P": "BR",
    "A|C, S, P": "CO",
    "A|P C S": "IT SM",
    "A|P C|S": "AR CL ES MY",
    "A|P C/S": "TR",
    "C, S|A|P": "HU",
}
_LARGE_TO_SMALL = {"〒P|SC|A": "JP", "S C|A|P": "KR", "P|SC|A": "CN TW", "P|S|C|A": "HK"}
#: In most countries the postal code stands before the city.
_USUAL_ORDER = "A|P C, S"

_OWN_LETTERS = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_PART = re.compile(r"([^ACPS]*)([ACPS])")


def postal_lines(address: Mapping[str, str | None]) -> tuple[str, ...]:
    """The lines of an address with the keys `FIELDS`, without the country's name; what is unknown leaves no gap."""
    parts = {"C": address.get("city"), "S": address.get("state"), "P": address.get("postal_code")}
    streets = [text for text in (address.get("line1"), address.get("line2")) if text]
    lines: list[str] = []
    for line in _find_order(address).split("|"):
        lines += streets if line == "A" else [_write_line(line, parts)]
    return tuple(filter(None, lines))


def _find_order(address: Mapping[str, str | None]) -> str:
    """The order of an address; what its country does not write stands with the city, as nothing may be lost."""
    country = (address.get("country") or "").upper()
    written = " ".join(address.get(key) or "" for key in ("line1", "city", "state"))
    in_own_letters = country in _BY_COUNTRY_IN_OWN_LETTERS and _OWN_LETTERS.search(written)
    order = (_BY_COUNTRY_IN_OWN_LETTERS if in_own_letters else _BY_COUNTRY).get(country, _USUAL_ORDER)
    order = order if "S" in order else order.replace("C", "C, S")
    return order if "P" in order else f"{order} P"


def _write_line(line: str, parts: Mapping[str, str | None]) -> str:
    """A line of its known parts, each with what separates it from the one before."""
    written = ""
    for at, (between, part) in enumerate(_PART.findall(line)):
        if value := parts[part]:
            written += (between if written or at == 0 else "") + value
    return written


def _index_countries(orders: Mapping[str, str]) -> Mapping[str, str]:
    return {country: order for order, countries in orders.items() for country in countries.split()}


_BY_COUNTRY, _BY_COUNTRY_IN_OWN_LETTERS = _index_countries(_ORDERS), _index_countries(_LARGE_TO_SMALL)
