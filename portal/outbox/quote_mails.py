"""The mail about a quote that was finalized, with its document attached."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.assembly import Services
from portal.db import find_row, scope_of
from portal.documents import build_quotes
from portal.models import Configuration, Mail, Quote
from portal.outbox.mail_frames import find_addressed_customer, mail_to_customer
from portal.outbox.mail_texts import OutgoingMail
from portal.rules import permissions
from portal.rules.file_names import safe_file_name


def build_quote_mail(services: Services, db: Session, mail: Mail) -> OutgoingMail | None:
    """What is offered and until when; None for a quote that waits for no answer any more."""
    quote = find_row(db, Quote, mail.data["quote"], noun="quote")
    customer = find_addressed_customer(db, mail, quote.customer_id)
    if customer is None or customer.deleted_at is not None or quote.status != "open":
        return None
    features = db.scalars(select(Configuration.features).where(Configuration.is_default)).first()
    return mail_to_customer(
        db,
        customer,
        attachments={safe_file_name(f"{quote.number}.pdf"): services.documents.pdf(scope_of(db), "quote", quote.id)},
        reference=quote.number,
        number=quote.number,
        document=build_quotes.quote(db, quote),
        may_answer=permissions.may_answer_quotes(features or {}),
        url=services.links_of(scope_of(db)).document("quote", scope_of(db).tenant_id, quote.id),
    )
