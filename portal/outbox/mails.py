"""Hands mails to the mail server, or writes them to a folder where there is none."""

import logging
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

from portal.errors import Unavailable
from portal.outbox import mail_folder
from portal.outbox.mail_texts import OutgoingMail
from portal.outbox.messages import UndeliverableMail, build_message, parse_address
from portal.settings import Settings

TIMEOUT = 10  # seconds for each answer of the mail server
_LOCAL_HOSTS = frozenset({"127.0.0.1", "::1", "localhost"})
#: What a mail server says before it closes a connection, as when it has taken as many mails on it as it likes.
_CLOSING = 421

log = logging.getLogger("portal")


class Carrier:
    """Takes mails to the mail server, several on one connection, which the first of them opens.

    Each thread has one of its own, so a server that stands still holds up nobody else's mails.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._connection: smtplib.SMTP | None = None

    def send(self, name: str, mail: OutgoingMail, *, message_id: str | None = None) -> None:
        """Send the mail `name`; with a `message_id`, recipients see a repeated mail as the same one.

        Raises `UndeliverableMail` when the address is refused, `Unavailable` when the mail can't be handed over now.
        """
        message = build_message(self._settings, name, mail, message_id=message_id)
        if self._settings.smtp_url is None:
            mail_folder.save_message(self._settings.instance / "mail", name, message)
            return
        try:
            self._hand_over(self._settings.smtp_url, message, parse_address(mail.to).addr_spec)
        except (OSError, smtplib.SMTPException) as error:
            raise _delivery_error(name, error) from error

    def close(self) -> None:
        """End the connection, if one is open."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(OSError, smtplib.SMTPException):
                connection.quit()
            connection.close()

    def _hand_over(self, url: str, message: EmailMessage, to: str) -> None:
        used = self._connection is not None
        try:
            self._deliver(url, message, to)
        except (OSError, smtplib.SMTPException) as error:
            if not (used and _is_closed(error)):
                raise
            # it was open for longer than the server likes
            self._deliver(url, message, to)

    def _deliver(self, url: str, message: EmailMessage, to: str) -> None:
        try:
            if self._connection is None:
                self._connection = _connect(url, message["From"].addresses[0].domain)
            self._connection.send_message(message, self._settings.mail_return_path, [to])
        except smtplib.SMTPRecipientsRefused as error:
            if _is_closed(error):
                self._drop()
            raise
        except BaseException:
            self._drop()
            raise

    def _drop(self) -> None:
        # without a last word, which a server that stands still would not answer
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


@contextmanager
def open_carrier(settings: Settings) -> Iterator[Carrier]:
    """A carrier for some mails; its connection ends with the block."""
    carrier = Carrier(settings)
    try:
        yield carrier
    finally:
        carrier.close()


def _connect(url: str, own_name: str) -> smtplib.SMTP:
    """A connection that mails can be sent on: encrypted and signed in, as the server's address says."""
    server = urlsplit(url)
    host, user = server.hostname or "localhost", unquote(server.username or "")
    context = ssl.create_default_context()
    if server.scheme == "smtps":
        connection: smtplib.SMTP = smtplib.SMTP_SSL(
            host, server.port or 465, own_name, timeout=TIMEOUT, context=context
        )
    else:
        connection = smtplib.SMTP(host, server.port or (587 if user else 25), own_name, timeout=TIMEOUT)
    try:
        if server.scheme != "smtps":
            _start_encryption(connection, context, host, required=bool(user))
        if user:
            connection.login(user, unquote(server.password or ""))
    except BaseException:
        connection.close()
        raise
    return connection


def _start_encryption(connection: smtplib.SMTP, context: ssl.SSLContext, host: str, *, required: bool) -> None:
    """Start TLS where the server offers it; a password is never sent without it."""
    if not required and host in _LOCAL_HOSTS:
        # nothing leaves this machine, and local relays come with a certificate nobody signed
        return
    connection.ehlo()
    if required or connection.has_extn("starttls"):
        connection.starttls(context=context)


def _is_closed(error: Exception) -> bool:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return any(code == _CLOSING for code, _ in error.recipients.values())
    return isinstance(error, ConnectionError | smtplib.SMTPServerDisconnected) or (
        getattr(error, "smtp_code", None) == _CLOSING
    )


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
