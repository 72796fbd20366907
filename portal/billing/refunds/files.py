"""Makes the files by which a bank is asked to pay back, each refund in one file alone."""

from collections.abc import Sequence
from typing import cast

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from portal import zones
from portal.bank_files import pain001
from portal.billing.accounts import accounts
from portal.billing.refunds import writing
from portal.billing.refunds.params import CreateTransferFile
from portal.db import Database, Scope, find_row, lock_row, rows_by_id, scope_of, select_with_owner, take_turn
from portal.errors import InvalidRequest
from portal.models import CreditTransferFile, Invoice, Refund
from portal.objects.accounts import COLLECTION_DEFAULTS
from portal.rules.payers import payer_of
from portal.seal import Seal

_NOUN = "credit transfer file"
_REFUNDS = cast(Table, Refund.__table__)
_WITHOUT_FILE = (Refund.status == "pending", Refund.provider.is_(None), Refund.file_id.is_(None))
#: Transfers of one file.
_MOST = 10_000
#: By the version of direct debits that the account's bank takes.
_FORMATS: dict[str, pain001.Format] = {"pain.008.001.02": "pain.001.001.03", "pain.008.001.08": "pain.001.001.09"}


def create(db: Session, command: CreateTransferFile, *, seal: Seal, now: int) -> CreditTransferFile:
    """Make a file now. Raises `InvalidRequest` where no refund waits for one."""
    made = make(db, seal=seal, now=now)
    if made is None:
        raise InvalidRequest("No refund waits to be paid by the bank.")
    return made


def make(db: Session, *, seal: Seal, now: int) -> CreditTransferFile | None:
    """Put the refunds that wait into a file; None where there are none, or the account names no bank account any more.

    Only one transaction of a tenant does this at a time.
    """
    take_turn(db, "credit_transfers")
    waiting = select(Refund).where(*_WITHOUT_FILE).order_by(Refund.id).limit(_MOST).with_for_update()
    found = db.scalars(waiting, execution_options={"populate_existing": True}).all()
    if not found:
        return None
    file = _write(db, found, seal, now)
    if file is not None:
        db.add(file)
        db.flush()
        for refund in found:
            refund.file_id, refund.sealed = file.id, None
    return file


def fetch(db: Session, database: Database, id: str, *, seal: Seal, now: int) -> tuple[str, bytes]:
    """The name and the content of a file that goes to the bank, which is noted in a transaction of its own.

    Raises `ResourceMissing`.
    """
    row = find_row(db, CreditTransferFile, id, noun=_NOUN)
    if row.fetched_at is None:
        with database.writing(scope_of(db)) as changing:
            hand_over(changing, lock_row(changing, CreditTransferFile, id, noun=_NOUN), now=now)
    return writing.file_name(row), writing.read_content(row, seal)


def hand_over(db: Session, file: CreditTransferFile, *, now: int) -> None:
    """Note that a file, which is locked, is at the bank: its refunds count as made unless the bank says otherwise."""
    if file.fetched_at is not None:
        return
    file.fetched_at = now
    mine = select(Refund).where(Refund.file_id == file.id, Refund.status == "pending").order_by(Refund.id)
    for refund in db.scalars(mine.with_for_update()):
        refund.status = "succeeded"


def lock_unfetched(db: Session) -> Sequence[CreditTransferFile]:
    """The files that nobody has taken to the bank yet, locked."""
    unfetched = select(CreditTransferFile).where(CreditTransferFile.fetched_at.is_(None))
    return db.scalars(unfetched.order_by(CreditTransferFile.id).with_for_update()).all()


def list_waiting(db: Session) -> list[Scope]:
    """The tenants with refunds that wait for a file or with files that nobody has taken to the bank."""
    refunds = select_with_owner(_REFUNDS).where(*_WITHOUT_FILE).distinct()
    table = cast(Table, CreditTransferFile.__table__)
    files = select_with_owner(table).where(table.c.fetched_at.is_(None)).distinct()
    return list({Scope.of(row) for statement in (refunds, files) for row in db.execute(statement)})


def _write(db: Session, found: Sequence[Refund], seal: Seal, now: int) -> CreditTransferFile | None:
    settings = accounts.find_account(db, scope_of(db).account_id).settings
    payer = payer_of(settings)
    if payer is None:
        return None
    invoices = rows_by_id(db, Invoice, [each.invoice_id for each in found if each.invoice_id])
    numbers = {each.id: invoices[each.invoice_id].number for each in found if each.invoice_id}
    words = {each.id: numbers.get(each.id) or each.id for each in found}
    format = _FORMATS[(COLLECTION_DEFAULTS | settings.get("collection", {}))["format"]]
    return writing.write_file(format, payer, found, words, seal, now, zones.of_account(settings))
