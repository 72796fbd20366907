"""What the customer of a visit can have collected now, where the configuration allows it."""

from sqlalchemy.orm import Session

from portal.billing.collection import by_request
from portal.billing.collection.by_request import CollectionOffer
from portal.hosted.visits import Visit
from portal.rules import permissions


def find_offer(db: Session, visit: Visit, invoice_id: str | None = None) -> CollectionOffer | None:
    """The day, account and sum for an invoice, else for all that are open; None where nothing can be collected."""
    if not permissions.may_have_collected(visit.features):
        return None
    named = None if invoice_id is None else [invoice_id]
    return by_request.find_offer(db, visit.find_customer(db), named, now=visit.now)
