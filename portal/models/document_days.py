"""The calendar days of invoices, credit notes and quotes: those of the time zone that was frozen with them.

The day of issue is noted whenever a row is written, so that lists by year need no time zones and no use case can
forget it.
"""

from datetime import date
from typing import Any, overload

from sqlalchemy import Connection, event

from portal import zones
from portal.models.invoices import CreditNote, Invoice


def issue_day(row: Any) -> date | None:
    """The day of issue of an invoice or a credit note; None of a draft."""
    return None if row.status == "draft" else day_on(row, row.effective_at or row.created)


@overload
def day_on(row: Any, moment: int) -> date: ...
@overload
def day_on(row: Any, moment: int | None) -> date | None: ...
def day_on(row: Any, moment: int | None) -> date | None:
    """The day of a moment, in epoch seconds, as a document of the row has it."""
    return None if moment is None else zones.day_of(moment, zones.of_document(row.seller))


def _note_issue_day(mapper: object, connection: Connection, row: Any) -> None:
    row.issued_on = issue_day(row)


def register() -> None:
    """Have every insert and update of these rows note the day of issue."""
    for moment in ("before_insert", "before_update"):
        for model in (Invoice, CreditNote):
            event.listen(model, moment, _note_issue_day)
