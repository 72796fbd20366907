"""Languages, and the only functions that turn money, dates and countries into text.

Results are cached per locale, currency and day, because Babel calls are the largest cost of a list page.
"""

import re
import unicodedata
from collections.abc import Iterable
from datetime import date, datetime
from decimal import ROUND_UP, Decimal
from functools import cache, lru_cache
from pathlib import Path

from babel import Locale, UnknownLocaleError
from babel.core import get_global
from babel.dates import format_date, format_time, get_datetime_format, get_timezone_name
from babel.lists import format_list
from babel.numbers import (
    format_currency,
    format_decimal,
    get_currency_precision,
    get_decimal_symbol,
    get_group_symbol,
)
from babel.support import NullTranslations, Translations
from babel.units import format_unit

#: The values the reference documents for `locale` on a portal session.
WIRE_LOCALES = (
    "auto bg cs da de el en en-AU en-CA en-GB en-IE en-IN en-NZ en-SG es es-419 et fi fil fr fr-CA hr hu id it ja"
    " ko lt lv ms mt nb nl pl pt pt-BR ro ru sk sl sv th tr vi zh zh-HK zh-TW"
).split()

#: Languages with a complete message catalogue, each in its own words; others show dates and money their way, words in
#: English. Those with a country are named as the wire names them, with `_` as folders have it.
LANGUAGES = {
    "id": "Bahasa Indonesia",
    "ms": "Bahasa Melayu",
    "ca": "Català",
    "cs": "Čeština",
    "da": "Dansk",
    "de": "Deutsch",
    "et": "Eesti",
    "en": "English",
    "es": "Español",
    "es_419": "Español (Latinoamérica)",
    "fil": "Filipino",
    "fr": "Français",
    "fr_CA": "Français (Canada)",
    "hr": "Hrvatski",
    "is": "Íslenska",
    "it": "Italiano",
    "lv": "Latviešu",
    "lt": "Lietuvių",
    "hu": "Magyar",
    "mt": "Malti",
    "nl": "Nederlands",
    "nb": "Norsk bokmål",
    "pl": "Polski",
    "pt": "Português",
    "pt_BR": "Português (Brasil)",
    "ro": "Română",
    "sk": "Slovenčina",
    "sl": "Slovenščina",
    "fi": "Suomi",
    "sv": "Svenska",
    "vi": "Tiếng Việt",
    "tr": "Türkçe",
    "el": "Ελληνικά",
    "bg": "Български",
    "ru": "Русский",
    "uk": "Українська",
    "he": "עברית",
    "ar": "العربية",
    "fa": "فارسی",
    "hi": "हिन्दी",
    "th": "ไทย",
    "ko": "한국어",
    "zh": "中文（简体）",
    "zh_TW": "中文（繁體，台灣）",
    "zh_HK": "中文（繁體，香港）",
    "ja": "日本語",
}
CATALOGUES = tuple(LANGUAGES)

#: What a portal session takes as its `locale`: the wire's values, and each language that has a catalogue.
SESSION_LOCALES = (
    *WIRE_LOCALES,
    *(tag for name in sorted(CATALOGUES) if (tag := name.replace("_", "-")) not in WIRE_LOCALES),
)

#: CLDR's `pt` is Brazil's; the wire's is Portugal's, and so are words without a country.
_CLDR_NAMES = {
    "no": "nb",
    "pt": "pt_PT",
    "zh": "zh_Hans",
    "zh_CN": "zh_Hans_CN",
    "zh_HK": "zh_Hant_HK",
    "zh_TW": "zh_Hant_TW",
}
#: Catalogues that are not called as CLDR calls their locale.
_CATALOGUE_NAMES = {"nn": "nb", "pt_PT": "pt", "zh_Hans": "zh", "zh_Hant": "zh_TW", "zh_Hant_HK": "zh_HK"}

_ISOLATE, _POP_ISOLATE = "\u2068", "\u2069"


@lru_cache(maxsize=1024)
def cldr_identifier(tag: str | None) -> str | None:
    """The CLDR identifier (`pt_BR`) of a language tag (`pt-BR`), or None when CLDR knows none."""
    if not tag or tag == "auto" or len(tag) > 35:
        return None
    name = tag.replace("-", "_")
    name = _CLDR_NAMES.get(name, name)
    try:
        locale = Locale.parse(name)
    except (UnknownLocaleError, ValueError, TypeError):
        language = name.split("_")[0]
        return cldr_identifier(language) if language != name else None
    return str(locale)


def best_locale(tags: Iterable[str | None]) -> str:
    """The first of `tags` that CLDR knows, else English."""
    return next((known for tag in tags if (known := cldr_identifier(tag))), "en")


