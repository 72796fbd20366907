"""VAT in the currency of the seller's country, where a bill is in another: BT-6 and BT-111 of EN 16931.

Directive 2006/112/EC, Article 230, wants the VAT to be paid in the national currency of its state, by the exchange
rates of Article 91.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from babel.numbers import get_territory_currencies

from portal import i18n
from portal.rules.money import rounded

#: What the invoice's metadata say of it: units of the tax currency for one of the invoice's.
KEY = "tax_exchange_rate"
_RATE = re.compile(r"\d{1,9}(?:\.\d{1,12})?\Z")


def asked(
    settings: Mapping[str, Any] | None, country: str | None, currency: str, metadata: Mapping[str, str]
) -> dict[str, str | None] | None:
    """`currency` and `exchange_rate` to freeze with a document in `currency`; None where it is in the seller's own.

    It is asked for by the account's `tax_currency`, or by a rate: then it is the currency of the seller's country.
    The rate is decimal text, None where none was said that can be used.
    """
    chosen = (settings or {}).get("tax_currency") or (of_country(country) if KEY in metadata else None)
    if chosen is None or chosen == currency:
        return None
    return {"currency": chosen, "exchange_rate": _rate(metadata.get(KEY))}


def converted(tax: int, currency: str, frozen: Mapping[str, Any] | None) -> int | None:
    """A tax in minor units of `currency` in minor units of the currency that was frozen; None without a rate."""
    if not frozen or not frozen.get("exchange_rate"):
        return None
    digits = i18n.exponent(frozen["currency"]) - i18n.exponent(currency)
    return rounded((tax * Decimal(frozen["exchange_rate"])).scaleb(digits))


def of_country(country: str | None) -> str | None:
    """The currency of a country (ISO code) by CLDR."""
    found = get_territory_currencies(country) if country else []
    return str(found[0]).lower() if found else None


def _rate(said: str | None) -> str | None:
    value = (said or "").strip()
    return value if _RATE.match(value) and Decimal(value) > 0 else None
