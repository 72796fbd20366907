"""One file of bank statements on its way into the database."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, BinaryIO, cast

from sqlalchemy import Table
from sqlalchemy.orm import Session

from portal import ids
from portal.bank_files import reading
from portal.bank_files.values import Entry, UnreadableFile
from portal.billing.bank.identities import Counter
from portal.billing.bank.own_accounts import OwnAccounts
from portal.db import scope_of
from portal.models import BankStatement, BankTransaction
from portal.rules.debit_ids import is_end_to_end_id
from portal.seal import Seal

_MOST_REFUSED = 100


class Taking:
    """Reads a file and stores what it brings; `in_bulk` leaves nothing in the session."""

    def __init__(self, db: Session, statement: BankStatement, seal: Seal, now: int, in_bulk: bool) -> None:
        self._db, self._statement, self._seal, self._now, self._in_bulk = db, statement, seal, now, in_bulk
        self._accounts = OwnAccounts(db)
        self._counter = Counter()
        self._heads: dict[tuple[str, str, str | None], dict[str, Any]] = {}
        db.add(statement)
        db.flush()

    def read(self, file: BinaryIO, *, partial: bool) -> Iterator[Entry]:
        """The transfers of the file. Raises `UnreadableFile`; `partial` notes an entry that can't be read."""
        for each in reading.read_entries(file):
            if isinstance(each, UnreadableFile):
                if not partial:
                    raise each
                self._note_refused(each)
                continue
            self._accounts.refuse_others(each.head, each.currency)
            self._note_head(each)
            if each.kind == "debit" and is_end_to_end_id(each.end_to_end_id):
                each = replace(each, kind="reversal")  # a debit of ours comes back, whatever else the bank says of it
            if each.kind in {"credit", "reversal"} and each.amount:
                yield each
            else:
                self._statement.other_count += 1

    def store(self, entries: Sequence[Entry]) -> None:
        """Store those of the transfers that are new."""
        numbered = self._counter.number(self._db, entries)
        new = [(entry, *number[:2]) for entry, number in zip(entries, numbered, strict=True) if not number[2]]
        self._statement.new_count += len(new)
        self._statement.known_count += len(entries) - len(new)
        rows = [self._build_row(*each) for each in new]
        if not self._in_bulk:
            self._db.add_all(BankTransaction(**row) for row in rows)
        elif rows:
            tenant = {"tenant_id": scope_of(self._db).tenant_id, "revision": 1}
            self._db.connection().execute(_TRANSACTIONS.insert(), [row | tenant for row in rows])

    def finish(self) -> None:
        """Note what the file was."""
        statement = self._statement
        if not self._heads and not statement.refused:
            raise UnreadableFile(1, "file", "there are no entries in it")
        statement.statements = list(self._heads.values())
        statement.format = next((each["format"] for each in statement.statements), "unknown")
        self._db.flush()

    def _note_refused(self, error: UnreadableFile) -> None:
        if len(self._statement.refused) < _MOST_REFUSED:
            refused = {"line": error.line, "element": error.element, "reason": error.reason}
            self._statement.refused = [*self._statement.refused, refused]

    def _note_head(self, entry: Entry) -> None:
        head = entry.head
        key = (head.account, entry.currency, head.number)
        if key not in self._heads and len(self._heads) < _MOST_REFUSED:
            self._heads[key] = {
                "account_last4": head.account[-4:],
                "currency": entry.currency,
                "format": head.format,
                "number": head.number,
            }

    def _build_row(self, entry: Entry, identity: str, ordinal: int) -> dict[str, Any]:
        iban = entry.payer_iban.encode() if entry.payer_iban else None
        return {
            "id": ids.new("bank_transaction"),
            "created": self._now,
            "bank_statement_id": self._statement.id,
            "customer_id": None,
            "type": entry.kind,
            "status": "pending",
            "amount": entry.amount,
            "amount_assigned": 0,
            "currency": entry.currency,
            "booked_on": entry.booked_on,
            "payer_name": _storable(entry.payer_name),
            "payer_last4": entry.payer_iban[-4:] if entry.payer_iban else None,
            "payer_sealed": self._seal.encrypt(iban) if iban else None,
            "payer_key": self._seal.digests(iban)[0] if iban else None,
            "purpose": _storable(entry.purpose) or "",
            "end_to_end_id": _storable(entry.end_to_end_id),
            "reference": _storable(entry.reference),
            "bank_reference": _storable(entry.bank_reference),
            "return_reason": entry.returned,
            "charges": entry.charges,
            "identity": identity,
            "ordinal": ordinal,
            "matched_by": None,
            "suggestions": [],
            "reversed_by_id": None,
        }


_TRANSACTIONS = cast(Table, BankTransaction.__table__)


def _storable(text: str | None) -> str | None:
    # PostgreSQL takes no null character
    return text.replace("\0", "") if text else text
