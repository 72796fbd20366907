"""The documents of the customer whose visit it is."""

from typing import Any

from sqlalchemy.orm import Session

from portal.documents.kinds import SOURCES
from portal.errors import ResourceMissing
from portal.hosted.visits import Visit
from portal.rules.document_kinds import KindName


def find_own(db: Session, visit: Visit, kind: KindName, id: str) -> Any:
    """The customer's own row. Raises `ResourceMissing` for one of others and for a draft."""
    source = SOURCES[kind]
    row = source.find(db, id)
    if row.customer_id != visit.customer_id or row.status == "draft":
        raise ResourceMissing(source.noun, id)
    return row
