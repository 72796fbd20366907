"""What makes a transfer the one it is, so that it is taken in once, however many files have it."""

import hashlib
from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.bank_files.values import Entry
from portal.models import BankTransaction
from portal.rules.creditor_references import plain_key


def identify(entry: Entry) -> str:
    """A digest of everything that two files say alike about one transfer."""
    parts = (
        entry.head.account,
        entry.kind,
        entry.amount,
        entry.currency,
        entry.booked_on.isoformat(),
        plain_key(entry.end_to_end_id or ""),
        plain_key(entry.reference or ""),
        plain_key(entry.purpose),
        entry.payer_iban or plain_key(entry.payer_name or ""),
    )
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()[:40]


class Counter:
    """Numbers the equal transfers of one file, and tells those that an earlier file has brought.

    Transfers of one day that say the same are as many as the file has of them, so an overlapping file brings none of
    them again. Where the bank gave two of them different references of its own they are two.
    """

    def __init__(self) -> None:
        self._taken: dict[str, set[int]] = {}

    def number(self, db: Session, entries: Sequence[Entry]) -> list[tuple[str, int, bool]]:
        """(identity, number among equal ones, whether it is known) of each entry."""
        identities = [identify(each) for each in entries]
        stored = _load(db, set(identities))
        return [self._number_one(each, entry, stored[each]) for each, entry in zip(identities, entries, strict=True)]

    def _number_one(self, identity: str, entry: Entry, stored: dict[int, str | None]) -> tuple[str, int, bool]:
        taken = self._taken.setdefault(identity, set())
        own = entry.bank_reference
        same = (n for n, reference in stored.items() if n not in taken and _may_be_same(reference, own))
        found = next(same, None)
        number = found if found is not None else max([0, *stored, *taken]) + 1
        taken.add(number)
        return identity, number, found is not None


def _may_be_same(one: str | None, other: str | None) -> bool:
    return one is None or other is None or one == other


def _load(db: Session, identities: set[str]) -> dict[str, dict[int, str | None]]:
    """Numbers and the bank's references of the stored transfers, by identity."""
    columns = (BankTransaction.identity, BankTransaction.ordinal, BankTransaction.bank_reference)
    found: dict[str, dict[int, str | None]] = defaultdict(dict)
    for row in db.execute(select(*columns).where(BankTransaction.identity.in_(identities)).order_by(columns[1])):
        found[row.identity][row.ordinal] = row.bank_reference
    return found