def regional_locale(locale: str, country: str | None) -> str:
    """Plain English as a country writes it, where the wire has a locale for it: days stand before months in `en_GB`."""
    return f"en_{country}" if locale == "en" and f"en-{country}" in WIRE_LOCALES else locale


@lru_cache(maxsize=1024)
def catalogue_language(locale: str) -> str:
    """The message catalogue for texts in `locale`: `de` for `de_AT`, `es_419` for `es_MX`; `en` where there is none."""
    if locale in {"", "root"}:
        return "en"
    name = _CATALOGUE_NAMES.get(locale, locale)
    if name in LANGUAGES:
        return name
    # where CLDR looks for what a locale lacks itself: es_MX in es_419, pt_AO in pt_PT
    parent = get_global("parent_exceptions").get(locale)
    return catalogue_language(parent or locale.rpartition("_")[0])


def html_lang(locale: str) -> str:
    """A locale as an HTML `lang` attribute."""
    return locale.replace("_", "-")


@lru_cache(maxsize=256)
def text_direction(locale: str) -> str:
    """`rtl` or `ltr`."""
    return "rtl" if Locale.parse(locale).text_direction == "rtl" else "ltr"


#: The wire's currencies without minor units and those with a thousandth; every other one has hundredths. CLDR's
#: digits are another matter: they say what is shown by habit, as none for rsd, whose amounts have two on the wire.
UNUSUAL_EXPONENTS = {
    0: frozenset("bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf".split()),
    3: frozenset("bhd jod kwd omr tnd".split()),
}
#: Hundredths on the wire, of which no coin is left: shown only where an amount has any.
_WHOLE_BY_LAW = frozenset({"isk", "ugx"})


def currency_exponent(currency: str) -> int:
    """How many digits of an amount are minor units: 2 for eur and isk, 0 for jpy, 3 for bhd."""
    code = currency.lower()
    return next((exponent for exponent, codes in UNUSUAL_EXPONENTS.items() if code in codes), 2)


def shown_digits(amount: int, currency: str) -> int:
    """How many digits behind the point an amount in minor units is shown with."""
    whole = currency.lower() in _WHOLE_BY_LAW and amount % 100 == 0
    return 0 if whole else currency_exponent(currency)


def decimal_amount(amount: int, currency: str) -> Decimal:
    """An amount in minor units as a decimal of major units."""
    return Decimal(amount).scaleb(-currency_exponent(currency))


@lru_cache(maxsize=65536)
def format_money(amount: int, currency: str, locale: str = "en") -> str:
    """An amount in minor units, formatted for the locale: `format_money(-1999, 'eur', 'de')`."""
    code = currency.upper()
    # every locale writes hundredths where CLDR's digits of the currency do not count
    by_habit = shown_digits(amount, currency) == get_currency_precision(code)
    return str(format_currency(decimal_amount(amount, currency), code, locale=locale, currency_digits=by_habit))


def format_bare_amount(amount: int, currency: str, locale: str = "en") -> str:
    """An amount in minor units as a number alone, as it is typed into a form: `1234,50`."""
    pattern = "0" + ("." + "0" * currency_exponent(currency) if currency_exponent(currency) else "")
    return str(format_decimal(decimal_amount(amount, currency), pattern, locale=locale, group_separator=False))


#: Signs that are written with Arabic digits, and dashes of apostrophes, as number formats have them.
_SIGNS = {"\u066b": ".", "\u066c": "", "'": "\u2019"}


def parse_amount(text: str, currency: str, locale: str = "en") -> int | None:
    """An amount as people type it, in minor units: `1.234,50` in German; None for what is none.

    Digits of any script count. Where it can only mean cents, the decimal sign of other languages is taken, too.
    """
    digits = "".join(str(unicodedata.digit(each, _SIGNS.get(each, each))) for each in text if not each.isspace())
    places, point, group = currency_exponent(currency), get_decimal_symbol(locale), get_group_symbol(locale)
    cents = rf"(?:{re.escape(point)}([0-9]{{1,{places}}}))?" if places else "()"
    found = re.fullmatch(rf"([0-9]{{1,3}}(?:{re.escape(group)}[0-9]{{3}})+|[0-9]{{1,12}}){cents}", digits)
    if found is None and places:
        found = re.fullmatch(r"([0-9]{1,12})[.,]([0-9]{1,2})", digits)
    if found is None:
        return None
    whole = "".join(each for each in found[1] if each.isdecimal())
    return int(whole + (found[2] or "").ljust(places, "0"))


def format_price(amount: int | str, currency: str, locale: str = "en") -> str:
    """A price per unit in minor units, as decimal text or a number; fractions of a unit keep every digit."""
    minor = Decimal(amount)
    if minor == int(minor):
        return format_money(int(minor), currency, locale)
    major = minor.scaleb(-currency_exponent(currency))
    return str(format_currency(major, currency.upper(), locale=locale, decimal_quantization=False))


