"""Renders a document value to HTML, and the HTML to PDF.

Imports WeasyPrint, so only rendering processes may import this module.
"""

import logging
import re
import warnings
from base64 import b64decode
from datetime import date
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NoReturn, cast

import weasyprint
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.ext import InternationalizationExtension
from jinja2.runtime import Context
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher, URLFetcherResponse

from portal import i18n
from portal.documents import archival, attachments
from portal.documents.designs import STYLE, Design
from portal.documents.figures import name_figures
from portal.documents.sandbox import BASE_URL, DesignFetcher, Sandbox, template_loader
from portal.documents.statements import StatementDocument
from portal.documents.transfer_code import draw_printed_code
from portal.documents.values import FIRST_VERSION, MAX_LISTED_LINES, Document, DocumentBase, PageSize

log = logging.getLogger(__name__)

_ROOT = Path(__file__).parents[2]
#: Those that documents of the first version were written in.
_FIRST_LANGUAGES = frozenset({"ar", "de", "en", "fr"})
_TEMPLATES = _ROOT / "templates" / "documents"
#: The address of the document's logo within it.
LOGO_URL = "logo:own"
#: The address of the code for banking apps within the document.
TRANSFER_CODE_URL = "code:own"
#: Pictures are printed as fine as this.
DPI = 300
#: How a page says which version of the style it is made for; those that say nothing are made for the first.
_PAGE_VERSION = re.compile(r'<body class="(v[0-9]+)')
_RIGHT_TO_LEFT = re.compile(r"[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_HAN_SCRIPTS = {"ja": "JP", "ko": "KR", "zh_Hant_HK": "HK", "zh_Hant": "TC"}


class RefusingFetcher(URLFetcher):
    """Fetches nothing: a document contains all it needs, so every URL is a mistake or an attack."""

    def __init__(self) -> None:
        super().__init__(allowed_protocols=())

    def fetch(self, url: str, headers: object = None) -> NoReturn:
        """Raises `ValueError`, which WeasyPrint logs; it then leaves the thing out."""
        raise ValueError("documents load nothing")


class PictureFetcher(RefusingFetcher):
    """Serves the document's own pictures only: its logo and the code of a bank transfer."""

    def __init__(self, logo: str | None, code: bytes | None = None) -> None:
        super().__init__()
        self._pictures: dict[str, tuple[bytes, str]] = {}
        if logo:
            media_type, _, content = logo.removeprefix("data:").partition(";base64,")
            self._pictures[LOGO_URL] = b64decode(content), media_type
        if code:
            self._pictures[TRANSFER_CODE_URL] = code, "image/svg+xml"

    def fetch(self, url: str, headers: object = None) -> URLFetcherResponse:
        """The picture. Raises `ValueError` for everything else."""
        if url not in self._pictures:
            super().fetch(url, headers)
        content, media_type = self._pictures[url]
        return URLFetcherResponse(url, content, {"Content-Type": media_type})


_REFUSING_FETCHER = RefusingFetcher()


def pdf(document: DocumentBase) -> bytes:
    """The document as PDF/A-3a and PDF/UA-1; the same value gives the same bytes if fonts and versions agree.

    A character that no font has is printed as its code, `[U+1F680]`, instead of an empty box.
    """
    page = html(document)
    content, missing = _render_page(document, page)
    if not missing:
        return content
    instead = {each: f"[U+{each:04X}]" for each in missing}
    log.warning("no font has %s of document %s", " ".join(instead.values()), document.number)
    return _render_page(document, page.translate(instead))[0]


def _render_page(document: DocumentBase, page: str) -> tuple[bytes, list[int]]:
    """The PDF of a page, and the characters on it that no font has."""
    missing: list[int] = []

    def repair_pdf(laid_out: Any, file: Any) -> None:
        missing.extend(sorted({each for font in laid_out.fonts.values() for each in font.missing}))
        archival.repair(laid_out, file)

    bill, code = draw_printed_code(document)
    pictures = PictureFetcher(document.logo, code) if document.logo or code else _REFUSING_FETCHER
    fetcher = DesignFetcher(document.own, pictures) if document.own else pictures
    source = weasyprint.HTML(string=page, url_fetcher=fetcher, base_url=BASE_URL)
    name_figures(source.etree_element)
    sheets = [
        _built_in_sheet(_page_version(page)),
        _look_sheet(document.brand_color, document.page_size, document.locale),
    ]
    sheets += [_built_in_sheet("qr_bill")] if bill else []
    # fonts of a merchant's own are for its documents alone
    fonts = FontConfiguration() if document.own else _shared_fonts()
    if document.own:
        sheets.extend(_design_sheets(document.own, fonts, fetcher))
    options = {
        "stylesheets": sheets,
        "font_config": fonts,
        "dpi": DPI,
        "attachments": attachments.build_attachments(document),
        "pdf_variant": archival.PDF_VARIANT,
        "finisher": repair_pdf,
    }
    with warnings.catch_warnings():
        # its colour profile is read from a file that it leaves to the garbage collector
        warnings.simplefilter("ignore", ResourceWarning)
        return source.write_pdf(**options), missing


def _page_version(page: str) -> str:
    """The version of the built-in style that a page is made for; a merchant's own may extend an older template."""
    said = _PAGE_VERSION.search(page)
    return said[1] if said else FIRST_VERSION


def html(document: DocumentBase) -> str:
    """The document as an HTML page without style. Raises `jinja2.UndefinedError` for a name no value has."""
    words = _language_of(document)
    own = document.own if document.own and document.own.file(f"{document.kind}.html") is not None else None
    bill, code = draw_printed_code(document)
    template = _template_environment(own).get_template(f"{document.kind if own else document.template}.html")
    return template.render(
        document=document,
        logo=LOGO_URL if document.logo else None,
        bill=bill,
        slip_code=TRANSFER_CODE_URL,
        code=TRANSFER_CODE_URL if code and not bill else None,
        translations=i18n.load_translations(words),
        lang=i18n.html_lang(document.locale if document.locale.split("_")[0] == words.split("_")[0] else words),
        dir=i18n.text_direction(words),
        **_listing_values(document),
    )


def _language_of(document: DocumentBase) -> str:
    language = i18n.catalogue_language(document.locale)
    return "en" if document.version == FIRST_VERSION and language not in _FIRST_LANGUAGES else language


def _listing_values(document: DocumentBase) -> dict[str, Any]:
    """Template variables: the lines or entries to list, how many are not listed, and their sum."""
    if isinstance(document, StatementDocument):
        entries, more = document.entries[:MAX_LISTED_LINES], document.entries[MAX_LISTED_LINES:]
        return {"entries": entries, "further": len(more), "further_amount": sum(each.amount for each in more)}
    if isinstance(document, Document):
        lines, further = document.lines[:MAX_LISTED_LINES], document.lines[MAX_LISTED_LINES:]
        sums = sum(line.discounted_amount for line in further)
        return {"lines": lines, "further": len(further), "further_amount": sums}
    return {}


@lru_cache(maxsize=32)
def _template_environment(own: Design | None = None) -> Environment:
    built_in = FileSystemLoader(_TEMPLATES)
    environment = (Sandbox if own else Environment)(
        loader=template_loader(own, built_in) if own else built_in,
        autoescape=True,
        undefined=StrictUndefined,
        extensions=[InternationalizationExtension],
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.install_gettext_callables(  # type: ignore[attr-defined]
        _translate_message, _translate_plural, newstyle=True, pgettext=_translate_in_context
    )
    environment.filters.update(
        money=_format_money, day=_format_day, number=_format_number, country=_country_name, isolated=_isolate_direction
    )
    return environment


@pass_context
def _translate_message(context: Context, message: str) -> str:
    return cast(str, context["translations"].gettext(message))


@pass_context
def _translate_in_context(context: Context, where: str, message: str) -> str:
    return cast(str, context["translations"].pgettext(where, message))


@pass_context
def _translate_plural(context: Context, singular: str, plural: str, count: int) -> str:
    return cast(str, context["translations"].ngettext(singular, plural, count))


@pass_context
def _format_money(context: Context, amount: int | str, currency: str | None = None) -> str:
    """An amount in minor units, in the document's currency unless another is given.

    Decimal text keeps every digit, as prices per unit need.
    """
    document: DocumentBase = context["document"]
    text = i18n.format_price(amount, currency or document.currency, document.locale)
    return i18n.with_sign_in_front(text) if context["dir"] == "rtl" else text


@pass_context
def _format_day(context: Context, moment: date, form: str = "long") -> str:
    return _isolate_direction(context, i18n.format_day(moment, context["document"].locale, form))


@pass_context
def _format_number(context: Context, value: int | str) -> str:
    return _isolate_direction(context, i18n.format_number(value, context["document"].locale))


@pass_context
def _country_name(context: Context, code: str) -> str:
    return _isolate_direction(context, i18n.country_name(code, context["document"].locale))


@pass_context
def _isolate_direction(context: Context, text: str) -> str:
    """Mark each line of a text with its own direction; unchanged when it runs as the document does."""
    if context["dir"] == "ltr" and (text.isascii() or not _RIGHT_TO_LEFT.search(text)):
        return text
    return "\n".join(i18n.isolate_text(line) for line in text.splitlines())


@cache
def _shared_fonts() -> FontConfiguration:
    # Not made on import: it starts Pango's threads, and those do not survive the fork of a preloaded process.
    return FontConfiguration()


@cache
def _built_in_sheet(version: str) -> weasyprint.CSS:
    return weasyprint.CSS(
        filename=_TEMPLATES / f"_{version}.css", font_config=_shared_fonts(), url_fetcher=_REFUSING_FETCHER
    )


def _design_sheets(own: Design, fonts: FontConfiguration, fetcher: URLFetcher) -> list[weasyprint.CSS]:
    style = own.file(STYLE)
    options = {"font_config": fonts, "url_fetcher": fetcher, "base_url": BASE_URL}
    return [weasyprint.CSS(string=style.decode(), **options)] if style else []


@lru_cache(maxsize=256)
def _look_sheet(brand_color: str | None, page_size: PageSize, locale: str) -> weasyprint.CSS:
    han = next((script for prefix, script in _HAN_SCRIPTS.items() if locale.startswith(prefix)), "SC")
    rules = (
        f"@page{{size:{page_size}}}body{{font-family:{_font_families(han)}}}.brand{{color:{brand_color or '#1f2937'}}}"
    )
    return weasyprint.CSS(string=rules, font_config=_shared_fonts(), url_fetcher=_REFUSING_FETCHER)


def _font_families(han: str) -> str:
    scripts = ("", " Arabic", " Hebrew", " Thai", " Devanagari", f" CJK {han}")
    return ",".join(f'"Noto Sans{script}"' for script in scripts) + ',"DejaVu Sans",sans-serif'
