"""The mail about a subscription that was canceled, with its confirmation and a link that takes it back."""

from sqlalchemy.orm import Session

from portal.assembly import Services
from portal.billing.customer_portal import cancellation_receipts, plan_undo
from portal.billing.withdrawals import receipts
from portal.documents.build_cancellations import build_cancellation
from portal.models import Mail, Subscription
from portal.outbox import subscription_mails
from portal.outbox.document_mails import billed_document
from portal.outbox.mail_frames import mail_to_customer
from portal.outbox.mail_texts import OutgoingMail
from portal.outbox.plan_parts import name_plan
from portal.rules.file_names import safe_file_name


def build_canceled_mail(services: Services, db: Session, mail: Mail) -> OutgoingMail | None:
    """What was canceled, when, when it ends, and what is billed for it; None when it no longer stands.

    The confirmation of a cancellation by the customer is attached.
    """
    subscription, customer = subscription_mails.find_subscription(db, mail)
    ends = subscription.ended_at or subscription.cancel_at
    # mails that were queued before the portal told these are sent as they were meant
    canceled_at, billed = mail.data.get("canceled_at", subscription.canceled_at), mail.data.get("billed")
    if customer is None or ends is None or subscription.canceled_at != canceled_at:
        return None
    if receipts.find_withdrawal(db, subscription.id):  # which has a mail of its own
        return None
    told = billed_document(services, db, billed)
    return mail_to_customer(
        db,
        customer,
        reference=subscription.id,
        plan=name_plan(db, subscription, customer),
        canceled_at=subscription.canceled_at,
        ends_at=ends,
        ended=subscription.ended_at is not None,
        bill=None if subscription.ended_at else subscription_mails.preview_bill(services, db, subscription),
        keep_url=subscription_mails.undo_link(services, db, subscription, plan_undo.cancellation_mark(subscription)),
        **told | {"attachments": told.get("attachments", {}) | _confirmation(services, db, subscription)},
    )


def _confirmation(services: Services, db: Session, subscription: Subscription) -> dict[str, bytes]:
    """The confirmation as an attachment; none of what the merchant has canceled."""
    row = cancellation_receipts.find_received(db, subscription.id, subscription.canceled_at)
    if row is None:
        return {}
    return {safe_file_name(f"{row.id}.pdf"): services.documents.pdf_of_value(build_cancellation(db, row))}
