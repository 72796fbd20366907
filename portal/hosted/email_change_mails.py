"""Queues the two mails of an email change: the code to the new address, the notice with an undo link to the old one.

Neither names its customer: what becomes of them says nothing about the address that the customer has now.
"""

from sqlalchemy.orm import Session

from portal.billing.customer_portal import session_secrets
from portal.billing.customers.email_undo import UNDO_LIFETIME
from portal.hosted.visits import Visit, mask_email
from portal.models import EmailChange
from portal.recording import notices
from portal.web.services import services


def queue_code(db: Session, visit: Visit, change: EmailChange, digits: str) -> None:
    """Queue the code to the new address, with the change that it is for."""
    notices.enqueue_without_event(
        db,
        "email_code",
        notices.email_code_key(change.id),
        address=change.new_email,
        sealed=services().seal.encrypt(digits.encode()),
        expires_at=change.expires_at,
        email_change=change.id,
        locale=visit.locale,
    )


def queue_notice(db: Session, visit: Visit, change: EmailChange, *, now: int) -> str | None:
    """Queue the notice to the old address, with the change that it tells of; returns the hash of its link's token.

    None without an old address.
    """
    if visit.customer_email is None:
        return None
    token = session_secrets.new_link_secret()
    notices.enqueue_without_event(
        db,
        "email_changed",
        f"email_changed:{change.id}",
        address=visit.customer_email,
        sealed=services().seal.encrypt(token.encode()),
        expires_at=now + UNDO_LIFETIME,
        email_change=change.id,
        new_email=mask_email(change.new_email),
        locale=visit.locale,
    )
    return session_secrets.hash_secret(token)
