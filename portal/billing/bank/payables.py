"""Finds the invoices that transfers may be for, in a few statements for many transfers at once."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnClause, bindparam, func, literal_column, select, text
from sqlalchemy.orm import Session

from portal.models import BankTransaction, Invoice
from portal.models.base import JsonDocument
from portal.models.invoices import IS_PAYABLE, NUMBER_KEY
from portal.rules.bank_matching import Found, Payable
from portal.rules.creditor_references import find_references, list_readings, parse_reference, plain_key
from portal.rules.qr_references import find_qr_references, parse_qr_reference
from portal.rules.remittances import LONGEST_NUMBER, Spot, choose_longest, find_candidates
from portal.seal import Seal

#: Open invoices of one payer that are looked at.
_MOST_OF_PAYER = 50
_KEY: ColumnClause[str] = literal_column(NUMBER_KEY)


@dataclass(frozen=True)
class _Words:
    """What a transfer says: its references, each as it may be read, and what may be numbers."""

    references: list[tuple[str, ...]]
    numbers: dict[str, list[Spot]]

    @property
    def keys(self) -> set[str]:
        return {*self.numbers, *(key for readings in self.references for key in readings)}


def find_payables(
    db: Session, rows: Sequence[BankTransaction], seal: Seal, *, by_payer: bool = True
) -> dict[str, Found]:
    """The open invoices that each credit may be for, by its id; `by_payer` also those of who has paid before."""
    credits = [row for row in rows if row.type == "credit" and not row.return_reason]
    words = {row.id: _read_words(row) for row in credits}
    by_key = load_by_key(db, set().union(*(each.keys for each in words.values())))
    of_payers = _load_by_payer(db, credits, seal) if by_payer else {}
    return {row.id: _gather(words[row.id], by_key, of_payers.get(row.id, [])) for row in credits}


def _read_words(row: BankTransaction) -> _Words:
    given = [row.reference, row.end_to_end_id]
    references = [_read_reference(each) for each in given if each]
    references += [*find_references(row.purpose), *find_qr_references(row.purpose)]
    numbers = find_candidates(row.purpose)
    return _Words([list_readings(each) for each in dict.fromkeys(filter(None, references))], numbers)


def _read_reference(text: str) -> str:
    return parse_reference(text) or parse_qr_reference(text) or plain_key(text)[:LONGEST_NUMBER]


def _gather(words: _Words, by_key: dict[str, list[Payable]], by_payer: list[Payable]) -> Found:
    meant = [next((key for key in readings if key in by_key), "") for readings in words.references]
    references = [invoice for key in dict.fromkeys(meant) for invoice in by_key.get(key, [])]
    there = {key: spots for key, spots in words.numbers.items() if key in by_key}
    numbers = [invoice for key in choose_longest(there) for invoice in by_key[key]]
    return Found(references, numbers, by_payer)


_COLUMNS = (
    Invoice.id,
    Invoice.customer_id,
    Invoice.currency,
    Invoice.amount_remaining,
    _KEY.label("key"),
    Invoice.amount_next,
)


def load_by_key(db: Session, keys: Collection[str]) -> dict[str, list[Payable]]:
    """The open invoices with these numbers, as `plain_key`, by number."""
    found: dict[str, list[Payable]] = defaultdict(list)
    if keys:
        statement = select(*_COLUMNS).where(text(IS_PAYABLE), _KEY.in_(listed(db, sorted(keys))))
        # sorted here: for the sake of an order in the statement, SQLite would read every invoice
        for row in sorted(db.execute(statement), key=lambda row: row.id):
            found[row.key].append(Payable(*row))
    return found


def listed(db: Session, values: Sequence[str]) -> Any:
    """A select of values that are sent as one parameter, as a database takes only so many of them."""
    sent = func.json_each if db.get_bind().dialect.name == "sqlite" else func.jsonb_array_elements_text
    listed = sent(_json_parameter(values)).table_valued("value")
    return select(listed.c.value)


def _json_parameter(values: Sequence[str]) -> Any:
    return bindparam("listed", list(values), JsonDocument, unique=True)


def _load_by_payer(db: Session, rows: Iterable[BankTransaction], seal: Seal) -> dict[str, list[Payable]]:
    """The open invoices of the customers for whom a payer has paid before, by transfer."""
    keys = {row.id: _payer_keys(row, seal) for row in rows}
    wanted = sorted({key for each in keys.values() for key in each})
    if not wanted:
        return {}
    paid = select(BankTransaction.payer_key, BankTransaction.customer_id).distinct()
    paid = paid.where(BankTransaction.payer_key.in_(listed(db, wanted)), BankTransaction.customer_id.is_not(None))
    customers: dict[str, set[str]] = defaultdict(set)
    for key, customer_id in db.execute(paid):
        customers[str(key)].add(str(customer_id))
    owned = load_of_customers(db, set().union(*customers.values()))
    return {
        id: [invoice for key in each for customer in sorted(customers.get(key, ())) for invoice in owned[customer]]
        for id, each in keys.items()
    }


def _payer_keys(row: BankTransaction, seal: Seal) -> list[str]:
    """By which earlier transfers of the same payer are found, sealed with a key of then or of now."""
    if row.payer_key is None or row.payer_sealed is None:
        return []
    return [row.payer_key] if seal.is_single else seal.digests(seal.decrypt(row.payer_sealed))


def load_of_customers(db: Session, customer_ids: Collection[str]) -> dict[str, list[Payable]]:
    """The open invoices of customers, by customer, oldest first."""
    found: dict[str, list[Payable]] = defaultdict(list)
    if customer_ids:
        theirs = Invoice.customer_id.in_(listed(db, sorted(customer_ids)))
        statement = select(*_COLUMNS).where(text(IS_PAYABLE), theirs)
        for row in sorted(db.execute(statement), key=lambda row: row.id):
            if len(found[row.customer_id]) < _MOST_OF_PAYER:
                found[row.customer_id].append(Payable(*row))
    return found