@lru_cache(maxsize=16384)
def format_day(day: date | None, locale: str = "en", form: str = "long") -> str:
    """A date as text (`3 March 2026`), empty for None; `form` is Babel's `short`, `medium`, `long` or `full`."""
    return "" if day is None else str(format_date(day, form, locale=locale))


def format_moment(moment: datetime, locale: str = "en") -> str:
    """A day with its time to the minute and the name of its zone: `21 Nov 2026, 14:05 CET`."""
    day, time = format_date(moment, "medium", locale=locale), format_time(moment, "short", locale=locale)
    together = str(get_datetime_format("medium", locale=locale)).replace("'", "")
    zone = get_timezone_name(moment, "short", locale=locale)
    return f"{together.replace('{0}', time).replace('{1}', day)} {zone}"


def format_number(value: int | Decimal | str, locale: str = "en") -> str:
    """A plain number such as a quantity, a percentage or an exchange rate, with every digit it has."""
    return str(format_decimal(Decimal(value), locale=locale, decimal_quantization=False))


def format_file_size(count: int, locale: str = "en") -> str:
    """The size of a file of `count` bytes, rounded up: in whole kB, or in MB or GB with one digit behind the point."""
    exponent = min(max((len(str(count)) - 1) // 3, 1), 3)
    rounded = (Decimal(count) / 1000**exponent).quantize(Decimal("0.1" if exponent > 1 else "1"), ROUND_UP)
    form = "#,##0.0" if exponent > 1 else "#,##0"
    return str(format_unit(rounded, f"digital-{_SIZE_UNITS[exponent]}", "short", form, locale=locale))


_SIZE_UNITS = {1: "kilobyte", 2: "megabyte", 3: "gigabyte"}


@lru_cache(maxsize=4096)
def country_name(code: str | None, locale: str = "en") -> str:
    """A country's name, or the code itself where CLDR has none."""
    if not code:
        return ""
    return str(Locale.parse(locale).territories.get(code.upper(), code))


@lru_cache(maxsize=128)
def list_countries(locale: str) -> tuple[tuple[str, str], ...]:
    """(code, name) of every country a postal address can be in, sorted by name."""
    names = Locale.parse(locale).territories
    known = ((str(code), str(name)) for code, name in names.items())
    places = (pair for pair in known if len(pair[0]) == 2 and pair[0].isalpha() and pair[0] not in _NOT_COUNTRIES)
    return tuple(sorted(places, key=lambda pair: pair[1].casefold()))


_NOT_COUNTRIES = frozenset({"EU", "EZ", "UN", "XA", "XB", "ZZ", "QO"})
#: Places that CLDR and the post know by a code that ISO 3166-1 does not have.
_NOT_IN_ISO = frozenset({"AC", "CP", "CQ", "DG", "EA", "IC", "TA", "XK"})


@lru_cache(maxsize=1)
def iso_countries() -> frozenset[str]:
    """The two-letter codes of ISO 3166-1; `UK`, `EL` and `ZZ` are none."""
    return frozenset(code for code, _name in list_countries("en")) - _NOT_IN_ISO


def join_names(names: Iterable[str], locale: str = "en") -> str:
    """Names as a list within a sentence, each once: `Gold plan, Seats and Support`; empty for none."""
    return str(format_list(list(dict.fromkeys(names)), locale=catalogue_language(locale)))


def isolate_text(text: str) -> str:
    """Text in directional isolates, so that it keeps its direction inside a sentence of the other one."""
    return f"{_ISOLATE}{text}{_POP_ISOLATE}"


@lru_cache(maxsize=65536)
def with_sign_in_front(text: str) -> str:
    """An amount for right-to-left text. Without isolates around the number its minus would move behind it."""
    return isolate_text(_SIGNED_NUMBER.sub(lambda number: f"\u2066{number[0]}\u2069", text, count=1))


_SIGNED_NUMBER = re.compile(r"[-+]?\d[\d.,\u066b\u066c]*")


@lru_cache(maxsize=512)
def load_translations(locale: str) -> NullTranslations:
    """The message catalogue for `locale`; for texts that are not part of a page (mails, documents)."""
    return _load_catalogue(catalogue_language(locale))


@cache
def _load_catalogue(language: str) -> NullTranslations:
    return Translations.load(_CATALOGUE_FOLDER, [language])


def mark(text: str) -> str:
    """The text itself: called as `_`, it puts the text into the catalogues; `translate` says it where it is shown."""
    return text


def translate(text: str, locale: str) -> str:
    """A text of the catalogues in the language of `locale`."""
    return str(load_translations(locale).gettext(text))


_CATALOGUE_FOLDER = str(Path(__file__).resolve().parent.parent / "translations")
