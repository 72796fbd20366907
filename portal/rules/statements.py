"""A statement of account: what a customer was billed, credited and paid in a year, and owed after each of these.

What a customer owes is what remains due on open and uncollectible invoices, and the customer's balance with it. All
amounts are minor units of one currency; positive ones are owed by the customer, negative ones are credit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import accumulate, groupby
from typing import Literal, get_args

Kind = Literal[
    "invoice",
    "credit_note",
    "credit_note_voided",
    "payment",
    "refund",
    "invoice_uncollectible",
    "invoice_voided",
    "balance",
]
#: What happened in the same second stands in this order.
KINDS: tuple[Kind, ...] = get_args(Kind)
#: Changes of the balance that are only the other side of an invoice or a credit note, which has an entry already.
OTHER_SIDES = frozenset(
    {"applied_to_invoice", "credit_note", "invoice_too_large", "invoice_too_small", "unapplied_from_invoice"}
)
#: What went beyond an invoice when it was paid: a part of its last payment.
OVERPAID = "invoice_overpaid"
#: In which of the sums an entry counts.
_SUMS: dict[Kind, str] = {
    "invoice": "billed",
    "credit_note": "credited",
    "credit_note_voided": "credited",
    "payment": "paid",
    "refund": "refunded",
    "invoice_voided": "voided",
    "balance": "adjusted",
}
_DAY = 86400
SUMS = ("billed", "voided", "credited", "paid", "refunded", "adjusted")


@dataclass(frozen=True, slots=True)
class Bill:
    """A finalized invoice."""

    id: str
    number: str | None
    currency: str
    status: str
    total: int
    amount_paid: int
    amount_remaining: int
    effective_at: int
    paid_at: int | None
    marked_uncollectible_at: int | None
    voided_at: int | None

    @property
    def owed(self) -> int:
        """What remains to be paid of it."""
        return self.amount_remaining if self.status in {"open", "uncollectible"} else 0

    @property
    def received(self) -> int:
        """What was paid of it; elsewhere, an invoice that was paid outside keeps what remained of it."""
        return self.amount_paid + (self.amount_remaining if self.status == "paid" else 0)


@dataclass(frozen=True, slots=True)
class Note:
    """A credit note; what neither lowered the amount due nor became credit was given back in money."""

    id: str
    number: str
    invoice_id: str
    status: str
    total: int
    pre_payment_amount: int
    credit_amount: int
    effective_at: int
    voided_at: int | None

    @property
    def given_back(self) -> int:
        """The part that was paid out."""
        return self.total - self.pre_payment_amount - self.credit_amount


@dataclass(frozen=True, slots=True)
class Payment:
    """What a payment paid of an invoice; `words` say how."""

    id: str
    invoice_id: str
    amount: int
    at: int
    words: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """An entry of the customer's balance."""

    id: str
    invoice_id: str | None
    type: str
    amount: int
    description: str | None
    created: int


