"""Renders mails from `templates/mails/<name>/` and hands them to the mail server, or writes them to a folder.

A mail has the same words as plain text and as simple HTML. The HTML loads nothing: the logo is part of the mail.
"""

from __future__ import annotations

import logging
import os
import secrets
import smtplib
import ssl
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from email_validator import EmailNotValidError, validate_email
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from portal import clock, i18n
from portal.errors import InvalidRequest, Unavailable
from portal.settings import Settings

TIMEOUT = 10  # seconds for each answer of the mail server
_TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
#: What the logo within a mail is called there.
_LOGO_ID = "logo@portal"
_LOCAL_HOSTS = frozenset({"127.0.0.1", "::1", "localhost"})

log = logging.getLogger("portal")


class UndeliverableMail(InvalidRequest):
    """The mail server has refused this address permanently."""

    code = "email_invalid"


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


def send(settings: Settings, name: str, letter: OutgoingMail, *, message_id: str | None = None) -> None:
    """Send the mail `name`; with a `message_id`, recipients see a repeated mail as the same one.

    Raises `UndeliverableMail` when the address is refused, `Unavailable` when the mail can't be handed over now.
    """
    message = build_message(settings, name, letter, message_id=message_id)
    if settings.smtp_url is None:
        _save_to_folder(settings.instance / "mail", name, message)
        return
    try:
        _hand_over(urlsplit(settings.smtp_url), message, settings.mail_return_path)
    except (OSError, smtplib.SMTPException) as error:
        raise _delivery_error(name, error) from error


def build_message(
    settings: Settings, name: str, letter: OutgoingMail, *, message_id: str | None = None
) -> EmailMessage:
    """The whole message with its attachments. Raises `UndeliverableMail` for a bad address."""
    text = render_text(name, letter)
    message = _build_bare_message(settings, text, letter, message_id)
    for file, content in letter.attachments.items():
        message.add_attachment(content, maintype="application", subtype="pdf", filename=file)
    return message


def render_text(name: str, letter: OutgoingMail) -> MailText:
    """The words of the mail `name` in the letter's language."""
    environment = _template_environment(letter.locale)
    frame = {
        "merchant": _one_line(letter.merchant),
        "color": letter.color,
        "logo": letter.logo and f"cid:{_LOGO_ID}",
        "unsubscribe": letter.unsubscribe,
    }
    subject, plain, html = (
        environment.get_template(f"mails/{name}/{part}").render(frame | letter.context)
        for part in ("subject.txt", "body.txt", "body.html")
    )
    return MailText(_one_line(subject), plain.strip() + "\n", html)


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


def _build_bare_message(
    settings: Settings, text: MailText, letter: OutgoingMail, message_id: str | None
) -> EmailMessage:
    sender = _parse_address(settings.mail_from)
    message = EmailMessage(policy=SMTP)
    message["Subject"] = text.subject
    message["From"] = Address(_one_line(letter.merchant)[:100], sender.username, sender.domain)
    message["To"] = _parse_address(letter.to)
    if letter.reply_to:
        message["Reply-To"] = _parse_address(letter.reply_to)
    message["Date"] = format_datetime(clock.utc_datetime(clock.now()))
    message["Message-ID"] = f"<{message_id}@{sender.domain}>" if message_id else make_msgid(domain=sender.domain)
    if letter.unsubscribe:
        message["List-Unsubscribe"] = f"<{letter.unsubscribe}>"
        # RFC 8058: mail programs offer a button of their own
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    # no machine should answer it
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text.plain)
    message.add_alternative(text.html, subtype="html")
    if letter.logo:
        _, html = message.iter_parts()
        html.add_related(letter.logo, "image", "png", cid=f"<{_LOGO_ID}>", disposition="inline")
    message["Content-Language"] = i18n.html_lang(i18n.catalogue_language(letter.locale))
    return message


def _parse_address(value: str) -> Address:
    """An address with its domain in ASCII. Raises `UndeliverableMail` for a bad one."""
    local_part, _, domain = value.rpartition("@")
    if not (local_part and domain and value.isprintable() and " " not in domain):
        raise UndeliverableMail("This is not an email address.")
    try:
        return Address(username=local_part, domain=validate_email(value, check_deliverability=False).ascii_domain)
    except EmailNotValidError:
        # names that only an own network knows
        return Address(username=local_part, domain=domain)


def _one_line(text: str) -> str:
    # a line break would start another header
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())


def _save_to_folder(folder: Path, name: str, message: EmailMessage) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = folder / f"{clock.now()}-{name}-{secrets.token_hex(4)}.eml"
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as target:
        target.write(message.as_bytes())


def _hand_over(server: SplitResult, message: EmailMessage, return_path: str | None) -> None:
    own_name = message["From"].addresses[0].domain
    host, user = server.hostname or "localhost", unquote(server.username or "")
    context = ssl.create_default_context()
    if server.scheme == "smtps":
        connection: smtplib.SMTP = smtplib.SMTP_SSL(
            host, server.port or 465, own_name, timeout=TIMEOUT, context=context
        )
    else:
        connection = smtplib.SMTP(host, server.port or (587 if user else 25), own_name, timeout=TIMEOUT)
    with connection:
        if server.scheme != "smtps":
            _start_encryption(connection, context, host, required=bool(user))
        if user:
            connection.login(user, unquote(server.password or ""))
        connection.send_message(message, from_addr=return_path)


def _start_encryption(connection: smtplib.SMTP, context: ssl.SSLContext, host: str, *, required: bool) -> None:
    """Start TLS where the server offers it; a password is never sent without it."""
    if not required and host in _LOCAL_HOSTS:
        # nothing leaves this machine, and local relays come with a certificate nobody signed
        return
    connection.ehlo()
    if required or connection.has_extn("starttls"):
        connection.starttls(context=context)


def _delivery_error(name: str, error: Exception) -> UndeliverableMail | Unavailable:
    if isinstance(error, smtplib.SMTPNotSupportedError) and "SMTPUTF8" in str(error):
        return UndeliverableMail("This address can't be reached from here.")
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = [code for code, _ in error.recipients.values()]
        if all(code >= 500 for code in codes):
            return UndeliverableMail("This address does not accept mail.")
    # the error may hold the address, so only its kind is noted
    log.error("mail %s could not be sent: %s %s", name, type(error).__name__, getattr(error, "smtp_code", ""))
    return Unavailable("The email can't be sent at the moment. Please try again later.")
