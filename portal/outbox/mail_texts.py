"""A mail to send, and its words from `templates/mails/<name>/`: as plain text and as simple HTML, in one language.

The HTML loads nothing: the logo is part of the mail.
"""

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from portal import i18n

_TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
#: What the logo within a mail is called there.
LOGO_ID = "logo@portal"


@dataclass(frozen=True)
class MailText:
    """A mail's words in one language."""

    subject: str
    plain: str
    html: str


@dataclass(frozen=True)
class OutgoingMail:
    """A mail to send: recipient, sender, and what its templates need.

    `attachments` are PDFs by file name, `logo` is a small PNG, `unsubscribe` is the link that ends such mails.
    """

    to: str
    locale: str
    merchant: str
    reply_to: str | None = None
    color: str | None = None
    logo: bytes | None = None
    context: dict[str, Any] = field(default_factory=dict)
    attachments: dict[str, bytes] = field(default_factory=dict)
    unsubscribe: str | None = None


def render_text(name: str, mail: OutgoingMail) -> MailText:
    """The words of the mail `name` in the mail's language."""
    environment = _template_environment(mail.locale)
    frame = {
        "merchant": one_line(mail.merchant),
        "color": mail.color,
        "logo": mail.logo and f"cid:{LOGO_ID}",
        "unsubscribe": mail.unsubscribe,
    }
    subject, plain, html = (
        environment.get_template(f"mails/{name}/{part}").render(frame | mail.context)
        for part in ("subject.txt", "body.txt", "body.html")
    )
    return MailText(one_line(subject), plain.strip() + "\n", html)


@lru_cache(maxsize=64)
def _template_environment(locale: str) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=select_autoescape(["html"], default=False),
        extensions=["jinja2.ext.i18n"],
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.install_gettext_translations(i18n.load_translations(locale), newstyle=True)  # type: ignore[attr-defined]
    environment.filters["money"] = lambda amount, currency: i18n.format_money(amount, currency, locale)
    environment.filters["day"] = lambda moment, form="long": i18n.format_day(moment, locale, form)
    environment.filters["number"] = lambda value: i18n.format_number(value, locale)
    language = i18n.catalogue_language(locale)
    environment.globals.update(language=i18n.html_lang(language), direction=i18n.text_direction(language))
    return environment


def one_line(text: str) -> str:
    """The text without line breaks and other characters that don't show."""
    # a line break would start another header
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())
