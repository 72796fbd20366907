"""Bounced mails: reads the mail system's report (RFC 3464) and marks the mail that it is about as failed.

The report quotes the mail's `Message-ID`. That id is signed, so nobody else can make a mail seem failed.
"""

from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage, Message
from email.policy import default

from itsdangerous import BadSignature, Signer

from portal.assembly import Services
from portal.db import Database, Scope
from portal.models import Mail, Tenant
from portal.outbox import mail_copies
from portal.settings import Settings

LONGEST_REASON = 300
#: Bytes of a report that are read; what it quotes of the mail comes behind its own fields.
LONGEST_REPORT = 1_000_000


@dataclass(frozen=True)
class Bounce:
    """A mail that could not be delivered: its `Message-ID`, and the mail system's reason."""

    message_id: str
    reason: str


def message_id(settings: Settings, tenant_id: int, mail_id: str) -> str:
    """The part before the `@` of a mail's `Message-ID`."""
    return _message_id_signer(settings).sign(f"{tenant_id}.{mail_id}").decode()


def read_report(report: bytes) -> Bounce | None:
    """The bounce that a report is about; None when it is no report, or reports only a delay."""
    message = message_from_bytes(report[:LONGEST_REPORT], policy=default)
    if message.get_content_type() != "multipart/report":
        return None
    status = next((part for part in message.walk() if part.get_content_type() == "message/delivery-status"), None)
    failed = [
        fields for fields in _recipient_fields(status) if str(fields.get("Action", "")).strip().lower() == "failed"
    ]
    quoted = _quoted_message_id(message)
    if not failed or quoted is None:
        return None
    return Bounce(quoted, _failure_reason(failed[0]))


def record_failure(services: Services, bounce: Bounce, *, now: int) -> bool:
    """Mark the mail as failed and show it on its customer; False when it is unknown or already marked."""
    named = _parse_message_id(services.settings, bounce.message_id)
    scope = named and _find_scope(services.database, named[0])
    if not named or not scope:
        return False
    with services.database.writing(scope) as db:
        mail = db.get(Mail, (scope.tenant_id, named[1]))
        if mail is None or mail.status != "sent":
            return False
        mail.status, mail.failure = "failed", bounce.reason
        mail_copies.note_bounce(db, mail, bounce.reason, now)
    return True


def _recipient_fields(status: Message | None) -> list[Message]:
    parts = status.get_payload() if status is not None else []
    return [part for part in parts if isinstance(part, Message)] if isinstance(parts, list) else []


def _failure_reason(fields: Message) -> str:
    said = str(fields.get("Diagnostic-Code") or fields.get("Status") or "")
    # "smtp; 550 5.1.1 …"
    words = " ".join(said.partition(";")[2].split() or said.split())
    return f"The mail came back: {words}"[:LONGEST_REASON]


def _quoted_message_id(message: EmailMessage | Message) -> str | None:
    """The id of the mail that the report quotes, whole or by its headers."""
    for part in message.walk():
        if part.get_content_type() in {"message/rfc822", "message/global"} and part.is_multipart():
            inner = part.get_payload(0)
            return str(inner["Message-ID"] or "") if isinstance(inner, Message) else None
        if part.get_content_type() in {"text/rfc822-headers", "message/global-headers"}:
            content = part.get_payload(decode=True)
            headers = message_from_bytes(content if isinstance(content, bytes) else b"", policy=default)
            return str(headers["Message-ID"] or "")
    return None


def _parse_message_id(settings: Settings, quoted: str) -> tuple[int, str] | None:
    try:
        tenant_id, _, mail_id = (
            _message_id_signer(settings).unsign(quoted.strip(" <>").rpartition("@")[0]).decode().partition(".")
        )
        return int(tenant_id), mail_id
    except (BadSignature, ValueError):
        return None


def _find_scope(database: Database, tenant_id: int) -> Scope | None:
    with database.reading() as db:
        tenant = db.get(Tenant, tenant_id)
    return Scope.of_tenant(tenant) if tenant else None


def _message_id_signer(settings: Settings) -> Signer:
    return Signer([*settings.secret_key_fallbacks, settings.secret_key], salt="message-id")
