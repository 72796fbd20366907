"""Builds the document value of a mandate, in the language in which it was given."""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from portal import zones
from portal.billing.ledger import parties
from portal.billing.payment_methods import mandates
from portal.db import find_row
from portal.documents import letterhead
from portal.documents.mandates import MandateDocument
from portal.models import Customer, Mandate, PaymentMethod


def build_mandate(db: Session, mandate: Mandate, customer: Customer) -> MandateDocument:
    """The document of a mandate of this customer, with the creditor and the words of then."""
    seller, buyer = parties.seller(db, None), parties.buyer(db, customer, None)
    method = find_row(db, PaymentMethod, mandate.payment_method_id, noun="payment method")
    creditor, zone = mandates.find_creditor(db), zones.of_document(seller)
    agreed_at = int(mandate.acceptance.get("accepted_at") or mandate.created)
    return MandateDocument(
        **letterhead.shared_values(db, seller, {**buyer, "locale": mandate.locale or buyer["locale"]}),
        logo=letterhead.logo_url(db, seller),
        number=mandate.reference,
        currency="eur",
        effective_at=zones.day_of(agreed_at, zone),
        footer=seller.get("footer"),
        page_size=letterhead.choose_page_size(seller, buyer),
        creditor_name=mandate.creditor_name or (creditor.name if creditor else ""),
        creditor_id=mandate.creditor_id or (creditor.creditor_id if creditor else ""),
        account_holder=method.billing_details.get("name"),
        last4=method.details["last4"],
        agreed_at=f"{datetime.fromtimestamp(agreed_at, ZoneInfo(zone)):%H:%M:%S} ({zone})",
        recurring=mandate.type != "single_use",
        words=tuple((mandate.text or "").split("\n\n")[1:]),
        ended_on=zones.day_of(mandate.ended_at, zone) if mandate.ended_at else None,
    )
