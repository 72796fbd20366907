"""Knows which objects are stored, so that each is looked up once for all that refer to it."""

from collections.abc import Iterable

from sqlalchemy.orm import Session

from portal.transfer.records import TransferRecord
from portal.transfer.tables import Link, row_plan
from portal.transfer.writing import existing_ids

#: Ids remembered as being there, so that a customer is looked up once for many invoices.
MAX_REMEMBERED_IDS = 200_000


class Presence:
    """The ids by table that are known to be stored; a dry run never forgets, as nothing can be looked up again."""

    def __init__(self, *, forgets: bool) -> None:
        self._there: dict[str, set[str]] = {}
        self._forgets = forgets

    def look_up(self, db: Session, found: Iterable[TransferRecord]) -> None:
        """Find out which of the objects, and of those that they refer to, are stored."""
        wanted: dict[str, set[str]] = {}
        for each in found:
            for table, id in (each.own_link(), *each.linked_ids):
                wanted.setdefault(table, set()).add(id)
        tables = row_plan("customer").table.metadata.tables
        for table, ids in wanted.items():
            there = self._there.setdefault(table, set())
            if len(there) > MAX_REMEMBERED_IDS and self._forgets:
                there.clear()
            there |= existing_ids(db, tables[table], ids - there)

    def has(self, link: Link) -> bool:
        """Whether an object that was looked up is stored."""
        return link[1] in self._there.get(link[0], ())

    def missing_links(self, found: Iterable[TransferRecord], together: set[Link]) -> list[Link]:
        """What the objects of an entry refer to that is neither stored nor written together with them."""
        links = [link for each in found for link in each.linked_ids]
        return [link for link in dict.fromkeys(links) if link not in together and not self.has(link)]

    def remember(self, found: Iterable[TransferRecord]) -> None:
        """Note objects that are written now."""
        for each in found:
            table, id = each.own_link()
            self._there.setdefault(table, set()).add(id)

    def forget(self, found: Iterable[TransferRecord]) -> None:
        """Note that they were not written after all."""
        for each in found:
            table, id = each.own_link()
            self._there.get(table, set()).discard(id)
