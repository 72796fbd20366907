"""Mails about notices of cancellation: the receipt for who has sent one, and the alert for the merchant."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.assembly import Services
from portal.billing.accounts import accounts
from portal.db import find_row, scope_of
from portal.documents.build_cancellations import build_notice
from portal.models import CancellationNotice, Customer, Mail
from portal.outbox.mail_frames import mail_to_customer, mail_to_merchant
from portal.outbox.mail_texts import OutgoingMail
from portal.rules.file_names import safe_file_name


def build_received_mail(services: Services, db: Session, mail: Mail) -> OutgoingMail | None:
    """The receipt, to the stored address; None when no customer has the one that was typed in."""
    own = select(Customer).where(Customer.email_folded == (mail.address or ""), Customer.deleted_at.is_(None))
    customer = db.scalars(own.order_by(Customer.created.desc()).limit(1)).first()
    if customer is None:
        return None
    notice = find_row(db, CancellationNotice, mail.data["notice"], noun="cancellation notice")
    content = services.documents.pdf_of_value(build_notice(db, notice))
    return mail_to_customer(
        db,
        customer,
        attachments={safe_file_name(f"{notice.id}.pdf"): content},
        reference=notice.id,
        received_at=notice.created,
        withdrawal=notice.kind == "withdrawal",
    )


def build_waiting_mail(services: Services, db: Session, mail: Mail) -> OutgoingMail | None:
    """What waits for the merchant; None without an address of the account."""
    account = accounts.find_account(db, scope_of(db).account_id)
    if not account.email:
        return None
    notice = find_row(db, CancellationNotice, mail.data["notice"], noun="cancellation notice")
    context = {
        "notice": notice.id,
        "received_at": notice.created,
        "name": notice.name,
        "email": notice.email,
        "number": notice.reference,
        "kind": notice.kind,
    }
    return mail_to_merchant(account, account.email, context)
