"""Bills of a subscription that has ended, where used time is kept: a draft would never be billed by itself."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.billing.invoices import finalization
from portal.billing.ledger import locks
from portal.models import Invoice, Subscription
from portal.recording import stage


def finalize_drafts(db: Session, subscription: Subscription, *, now: int) -> None:
    """Finalize its drafts, the oldest first, so that they can be credited for the time that is left."""
    own = (Invoice.subscription_id == subscription.id, Invoice.status == "draft", Invoice.total > 0)
    for id in db.scalars(select(Invoice.id).where(*own).order_by(Invoice.created, Invoice.id)).all():
        stage(db, finalization.finalize(db, locks.invoice_by_id(db, id).invoice, now=now))
