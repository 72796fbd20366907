"""A document value to HTML, and HTML to PDF. Imports WeasyPrint: only rendering processes import this module."""

from __future__ import annotations

import logging
import re
import warnings
from base64 import b64decode
from datetime import date
from decimal import Decimal
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NoReturn, cast

import weasyprint
from babel.numbers import format_currency
from babel.support import NullTranslations, Translations
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.ext import InternationalizationExtension
from jinja2.runtime import Context
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher, URLFetcherResponse

from portal import i18n
from portal.documents import archival, attached
from portal.documents import transfer_code as transfer
from portal.documents.designs import STYLE, Design
from portal.documents.sandbox import BASE_URL, OwnFiles, Sandbox, loader
from portal.documents.statements import StatementDocument
from portal.documents.values import LISTED_LINES, Document, InvoiceDocument, PageSize, Paper

log = logging.getLogger(__name__)

_ROOT = Path(__file__).parents[2]
_TEMPLATES = _ROOT / "templates" / "documents"
#: The address of the document's logo within it.
LOGO = "logo:own"
#: The address of the code for banking apps within the document.
CODE = "code:own"
#: Pictures are printed as fine as this.
DPI = 300
_RIGHT_TO_LEFT = re.compile(r"[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_HAN = {"ja": "JP", "ko": "KR", "zh_Hant_HK": "HK", "zh_Hant": "TC"}


class Refusing(URLFetcher):
    """Fetches nothing: a document is complete in itself, so every URL is a mistake or an attack."""

    def __init__(self) -> None:
        super().__init__(allowed_protocols=())

    def fetch(self, url: str, headers: object = None) -> NoReturn:
        """Raises `ValueError`, which WeasyPrint logs and answers by leaving the thing out."""
        raise ValueError("documents load nothing")


class Showing(Refusing):
    """Serves a document's own pictures, and nothing else: its logo and the code of a bank transfer."""

    def __init__(self, logo: str | None, code: bytes | None = None) -> None:
        super().__init__()
        self._pictures: dict[str, tuple[bytes, str]] = {}
        if logo:
            media_type, _, content = logo.removeprefix("data:").partition(";base64,")
            self._pictures[LOGO] = b64decode(content), media_type
        if code:
            self._pictures[CODE] = code, "image/svg+xml"

    def fetch(self, url: str, headers: object = None) -> URLFetcherResponse:
        """The picture. Raises `ValueError` for everything else."""
        if url not in self._pictures:
            super().fetch(url, headers)
        content, media_type = self._pictures[url]
        return URLFetcherResponse(url, content, {"Content-Type": media_type})


_REFUSING = Refusing()


def pdf(document: Paper) -> bytes:
    """The document as PDF/A-3a and PDF/UA-1; the same bytes for the same value wherever fonts and versions agree.

    A character that no font has is printed as its number: `[U+1F680]`, as an empty box says nothing.
    """
    page = html(document)
    content, missing = _printed(document, page)
    if not missing:
        return content
    instead = {each: f"[U+{each:04X}]" for each in missing}
    log.warning("no font has %s of document %s", " ".join(instead.values()), document.number)
    return _printed(document, page.translate(instead))[0]


def _printed(document: Paper, page: str) -> tuple[bytes, list[int]]:
    """The PDF of a page, and the characters that stand in it as empty boxes."""
    missing: list[int] = []

    def finish(laid_out: Any, file: Any) -> None:
        missing.extend(sorted({each for font in laid_out.fonts.values() for each in font.missing}))
        archival.repair(laid_out, file)

    code = transfer_code(document)
    pictures = Showing(document.logo, code) if document.logo or code else _REFUSING
    fetcher = OwnFiles(document.own, pictures) if document.own else pictures
    source = weasyprint.HTML(string=page, url_fetcher=fetcher, base_url=BASE_URL)
    sheets = [
        _shared_sheet(document.version),
        _own_sheet(document.brand_color, document.page_size, document.locale),
    ]
    # fonts of a merchant's own are for its documents alone
    fonts = FontConfiguration() if document.own else _fonts()
    if document.own:
        sheets.extend(_sheets_of(document.own, fonts, fetcher))
    options = {
        "stylesheets": sheets,
        "font_config": fonts,
        "dpi": DPI,
        "attachments": attached.files(document),
        "pdf_variant": archival.VARIANT,
        "finisher": finish,
    }
    with warnings.catch_warnings():
        # its colour profile is read from a file that it leaves to the garbage collector
        warnings.simplefilter("ignore", ResourceWarning)
        return source.write_pdf(**options), missing


def html(document: Paper) -> str:
    """The document as an HTML page without style. Raises `jinja2.UndefinedError` for a name no value has."""
    words = i18n.language(document.locale)
    own = document.own if document.own and document.own.file(f"{document.kind}.html") is not None else None
    template = _environment(own).get_template(f"{document.kind if own else document.template}.html")
    return template.render(
        document=document,
        logo=LOGO if document.logo else None,
        code=CODE if transfer_code(document) else None,
        translations=_translations(words),
        lang=i18n.html_lang(document.locale if document.locale.split("_")[0] == words else words),
        dir=i18n.direction(words),
        **_listed(document),
    )


def _listed(document: Paper) -> dict[str, Any]:
    """The lines or entries to list, how many more there are, and their sum."""
    if isinstance(document, StatementDocument):
        entries, more = document.entries[:LISTED_LINES], document.entries[LISTED_LINES:]
        return {"entries": entries, "further": len(more), "further_amount": sum(each.amount for each in more)}
    if isinstance(document, Document):
        lines, further = document.lines[:LISTED_LINES], document.lines[LISTED_LINES:]
        sums = sum(line.discounted_amount for line in further)
        return {"lines": lines, "further": len(further), "further_amount": sums}
    return {}


def transfer_code(document: Paper) -> bytes | None:
    """The code for banking apps of an invoice in euros that is to be paid to an account, as SVG."""
    if not isinstance(document, InvoiceDocument) or not document.transfer_code or document.amount_remaining <= 0:
        return None
    return transfer.svg(
        holder=document.account_holder or document.seller.name,
        iban=document.iban,
        bic=document.bic,
        currency=document.currency,
        amount=document.amount_remaining,
        reference=document.payment_reference or document.number,
    )


@lru_cache(maxsize=32)
def _environment(own: Design | None = None) -> Environment:
    built_in = FileSystemLoader(_TEMPLATES)
    environment = (Sandbox if own else Environment)(
        loader=loader(own, built_in) if own else built_in,
        autoescape=True,
        undefined=StrictUndefined,
        extensions=[InternationalizationExtension],
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.install_gettext_callables(_gettext, _ngettext, newstyle=True)  # type: ignore[attr-defined]
    environment.filters.update(money=_money, day=_day, number=_number, country=_country, isolated=_isolated)
    return environment


@cache
def _translations(language: str) -> NullTranslations:
    return Translations.load(_ROOT / "translations", [language])


@pass_context
def _gettext(context: Context, message: str) -> str:
    return cast(str, context["translations"].gettext(message))


@pass_context
def _ngettext(context: Context, singular: str, plural: str, count: int) -> str:
    return cast(str, context["translations"].ngettext(singular, plural, count))


@pass_context
def _money(context: Context, amount: int | str, currency: str | None = None) -> str:
    """Minor units, of the document's currency unless told; decimal text keeps every digit, as prices per unit need."""
    document: Paper = context["document"]
    minor = Decimal(amount)
    if minor == int(minor):
        text = i18n.money(int(minor), currency or document.currency, document.locale)
    else:
        major = minor.scaleb(-i18n.exponent(document.currency))
        text = format_currency(major, document.currency.upper(), locale=document.locale, decimal_quantization=False)
    return i18n.with_sign_in_front(text) if context["dir"] == "rtl" else text


@pass_context
def _day(context: Context, moment: date, form: str = "long") -> str:
    return _isolated(context, i18n.day(moment, context["document"].locale, form))


@pass_context
def _number(context: Context, value: int | str) -> str:
    return _isolated(context, i18n.number(value, context["document"].locale))


@pass_context
def _country(context: Context, code: str) -> str:
    return _isolated(context, i18n.country(code, context["document"].locale))


@pass_context
def _isolated(context: Context, text: str) -> str:
    """Each line of a text in its own direction; plain where every letter runs as the document does."""
    if context["dir"] == "ltr" and (text.isascii() or not _RIGHT_TO_LEFT.search(text)):
        return text
    return "\n".join(i18n.isolated(line) for line in text.splitlines())


@cache
def _fonts() -> FontConfiguration:
    # Not made on import: it starts Pango's threads, and those do not survive the fork of a preloaded process.
    return FontConfiguration()


@cache
def _shared_sheet(version: str) -> weasyprint.CSS:
    return weasyprint.CSS(filename=_TEMPLATES / f"_{version}.css", font_config=_fonts(), url_fetcher=_REFUSING)


def _sheets_of(own: Design, fonts: FontConfiguration, fetcher: URLFetcher) -> list[weasyprint.CSS]:
    style = own.file(STYLE)
    options = {"font_config": fonts, "url_fetcher": fetcher, "base_url": BASE_URL}
    return [weasyprint.CSS(string=style.decode(), **options)] if style else []


@lru_cache(maxsize=256)
def _own_sheet(brand_color: str | None, page_size: PageSize, locale: str) -> weasyprint.CSS:
    han = next((script for prefix, script in _HAN.items() if locale.startswith(prefix)), "SC")
    rules = f"@page{{size:{page_size}}}body{{font-family:{_families(han)}}}.brand{{color:{brand_color or '#1f2937'}}}"
    return weasyprint.CSS(string=rules, font_config=_fonts(), url_fetcher=_REFUSING)


def _families(han: str) -> str:
    scripts = ("", " Arabic", " Hebrew", " Thai", " Devanagari", f" CJK {han}")
    return ",".join(f'"Noto Sans{script}"' for script in scripts) + ',"DejaVu Sans",sans-serif'
