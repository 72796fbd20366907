"""The two mails of an email change: the code to the new address, and the notice to the old one with its undo link."""

from typing import Any

from portal import clock
from portal.billing.customer_portal import codes, session_secrets
from portal.billing.customers import email_undo
from portal.billing.customers.email_undo import UNDO_LIFETIME
from portal.hosted.visits import Visit, mask_email
from portal.models import EmailChange
from portal.outbox import mails
from portal.outbox.mail_texts import OutgoingMail
from portal.outbox.messages import UndeliverableMail
from portal.web.services import services


def send_code(visit: Visit, to: str, digits: str) -> None:
    """Send the code to the new address. Raises `UndeliverableMail` or `Unavailable`."""
    _send_mail(visit, "email_code", to, code=digits, minutes=codes.LIFETIME // clock.MINUTE)


def notify_old_address(visit: Visit, change: EmailChange) -> str | None:
    """Send the notice with the link that undoes the change; returns the hash of that link's token.

    None where it can't be sent: without an old address, or to one that doesn't accept mail.

    Raises `Unavailable` where mail can't be sent at the moment.
    """
    if visit.customer_email is None:
        return None
    token = email_undo.undo_token(change, services().settings.secret_key)
    try:
        _send_mail(
            visit,
            "email_changed",
            visit.customer_email,
            new_email=mask_email(change.new_email),
            hours=UNDO_LIFETIME // clock.HOUR,
            undo_url=f"{services().settings.base_url}/undo/{token}",
        )
    except UndeliverableMail:
        return None
    return session_secrets.hash_secret(token)


def _send_mail(visit: Visit, name: str, to: str, **context: Any) -> None:
    mail = OutgoingMail(
        to=to,
        locale=visit.locale,
        merchant=visit.merchant,
        reply_to=visit.support.get("support_email"),
        color=visit.branding.get("primary_color"),
        context=context,
    )
    mails.send(services().settings, name, mail)
