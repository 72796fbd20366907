"""The mail about a withdrawal, with its receipt (article 11a of Directive 2011/83/EU asks for a durable medium)."""

from sqlalchemy.orm import Session

from portal.assembly import Services
from portal.db import find_row
from portal.documents.build_cancellations import build_withdrawal
from portal.models import Mail, PlanWithdrawal, Subscription
from portal.outbox.mail_frames import find_present_customer, mail_to_customer
from portal.outbox.mail_texts import OutgoingMail
from portal.outbox.plan_parts import name_plan
from portal.rules.file_names import safe_file_name


def build_withdrawn_mail(services: Services, db: Session, mail: Mail) -> OutgoingMail | None:
    """What was received and when, and what is given back; None without an address."""
    row = find_row(db, PlanWithdrawal, mail.data["withdrawal"], noun="withdrawal")
    customer = find_present_customer(db, row.customer_id)
    if customer is None:
        return None
    subscription = find_row(db, Subscription, row.subscription_id, noun="subscription")
    receipt = services.documents.pdf_of_value(build_withdrawal(db, row))
    return mail_to_customer(
        db,
        customer,
        attachments={safe_file_name(f"{row.id}.pdf"): receipt},
        reference=subscription.id,
        plan=name_plan(db, subscription, customer),
        received_at=row.created,
        refunded=row.amount_refunded,
        credited=row.amount_credited,
        waived=row.amount_waived,
        currency=row.currency,
    )
