"""Builds the message that a mail server gets: headers, both texts, the logo and the attachments."""

from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid

from email_validator import EmailNotValidError, validate_email

from portal import clock, i18n
from portal.errors import InvalidRequest
from portal.outbox.mail_texts import LOGO_ID, MailText, OutgoingMail, one_line, render_text
from portal.settings import Settings


class UndeliverableMail(InvalidRequest):
    """The mail server has refused this address permanently."""

    code = "email_invalid"


def build_message(settings: Settings, name: str, mail: OutgoingMail, *, message_id: str | None = None) -> EmailMessage:
    """The whole message with its attachments. Raises `UndeliverableMail` for a bad address."""
    text = render_text(name, mail)
    message = _build_bare_message(settings, text, mail, message_id)
    for file, content in mail.attachments.items():
        message.add_attachment(content, maintype="application", subtype="pdf", filename=file)
    return message


def _build_bare_message(settings: Settings, text: MailText, mail: OutgoingMail, message_id: str | None) -> EmailMessage:
    sender = parse_address(settings.mail_from)
    message = EmailMessage(policy=SMTP)
    message["Subject"] = text.subject
    message["From"] = Address(one_line(mail.merchant)[:100], sender.username, sender.domain)
    _name_addressees(message, mail)
    if mail.reply_to:
        message["Reply-To"] = parse_address(mail.reply_to)
    message["Date"] = format_datetime(clock.utc_datetime(clock.now()))
    message["Message-ID"] = f"<{message_id}@{sender.domain}>" if message_id else make_msgid(domain=sender.domain)
    if mail.unsubscribe:
        message["List-Unsubscribe"] = f"<{mail.unsubscribe}>"
        # RFC 8058: mail programs offer a button of their own
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    # no machine should answer it
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text.plain)
    message.add_alternative(text.html, subtype="html")
    if mail.logo:
        _, html = message.iter_parts()
        html.add_related(mail.logo, "image", "png", cid=f"<{LOGO_ID}>", disposition="inline", filename="logo.png")
    message["Content-Language"] = i18n.html_lang(i18n.catalogue_language(mail.locale))
    return message


def _name_addressees(message: EmailMessage, mail: OutgoingMail) -> None:
    """Name all who get it, in `To` and `Cc`. Raises `UndeliverableMail` if it goes to no address.

    An address of letters that not every server takes stands only in the message that goes there.
    """
    own = parse_address(mail.to)
    to, cc = (
        [each for each in map(parse_address, shown) if each == own or each.addr_spec.isascii()]
        for shown in (mail.shown_to, mail.shown_cc)
    )
    message["To"] = to or own
    if to and cc:
        message["Cc"] = cc


def parse_address(value: str) -> Address:
    """An address with its domain in ASCII. Raises `UndeliverableMail` for a bad one."""
    local_part, _, domain = value.rpartition("@")
    if not (local_part and domain and value.isprintable() and " " not in domain):
        raise UndeliverableMail("This is not an email address.")
    try:
        return Address(username=local_part, domain=validate_email(value, check_deliverability=False).ascii_domain)
    except EmailNotValidError:
        # names that only an own network knows
        return Address(username=local_part, domain=domain)
