"""Converts VAT into the currency of the seller's country for invoices in another currency.

This fills BT-6 and BT-111 of EN 16931. Directive 2006/112/EC, Article 230, requires the VAT in the national currency,
at the exchange rates of Article 91.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from babel.numbers import get_territory_currencies

from portal import i18n
from portal.rules.money import round_half_up

#: What the invoice's metadata say of it: units of the tax currency for one of the invoice's.
METADATA_KEY = "tax_exchange_rate"
_RATE_PATTERN = re.compile(r"\d{1,9}(?:\.\d{1,12})?\Z")


def requested_conversion(
    settings: Mapping[str, Any] | None, country: str | None, currency: str, metadata: Mapping[str, str]
) -> dict[str, str | None] | None:
    """`currency` and `exchange_rate` to freeze with a document in `currency`; None where no conversion is needed.

    The account's `tax_currency` requests it, or an exchange rate in the metadata, which means the currency of the
    seller's country. `exchange_rate` is decimal text, None where no usable rate was given.
    """
    chosen = (settings or {}).get("tax_currency") or (
        currency_of_country(country) if METADATA_KEY in metadata else None
    )
    if chosen is None or chosen == currency:
        return None
    return {"currency": chosen, "exchange_rate": _parse_rate(metadata.get(METADATA_KEY))}


def convert_tax(tax: int, currency: str, frozen: Mapping[str, Any] | None) -> int | None:
    """Convert a tax from minor units of `currency` to minor units of the frozen currency; None without a rate."""
    if not frozen or not frozen.get("exchange_rate"):
        return None
    digits = i18n.currency_exponent(frozen["currency"]) - i18n.currency_exponent(currency)
    return round_half_up((tax * Decimal(frozen["exchange_rate"])).scaleb(digits))


def currency_of_country(country: str | None) -> str | None:
    """The national currency of a country (ISO code), in which its taxes are declared."""
    if country in _NATIONAL:
        return _NATIONAL[country]
    found = get_territory_currencies(country) if country else []
    return str(found[0]).lower() if found else None


#: Where CLDR, as Babel 2.18 has it, names another currency first: Bulgaria has the euro since 2026-01-01; in the others
#: that of a neighbour, or the dollar, circulates beside the national one.
_NATIONAL = {"BG": "eur", "BT": "btn", "LS": "lsl", "NA": "nad", "ZW": "zwg"}


def _parse_rate(said: str | None) -> str | None:
    value = (said or "").strip()
    return value if _RATE_PATTERN.match(value) and Decimal(value) > 0 else None
