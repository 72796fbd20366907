"""Languages, and the only ways in which money, dates and countries become text.

Babel is asked once per locale, currency and day; its answers are kept (research: Babel calls are
the largest cost of a list page). A test compares the kept patterns with Babel itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from decimal import ROUND_UP, Decimal
from functools import lru_cache
from pathlib import Path

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.numbers import format_currency, format_decimal, get_currency_precision
from babel.support import NullTranslations, Translations
from babel.units import format_unit

from portal import clock

#: The values the wire accepts for `locale` on a portal session.
WIRE_LOCALES = (
    "auto bg cs da de el en en-AU en-CA en-GB en-IE en-IN en-NZ en-SG es es-419 et fi fil fr fr-CA hr hu id it ja"
    " ko lt lv ms mt nb nl pl pt pt-BR ro ru sk sl sv th tr vi zh zh-HK zh-TW"
).split()

#: Languages with a complete message catalogue; others show dates and money their way, words in English.
CATALOGUES = ("en", "de", "fr", "ar")

_CLDR = {"zh": "zh_Hans", "zh_HK": "zh_Hant_HK", "zh_TW": "zh_Hant_TW", "zh_CN": "zh_Hans_CN", "no": "nb"}

_ISOLATE, _POP = "\u2068", "\u2069"


@lru_cache(maxsize=1024)
def cldr(tag: str | None) -> str | None:
    """The CLDR identifier (`pt_BR`) of a language tag (`pt-BR`), or None when CLDR knows none."""
    if not tag or tag == "auto" or len(tag) > 35:
        return None
    name = tag.replace("-", "_")
    name = _CLDR.get(name, name)
    try:
        locale = Locale.parse(name)
    except (UnknownLocaleError, ValueError, TypeError):
        language = name.split("_")[0]
        return cldr(language) if language != name else None
    return str(locale)


def best(tags: Iterable[str | None]) -> str:
    """The first of `tags` that CLDR knows, else English."""
    return next((known for tag in tags if (known := cldr(tag))), "en")


def language(locale: str) -> str:
    """The catalogue (`de`) to take the words of a page in `locale` (`de_AT`) from."""
    code = locale.split("_")[0]
    return code if code in CATALOGUES else "en"


def html_lang(locale: str) -> str:
    """A locale as an HTML `lang` attribute."""
    return locale.replace("_", "-")


@lru_cache(maxsize=256)
def direction(locale: str) -> str:
    """`rtl` or `ltr`."""
    return "rtl" if Locale.parse(locale).text_direction == "rtl" else "ltr"


@lru_cache(maxsize=512)
def exponent(currency: str) -> int:
    """Digits behind the point in `currency`: 2 for eur, 0 for jpy, 3 for bhd."""
    return int(get_currency_precision(currency.upper()))


def decimal(amount: int, currency: str) -> Decimal:
    """An amount in minor units as a decimal of major units."""
    return Decimal(amount).scaleb(-exponent(currency))


@lru_cache(maxsize=65536)
def money(amount: int, currency: str, locale: str = "en") -> str:
    """An amount in minor units, written as the locale writes it: `money(-1999, 'eur', 'de')`."""
    return str(format_currency(decimal(amount, currency), currency.upper(), locale=locale))


@lru_cache(maxsize=16384)
def _day(day: date, form: str, locale: str) -> str:
    return str(format_date(day, form, locale=locale))


def day(when: int | date | None, locale: str = "en", form: str = "long") -> str:
    """A UTC date in words (`3 March 2026`), of epoch seconds or a date; nothing for None.

    `form` is Babel's `short`, `medium`, `long` or `full`.
    """
    if when is None:
        return ""
    return _day(clock.day(when) if isinstance(when, int) else when, form, locale)


def number(value: int | Decimal | str, locale: str = "en") -> str:
    """A plain number such as a quantity, a percentage or an exchange rate, with every digit it has."""
    return str(format_decimal(Decimal(value), locale=locale, decimal_quantization=False))


def size(count: int, locale: str = "en") -> str:
    """The size of a file of `count` bytes, rounded up: in whole kB, or in MB or GB with one digit behind the point."""
    exponent = min(max((len(str(count)) - 1) // 3, 1), 3)
    rounded = (Decimal(count) / 1000**exponent).quantize(Decimal("0.1" if exponent > 1 else "1"), ROUND_UP)
    form = "#,##0.0" if exponent > 1 else "#,##0"
    return str(format_unit(rounded, f"digital-{_UNITS[exponent]}", "short", form, locale=locale))


_UNITS = {1: "kilobyte", 2: "megabyte", 3: "gigabyte"}


@lru_cache(maxsize=4096)
def country(code: str | None, locale: str = "en") -> str:
    """A country's name, or the code itself where CLDR has none."""
    if not code:
        return ""
    return str(Locale.parse(locale).territories.get(code.upper(), code))


@lru_cache(maxsize=64)
def countries(locale: str) -> tuple[tuple[str, str], ...]:
    """(code, name) of every country a postal address can be in, sorted by name."""
    names = Locale.parse(locale).territories
    known = ((str(code), str(name)) for code, name in names.items())
    places = (pair for pair in known if len(pair[0]) == 2 and pair[0].isalpha() and pair[0] not in _NOT_COUNTRIES)
    return tuple(sorted(places, key=lambda pair: pair[1].casefold()))


_NOT_COUNTRIES = frozenset({"EU", "EZ", "UN", "XA", "XB", "ZZ", "QO"})


def isolated(text: str) -> str:
    """Text that keeps its own direction inside a sentence of the other one."""
    return f"{_ISOLATE}{text}{_POP}"


@lru_cache(maxsize=65536)
def with_sign_in_front(text: str) -> str:
    """An amount for right-to-left text, where a minus moves behind its number unless both are isolated."""
    return isolated(_SIGNED_NUMBER.sub(lambda number: f"\u2066{number[0]}\u2069", text, count=1))


_SIGNED_NUMBER = re.compile(r"[-+]?\d[\d.,\u066b\u066c]*")


@lru_cache(maxsize=64)
def translations(locale: str) -> NullTranslations:
    """The messages for texts written in `locale`; for whatever is not a page and its request."""
    return Translations.load(_CATALOGUE_FOLDER, [language(locale)])


_CATALOGUE_FOLDER = str(Path(__file__).resolve().parent.parent / "translations")
