"""The quotes of the customer whose visit it is."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.errors import ResourceMissing
from portal.hosted import own_documents
from portal.hosted.visits import Visit
from portal.models import Quote
from portal.rules import permissions
from portal.rules.quotes import DECLINED_BY, QuoteState, quote_state

_MOST_SHOWN = 100


def list_open(db: Session, visit: Visit) -> Sequence[Quote]:
    """The quotes that wait for an answer, the first to expire first; none where a configuration doesn't show them."""
    if not permissions.may_answer_quotes(visit.features):
        return ()
    mine = select(Quote).where(Quote.customer_id == visit.customer_id, Quote.status == "open")
    return db.scalars(mine.where(Quote.expires_at > visit.now).order_by(Quote.expires_at, Quote.id)).all()


def list_all(db: Session, visit: Visit) -> Sequence[Quote]:
    """Every quote that was given out, the newest first."""
    mine = select(Quote).where(Quote.customer_id == visit.customer_id, Quote.finalized_at.is_not(None))
    return db.scalars(mine.order_by(Quote.created.desc(), Quote.id.desc()).limit(_MOST_SHOWN)).all()


def find(db: Session, visit: Visit, id: str) -> Quote:
    """A quote of this customer. Raises `ResourceMissing` for one of others and for one that was never given out."""
    found: Quote = own_documents.find_own(db, visit, "quote", id)
    if found.finalized_at is None:
        raise ResourceMissing("quote", id)
    return found


def find_state(quote: Quote, now: int) -> QuoteState:
    """What a quote is to the customer now."""
    declined = DECLINED_BY in quote.metadata_
    return quote_state(quote.status, quote.expires_at, quote.canceled_at, declined=declined, now=now)