@dataclass(frozen=True, slots=True)
class Books:
    """Everything of a customer in one currency; `balance` is the customer's own at present."""

    bills: Sequence[Bill] = ()
    notes: Sequence[Note] = ()
    payments: Sequence[Payment] = ()
    changes: Sequence[Change] = ()
    balance: int = 0

    @property
    def owed(self) -> int:
        """What the customer owes at present."""
        return self.balance + sum(bill.owed for bill in self.bills)


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that happened at a moment and changed what is owed by `amount`.

    `number` is that of the invoice or credit note, `invoice_number` that of the invoice it is about; `source_id` is the
    row that tells of it.
    """

    at: int
    kind: Kind
    amount: int
    source_id: str
    number: str | None = None
    invoice_id: str | None = None
    invoice_number: str | None = None
    words: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """An entry, and what was owed after it."""

    entry: Entry
    balance: int


@dataclass(frozen=True, slots=True)
class Statement:
    """A calendar year (UTC) in one currency, from its first second up to the first one after it."""

    year: int
    currency: str
    start: int
    end: int
    opening: int
    lines: tuple[Line, ...]

    @property
    def closing(self) -> int:
        """What was owed at the end of the year, or is at present."""
        return self.lines[-1].balance if self.lines else self.opening

    @property
    def sums(self) -> dict[str, int]:
        """What each kind of entry came to, by the words of `SUMS`; opening and all of them make closing."""
        found = dict.fromkeys(SUMS, 0)
        for line in self.lines:
            if line.entry.kind in _SUMS:
                found[_SUMS[line.entry.kind]] += line.entry.amount
        return found


def statements(books: Books, currency: str, *, now: int) -> list[Statement]:
    """Every year from the first entry to the present one, and those of entries that are dated later; oldest first.

    What the entries do not explain was there before them: records that came from elsewhere may begin in the middle.
    """
    found = entries(books)
    opening = books.owed - sum(entry.amount for entry in found)
    if not found and not opening:
        return []
    by_year = {year: list(group) for year, group in groupby(found, key=lambda entry: _year(entry.at))}
    this_year = _year(now)
    made: list[Statement] = []
    for year in sorted({this_year, *by_year, *range(min(by_year, default=this_year), this_year)}):
        made.append(_statement(year, currency, opening, by_year.get(year, [])))
        opening = made[-1].closing
    return made


def entries(books: Books) -> list[Entry]:
    """Everything that changed what is owed, and what was written off, in its order."""
    found = [*_of_bills(books), *_of_notes(books), *_payments(books), *_of_balance(books)]
    return sorted(found, key=lambda entry: (entry.at, KINDS.index(entry.kind), entry.number or "", entry.source_id))


def _year(at: int) -> int:
    return datetime.fromtimestamp(at, UTC).year


def _statement(year: int, currency: str, opening: int, found: Sequence[Entry]) -> Statement:
    balances = list(accumulate((entry.amount for entry in found), initial=opening))[1:]
    lines = tuple(Line(entry, balance) for entry, balance in zip(found, balances, strict=True))
    first, last = (int(datetime(year, month, day, tzinfo=UTC).timestamp()) for month, day in ((1, 1), (12, 31)))
    return Statement(year, currency, first, last + _DAY, opening, lines)


def _of_bills(books: Books) -> Iterator[Entry]:
    lowered: dict[str, int] = {}
    for note in books.notes:
        if note.status != "void":
            lowered[note.invoice_id] = lowered.get(note.invoice_id, 0) + note.pre_payment_amount
    for bill in books.bills:
        yield _of_bill(bill, bill.effective_at, "invoice", bill.total)
        if bill.marked_uncollectible_at is not None:
            yield _of_bill(bill, bill.marked_uncollectible_at, "invoice_uncollectible", 0)
        if bill.status == "void":
            # what was credited or paid of it has been taken off before
            left = bill.total - lowered.get(bill.id, 0) - bill.amount_paid
            yield _of_bill(bill, bill.voided_at or bill.effective_at, "invoice_voided", -left)


def _of_bill(bill: Bill, at: int, kind: Kind, amount: int) -> Entry:
    return Entry(at, kind, amount, bill.id, bill.number, bill.id, bill.number)


def _of_notes(books: Books) -> Iterator[Entry]:
    numbers = {bill.id: bill.number for bill in books.bills}
    for note in books.notes:
        about = (note.id, note.number, note.invoice_id, numbers.get(note.invoice_id))
        yield Entry(note.effective_at, "credit_note", -note.total, *about)
        if note.given_back:
            yield Entry(note.effective_at, "refund", note.given_back, *about)
        if note.status == "void":
            at = note.voided_at or note.effective_at
            yield Entry(at, "credit_note_voided", note.total - note.given_back, *about)


def _payments(books: Books) -> Iterator[Entry]:
    known: dict[str, list[Payment]] = {}
    for payment in sorted(books.payments, key=lambda each: (each.at, each.id)):
        known.setdefault(payment.invoice_id, []).append(payment)
    over = _overpaid(books.changes)
    for bill in books.bills:
        for payment in _completed(bill, known.get(bill.id, []), over.get(bill.id, 0)):
            about = (payment.id, None, bill.id, bill.number, payment.words)
            yield Entry(payment.at, "payment", -payment.amount, *about)


def _overpaid(changes: Iterable[Change]) -> dict[str, int]:
    """What was paid beyond invoices, by invoice."""
    found: dict[str, int] = {}
    for change in changes:
        if change.type == OVERPAID and change.invoice_id:
            found[change.invoice_id] = found.get(change.invoice_id, 0) - change.amount
    return found


def _completed(bill: Bill, known: list[Payment], over: int) -> list[Payment]:
    """The payments of a bill, the last one with what went beyond it.

    Of an invoice that was paid before it came here only the sum is known, and when the last of it was paid.
    """
    found = list(known)
    unknown = bill.received - sum(payment.amount for payment in known)
    if unknown > 0:
        at = bill.effective_at if known else bill.paid_at or bill.effective_at
        found.insert(0, Payment(bill.id, bill.id, unknown, at))
    if found and over:
        last = found.pop()
        found.append(Payment(last.id, last.invoice_id, last.amount + over, last.at, last.words))
    return found


def _of_balance(books: Books) -> Iterator[Entry]:
    """The merchant's own changes of the balance, and what was paid beyond invoices that are not here."""
    numbers = {bill.id: bill.number for bill in books.bills}
    for change in books.changes:
        told = change.type in OTHER_SIDES or (change.type == OVERPAID and change.invoice_id in numbers)
        if not told:
            yield Entry(change.created, "balance", change.amount, change.id, words=change.description)
