"""Mails about direct debits: the notice before one, that one failed, and to the merchant that some have failed."""

from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.assembly import Services
from portal.billing.accounts import accounts
from portal.billing.collection.terms import find_terms
from portal.db import find_row, scope_of
from portal.models import DirectDebit, Invoice, Mail, Mandate, PaymentMethod
from portal.outbox.mail_frames import find_present_customer, mail_to_customer, mail_to_merchant
from portal.outbox.mail_texts import OutgoingMail

#: Debits that one mail to the merchant names; it counts the others.
_MOST_NAMED = 10


def build_announced_mail(services: Services, db: Session, mail: Mail) -> OutgoingMail | None:
    """Amount, day, mandate, creditor and account of a debit; None once it is canceled, or nobody collects any more."""
    debit = find_row(db, DirectDebit, mail.data["direct_debit"], noun="direct debit")
    return _mail(services, db, debit) if debit.status in {"scheduled", "processing"} else None


def build_failed_mail(services: Services, db: Session, mail: Mail) -> OutgoingMail | None:
    """That a debit was refused or taken back, and when the next one follows; None where the invoice is paid since."""
    debit = find_row(db, DirectDebit, mail.data["direct_debit"], noun="direct debit")
    invoice = find_row(db, Invoice, debit.invoice_id, noun="invoice")
    following = mail.data["next"]
    if invoice.status != "open":
        return None
    return _mail(services, db, debit, next_on=date.fromisoformat(following) if following else None)


def build_failing_mail(services: Services, db: Session, mail: Mail) -> OutgoingMail | None:
    """Sent to the account's own address; None when it has none."""
    account = accounts.find_account(db, scope_of(db).account_id)
    failed = (DirectDebit.status == "failed", DirectDebit.failed_at >= mail.data["since"])
    count = db.scalar(select(func.count(DirectDebit.id)).where(*failed)) or 0
    newest = select(DirectDebit).where(*failed).order_by(DirectDebit.failed_at.desc(), DirectDebit.id.desc())
    if not count or not account.email:
        return None
    rows = db.scalars(newest.limit(_MOST_NAMED)).all()
    return mail_to_merchant(account, account.email, {"count": count, "debits": [_name(row) for row in rows]})


def _mail(services: Services, db: Session, debit: DirectDebit, *, next_on: date | None = None) -> OutgoingMail | None:
    terms, customer = find_terms(db), find_present_customer(db, debit.customer_id)
    if terms is None or customer is None:
        return None
    invoice = find_row(db, Invoice, debit.invoice_id, noun="invoice")
    mandate = find_row(db, Mandate, debit.mandate_id, noun="mandate")
    method = find_row(db, PaymentMethod, mandate.payment_method_id, noun="payment method")
    return mail_to_customer(
        db,
        customer,
        reference=invoice.number,
        number=invoice.number,
        amount=debit.amount,
        currency=debit.currency,
        collect_on=debit.collect_on,
        next_on=next_on,
        mandate=mandate.reference,
        creditor=terms.creditor.name,
        creditor_id=terms.creditor.creditor_id,
        last4=method.details.get("last4") or "",
        url=services.links_of(scope_of(db)).document("invoice", scope_of(db).tenant_id, invoice.id),
        mandate_url=services.links_of(scope_of(db)).document("mandate_pdf", scope_of(db).tenant_id, mandate.id),
    )


def _name(row: DirectDebit) -> dict[str, object]:
    return {
        "debit": row.id,
        "invoice": row.invoice_id,
        "customer": row.customer_id,
        "amount": row.amount,
        "currency": row.currency,
        "reason": row.reason or "-",
    }
