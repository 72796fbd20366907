"""A mail to send, and its words from `templates/mails/<name>/`: as HTML and as plain text, in one language.

One template, `body.jinja`, says what is in the mail. It is rendered twice, with the parts and the frame of either form,
so that both say the same. The HTML loads nothing: the logo is part of the mail.
"""

import re
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context, select_autoescape
from jinja2.runtime import Context
from markupsafe import Markup

from portal import i18n, zones
from portal.documents.parts import Party
from portal.rules import colours

_TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
#: What the logo within a mail is called there.
LOGO_ID = "logo@portal"
#: Letters that every system has; a mail loads no font.
_FONT = "system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif"

Form = Literal["html", "txt"]


@dataclass(frozen=True)
class PlanPart:
    """A product of a plan, how many of it, and what they cost in a period, in minor units."""

    name: str
    quantity: int
    amount: int
    interval: str | None
    interval_count: int


@dataclass(frozen=True)
class MailText:
    """A mail's words in one language."""

    subject: str
    plain: str
    html: str


@dataclass(frozen=True)
class OutgoingMail:
    """A mail to send: recipient, sender, and what its templates need; moments among it are shown as days of `zone`.

    `to` is the one address that it goes to; `shown_to` and `shown_cc` are those that it names, where more get it.
    `greeted` is the name of the person or company that it greets, `reference` the number or id that the merchant finds
    its cause by. `sender` and `footer` stand at the foot: the particulars of the merchant and its own words.
    `primary_color` and `secondary_color` are those of the brand. `attachments` are PDFs by file name, `logo` is a small
    PNG, `unsubscribe` is the link that ends such mails. `testmode` is marked on it, as on pages.
    """

    to: str
    locale: str
    merchant: str
    zone: str = zones.DEFAULT
    greeted: str | None = None
    reference: str | None = None
    sender: Party | None = None
    footer: str | None = None
    reply_to: str | None = None
    primary_color: str | None = None
    secondary_color: str | None = None
    logo: bytes | None = None
    context: dict[str, Any] = field(default_factory=dict)
    attachments: dict[str, bytes] = field(default_factory=dict)
    shown_to: tuple[str, ...] = ()
    shown_cc: tuple[str, ...] = ()
    unsubscribe: str | None = None
    testmode: bool = False


def render_text(name: str, mail: OutgoingMail) -> MailText:
    """The words of the mail `name` in the mail's language."""
    context = _frame_values(mail) | mail.context
    subject = one_line(_environment(mail.locale, "txt").get_template(f"mails/{name}/subject.txt").render(context))
    html, plain = (
        _environment(mail.locale, form).get_template(f"mails/{name}/body.jinja").render(context, subject=subject)
        for form in ("html", "txt")
    )
    return MailText(subject, _tidy(plain), html)


def _frame_values(mail: OutgoingMail) -> dict[str, Any]:
    return {
        "merchant": one_line(mail.merchant),
        "zone": mail.zone,
        "greeted": mail.greeted and one_line(mail.greeted),
        "reference": mail.reference,
        "sender": mail.sender,
        "footer": mail.footer,
        "scheme": colours.light_scheme(mail.primary_color, mail.secondary_color),
        "logo": mail.logo and f"cid:{LOGO_ID}",
        "unsubscribe": mail.unsubscribe,
        "testmode": mail.testmode,
    }


def _tidy(plain: str) -> str:
    """Text without the spaces and empty lines of its template's layout, and without the soft hyphens of pages."""
    lines = "\n".join(line.strip() for line in plain.replace("\u00ad", "").splitlines())
    return re.sub(r"\n{3,}", "\n\n", lines).strip() + "\n"


@lru_cache(maxsize=128)
def _environment(locale: str, form: Form) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=select_autoescape(("html", "jinja") if form == "html" else ()),
        extensions=["jinja2.ext.i18n"],
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.install_gettext_translations(i18n.load_translations(locale), newstyle=True)  # type: ignore[attr-defined]
    language = i18n.catalogue_language(locale)
    direction = i18n.text_direction(language)
    environment.filters |= {
        "money": lambda amount, currency: _money(amount, currency, locale, form),
        "day": _format_day,
        "number": lambda value: i18n.format_number(value, locale),
        "country": lambda code: i18n.country_name(code, locale),
        "isolate": lambda text: _isolate(text, form, direction),
        "one_line": one_line,
    }
    environment.globals |= {
        "locale": locale,
        "form": form,
        "font": _FONT,
        "language": i18n.html_lang(language),
        "direction": direction,
        # as French sets it; the colons of sentences are in the catalogue
        "colon": "\u00a0:" if language == "fr" else ":",
    }
    environment.globals |= dict(zip(("start", "end"), _SIDES[direction], strict=True))
    return environment


@pass_context
def _format_day(context: Context, when: int | date | None, length: str = "long") -> str:
    """A date, or the day of a moment in the time zone of the mail."""
    day = zones.day_of(when, context["zone"]) if isinstance(when, int) else when
    return i18n.format_day(day, context["locale"], length)


#: Where lines start and end, for attributes that know no logical sides.
_SIDES = {"ltr": ("left", "right"), "rtl": ("right", "left")}


def _money(amount: int, currency: str, locale: str, form: Form) -> str:
    direction = i18n.text_direction(i18n.catalogue_language(locale))
    text = i18n.format_money(amount, currency, locale)
    return _isolate(i18n.with_sign_in_front(text) if direction == "rtl" else text, form, direction)


def _isolate(text: object, form: Form, direction: str) -> str:
    """Text that keeps its own direction within the sentence around it."""
    if form == "html":
        return Markup("<bdi>{}</bdi>").format(text)
    return i18n.isolate_text(str(text)) if direction == "rtl" else str(text)


def one_line(text: str) -> str:
    """The text without line breaks and other characters that don't show."""
    # a line break would start another header
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())
