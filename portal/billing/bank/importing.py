"""Takes in a file of bank statements: all of it, or nothing."""

import hashlib
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, BinaryIO, cast

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from portal import ids
from portal.bank_files import reading
from portal.bank_files.values import Entry, UnreadableFile
from portal.billing.bank import matching
from portal.billing.bank.identities import Counter
from portal.billing.bank.own_accounts import OwnAccounts
from portal.db import scope_of, take_turn
from portal.errors import InvalidRequest
from portal.models import BankStatement, BankTransaction
from portal.seal import Seal

#: Bytes. A larger file is matched after it was stored, in steps that leave room for others.
MATCHED_AT_ONCE = 512 * 1024
_BATCH = 500
_CHUNK = 1024 * 1024
_MOST_REFUSED = 100
_LONGEST_NAME = 255


def import_file(
    db: Session, file: BinaryIO, filename: str | None, *, partial: bool, seal: Seal, now: int
) -> BankStatement:
    """Take in a file; one that was taken in before answers with its row and changes nothing.

    A small one is matched at once; another one is `processing` until `matching.match_next` has nothing left. Raises
    `InvalidRequest`, which names line and element, for a file that can't be read whole, or of another account.
    """
    take_turn(db, "bank")
    digest = _digest(file)
    known = db.scalars(select(BankStatement).where(BankStatement.digest == digest)).one_or_none()
    if known:
        return known
    size = file.tell()
    try:
        in_bulk = size > MATCHED_AT_ONCE
        statement = _store(db, file, filename, digest, partial=partial, seal=seal, now=now, in_bulk=in_bulk)
    except UnreadableFile as error:
        raise InvalidRequest(f"The file was not taken in. {error}", param="file") from None
    if size <= MATCHED_AT_ONCE:
        matching.match_next(db, statement, seal=seal, now=now)
    return statement


def _digest(file: BinaryIO) -> str:
    file.seek(0)
    digest = hashlib.sha256()
    while chunk := file.read(_CHUNK):
        digest.update(chunk)
    return digest.hexdigest()


def _store(
    db: Session,
    file: BinaryIO,
    filename: str | None,
    digest: str,
    *,
    partial: bool,
    seal: Seal,
    now: int,
    in_bulk: bool,
) -> BankStatement:
    statement = BankStatement(
        id=ids.new("bank_statement"),
        created=now,
        digest=digest,
        filename=(filename or "").replace("\\", "/").rpartition("/")[2][-_LONGEST_NAME:] or None,
        format="",
        status="processing",
        statements=[],
        new_count=0,
        known_count=0,
        other_count=0,
        refused=[],
    )
    take = _Taking(db, statement, seal, now, in_bulk)
    entries = take.read(file, partial=partial)
    while batch := list(islice(entries, _BATCH)):
        take.store(batch)
    take.finish()
    return statement


class _Taking:
    """One file on its way into the database."""

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
