"""Hands mails to the mail server, or writes them to a folder where there is none."""

import logging
import os
import secrets
import smtplib
import ssl
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from portal import clock
from portal.errors import Unavailable
from portal.outbox.mail_texts import OutgoingMail
from portal.outbox.messages import UndeliverableMail, build_message
from portal.settings import Settings

TIMEOUT = 10  # seconds for each answer of the mail server
_LOCAL_HOSTS = frozenset({"127.0.0.1", "::1", "localhost"})

log = logging.getLogger("portal")


def send(settings: Settings, name: str, mail: OutgoingMail, *, message_id: str | None = None) -> None:
    """Send the mail `name`; with a `message_id`, recipients see a repeated mail as the same one.

    Raises `UndeliverableMail` when the address is refused, `Unavailable` when the mail can't be handed over now.
    """
    message = build_message(settings, name, mail, message_id=message_id)
    if settings.smtp_url is None:
        _save_to_folder(settings.instance / "mail", name, message)
        return
    try:
        _hand_over(urlsplit(settings.smtp_url), message, settings.mail_return_path)
    except (OSError, smtplib.SMTPException) as error:
        raise _delivery_error(name, error) from error


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
