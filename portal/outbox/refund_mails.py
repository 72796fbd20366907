"""The mail about a refund: how much goes back, and where to."""

from sqlalchemy.orm import Session

from portal.assembly import Services
from portal.db import find_row, scope_of
from portal.models import Invoice, Mail, PaymentRecord, Refund
from portal.outbox.mail_frames import find_present_customer, mail_to_customer
from portal.outbox.mail_texts import OutgoingMail


def build_refunded_mail(services: Services, db: Session, mail: Mail) -> OutgoingMail | None:
    """Amount, invoice and the last digits of card or account; None where the refund has failed since."""
    refund = find_row(db, Refund, mail.data["refund"], noun="refund")
    customer = find_present_customer(db, refund.customer_id)
    if refund.status != "succeeded" or customer is None or customer.test_clock_id is not None:
        return None
    invoice = find_row(db, Invoice, refund.invoice_id, noun="invoice")
    details = find_row(db, PaymentRecord, refund.payment_record_id, noun="payment record").payment_method_details or {}
    return mail_to_customer(
        db,
        customer,
        reference=invoice.number,
        number=invoice.number,
        amount=refund.amount,
        currency=refund.currency,
        last4=(details.get(details.get("type") or "") or {}).get("last4") or "",
        url=services.links.document("invoice", scope_of(db).tenant_id, invoice.id),
    )
