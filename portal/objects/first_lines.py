"""The first lines of invoices, as plain rows: all that an invoice object holds, read for a whole batch at once."""

from collections.abc import Sequence
from typing import cast

from sqlalchemy import Table, bindparam, select
from sqlalchemy.orm import Session

from portal.db import scope_of
from portal.hot_reads import HotStatement
from portal.models import InvoiceLine
from portal.objects.customers import SUBLIST_LIMIT
from portal.objects.kinds import plain_columns
from portal.session_reads import one_of, read_rows
from portal.wire.shape import Row


def read_first_lines(db: Session, invoice_ids: Sequence[str]) -> list[Row]:
    """The first lines of each invoice in their order, one more than an object shows where there are more."""
    return read_rows(db, _FIRST_LINES, {"tenant_id": scope_of(db).tenant_id, "ids": invoice_ids})


_LINES = cast(Table, InvoiceLine.__table__)
_FIRST_LINES = HotStatement(
    select(*plain_columns(InvoiceLine))
    .where(
        _LINES.c.tenant_id == bindparam("tenant_id"),
        one_of(_LINES.c.invoice_id, "ids"),
        _LINES.c.position <= SUBLIST_LIMIT,
    )
    .order_by(_LINES.c.invoice_id, _LINES.c.position)
)
