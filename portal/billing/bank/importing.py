"""Takes in a file of bank statements: all of it, or nothing."""

import hashlib
from itertools import islice
from typing import BinaryIO

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import ids
from portal.bank_files.values import UnreadableFile
from portal.billing.bank import answers, matching
from portal.billing.bank.taking import Taking
from portal.db import take_turn
from portal.errors import InvalidRequest
from portal.models import BankStatement
from portal.seal import Seal

#: Bytes. A larger file is matched after it was stored, in steps that leave room for others.
MATCHED_AT_ONCE = 512 * 1024
_BATCH = 500
_CHUNK = 1024 * 1024
_LONGEST_NAME = 255


def import_file(
    db: Session, file: BinaryIO, filename: str | None, *, partial: bool, seal: Seal, now: int
) -> BankStatement:
    """Take in a file; one that was taken in before answers with its row and changes nothing.

    A small one is matched at once; another one is `processing` until `progress.continue_import` has nothing left.
    Raises `InvalidRequest`, which names line and element, for a file that can't be read whole, or of another account.
    """
    take_turn(db, "bank")
    known = find_known(db, file)
    if known:
        return known
    digest, size = _digest(file), file.tell()
    try:
        if answers.is_answer(file):
            return _store_answer(db, file, filename, digest, now=now)
        in_bulk = size > MATCHED_AT_ONCE
        statement = _store(db, file, filename, digest, partial=partial, seal=seal, now=now, in_bulk=in_bulk)
    except UnreadableFile as error:
        raise InvalidRequest(f"The file was not taken in. {error}", param="file") from None
    if size <= MATCHED_AT_ONCE:
        matching.match_next(db, statement, seal=seal, now=now)
    return statement


def _store_answer(db: Session, file: BinaryIO, filename: str | None, digest: str, *, now: int) -> BankStatement:
    """A bank's answer to a file of direct debits: no statement, but a file that comes once all the same."""
    statement = _build(filename, digest, now)
    answers.read_answer(db, file, statement, now=now)
    db.add(statement)
    return statement


def find_known(db: Session, file: BinaryIO) -> BankStatement | None:
    """What the same file has brought before, None where it is new."""
    return db.scalars(select(BankStatement).where(BankStatement.digest == _digest(file))).one_or_none()


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
    statement = _build(filename, digest, now)
    take = Taking(db, statement, seal, now, in_bulk)
    entries = take.read(file, partial=partial)
    while batch := list(islice(entries, _BATCH)):
        take.store(batch)
    take.finish()
    return statement


def _build(filename: str | None, digest: str, now: int) -> BankStatement:
    return BankStatement(
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
