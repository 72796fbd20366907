"""Builds statements of account: what a customer was billed, credited and paid in a year, with a running balance.

The customer owes the amount remaining on open and uncollectible invoices, plus the customer balance. All amounts are
minor units of one currency; positive amounts are owed by the customer, negative ones are credit.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate, groupby
from typing import Literal, get_args

from portal import clock, zones
from portal.rules.statuses import CreditNoteStatus, InvoiceStatus

EntryKind = Literal[
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
ENTRY_KINDS: tuple[EntryKind, ...] = get_args(EntryKind)
#: Changes of the balance that are only the other side of an invoice or a credit note, which has an entry already.
COUNTER_ENTRIES = frozenset(
    {"applied_to_invoice", "credit_note", "invoice_too_large", "invoice_too_small", "unapplied_from_invoice"}
)
#: What went beyond an invoice when it was paid: a part of its last payment.
OVERPAYMENT = "invoice_overpaid"
#: In which of the sums an entry counts.
_SUM_BY_KIND: dict[EntryKind, str] = {
    "invoice": "billed",
    "credit_note": "credited",
    "credit_note_voided": "credited",
    "payment": "paid",
    "refund": "refunded",
    "invoice_voided": "voided",
    "balance": "adjusted",
}
SUM_NAMES = ("billed", "voided", "credited", "paid", "refunded", "adjusted")


@dataclass(frozen=True, slots=True)
class LedgerInvoice:
    """A finalized invoice; its days, and those of its payments, are those of `zone`."""

    id: str
    number: str | None
    currency: str
    status: InvoiceStatus
    total: int
    amount_paid: int
    amount_remaining: int
    effective_at: int
    paid_at: int | None
    marked_uncollectible_at: int | None
    voided_at: int | None
    zone: str = zones.DEFAULT

    @property
    def amount_owed(self) -> int:
        """The amount that remains to be paid."""
        return self.amount_remaining if self.status in {"open", "uncollectible"} else 0

    @property
    def amount_received(self) -> int:
        """The amount paid; on an imported invoice that was paid out of band, this includes its amount remaining."""
        return self.amount_paid + (self.amount_remaining if self.status == "paid" else 0)


@dataclass(frozen=True, slots=True)
class LedgerCreditNote:
    """A credit note; what neither lowered the amount due nor became credit was refunded in money."""

    id: str
    number: str
    invoice_id: str
    status: CreditNoteStatus
    total: int
    pre_payment_amount: int
    credit_amount: int
    effective_at: int
    voided_at: int | None
    zone: str = zones.DEFAULT

    @property
    def refunded_amount(self) -> int:
        """The part that was paid out."""
        return self.total - self.pre_payment_amount - self.credit_amount


@dataclass(frozen=True, slots=True)
class LedgerPayment:
    """A payment's part that paid an invoice; `words` describe the payment method."""

    id: str
    invoice_id: str
    amount: int
    at: int
    words: str | None = None


@dataclass(frozen=True, slots=True)
class BalanceChange:
    """An entry of the customer's balance."""

    id: str
    invoice_id: str | None
    type: str
    amount: int
    description: str | None
    created: int


@dataclass(frozen=True, slots=True)
class CustomerLedger:
    """All entries of a customer in one currency; `balance` is the current customer balance, `zone` the merchant's."""

    bills: Sequence[LedgerInvoice] = ()
    notes: Sequence[LedgerCreditNote] = ()
    payments: Sequence[LedgerPayment] = ()
    changes: Sequence[BalanceChange] = ()
    balance: int = 0
    zone: str = zones.DEFAULT

    @property
    def amount_owed(self) -> int:
        """What the customer owes now."""
        return self.balance + sum(bill.amount_owed for bill in self.bills)


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """An occurrence that changed what is owed by `amount`; `day` is that of its document.

    `number` is that of the invoice or credit note, `invoice_number` that of the invoice concerned; `source_id` is the
    id of the row behind it.
    """

    at: int
    day: date
    kind: EntryKind
    amount: int
    source_id: str
    number: str | None = None
    invoice_id: str | None = None
    invoice_number: str | None = None
    words: str | None = None


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """An entry with the balance after it."""

    entry: LedgerEntry
    balance: int


@dataclass(frozen=True, slots=True)
class AccountStatement:
    """A calendar year of the merchant in one currency; `end` is exclusive."""

    year: int
    currency: str
    start: int
    end: int
    opening: int
    lines: tuple[LedgerLine, ...]

    @property
    def closing(self) -> int:
        """The balance at the end of the year, or now."""
        return self.lines[-1].balance if self.lines else self.opening

    @property
    def sums(self) -> dict[str, int]:
        """The total of each kind of entry, by the names in `SUM_NAMES`; opening plus all of them is closing."""
        found = dict.fromkeys(SUM_NAMES, 0)
        for line in self.lines:
            if line.entry.kind in _SUM_BY_KIND:
                found[_SUM_BY_KIND[line.entry.kind]] += line.entry.amount
        return found


def yearly_statements(books: CustomerLedger, currency: str, *, now: int) -> list[AccountStatement]:
    """Statements for every year from the first entry to the current year or a later entry, oldest first.

    What the entries do not explain is in the opening balance: imported records may begin in the middle.
    """
    found = ledger_entries(books)
    opening = books.amount_owed - sum(entry.amount for entry in found)
    if not found and not opening:
        return []
    by_year = {year: list(group) for year, group in groupby(found, key=lambda entry: entry.day.year)}
    this_year = zones.day_of(now, books.zone).year
    made: list[AccountStatement] = []
    for year in sorted({this_year, *by_year, *range(min(by_year, default=this_year), this_year)}):
        made.append(_build_statement(books.zone, year, currency, opening, by_year.get(year, [])))
        opening = made[-1].closing
    return made


def ledger_entries(books: CustomerLedger) -> list[LedgerEntry]:
    """Everything that changed what is owed, and what was written off, in order."""
    found = [*_invoice_entries(books), *_credit_note_entries(books), *_payment_entries(books), *_balance_entries(books)]
    return sorted(found, key=_place_of_entry)


def _place_of_entry(entry: LedgerEntry) -> tuple[object, ...]:
    # the day goes first: where the merchant has changed the time zone, it need not follow the moment
    return entry.day, entry.at, ENTRY_KINDS.index(entry.kind), entry.number or "", entry.source_id


def _build_statement(
    zone: str, year: int, currency: str, opening: int, found: Sequence[LedgerEntry]
) -> AccountStatement:
    balances = list(accumulate((entry.amount for entry in found), initial=opening))[1:]
    lines = tuple(LedgerLine(entry, balance) for entry, balance in zip(found, balances, strict=True))
    first, last = (zones.start_of_day(date(year, month, day), zone) for month, day in ((1, 1), (12, 31)))
    return AccountStatement(year, currency, first, last + clock.DAY, opening, lines)


def _invoice_entries(books: CustomerLedger) -> Iterator[LedgerEntry]:
    lowered: dict[str, int] = {}
    for note in books.notes:
        if note.status != "void":
            lowered[note.invoice_id] = lowered.get(note.invoice_id, 0) + note.pre_payment_amount
    for bill in books.bills:
        yield _invoice_entry(bill, bill.effective_at, "invoice", bill.total)
        if bill.marked_uncollectible_at is not None:
            yield _invoice_entry(bill, bill.marked_uncollectible_at, "invoice_uncollectible", 0)
        if bill.status == "void":
            # what was credited or paid of it has been taken off before
            left = bill.total - lowered.get(bill.id, 0) - bill.amount_paid
            yield _invoice_entry(bill, bill.voided_at or bill.effective_at, "invoice_voided", -left)


def _invoice_entry(bill: LedgerInvoice, at: int, kind: EntryKind, amount: int) -> LedgerEntry:
    return LedgerEntry(at, zones.day_of(at, bill.zone), kind, amount, bill.id, bill.number, bill.id, bill.number)


def _credit_note_entries(books: CustomerLedger) -> Iterator[LedgerEntry]:
    numbers = {bill.id: bill.number for bill in books.bills}
    for note in books.notes:
        about = (note.id, note.number, note.invoice_id, numbers.get(note.invoice_id))
        issued = (note.effective_at, zones.day_of(note.effective_at, note.zone))
        yield LedgerEntry(*issued, "credit_note", -note.total, *about)
        if note.refunded_amount:
            yield LedgerEntry(*issued, "refund", note.refunded_amount, *about)
        if note.status == "void":
            at = note.voided_at or note.effective_at
            day = zones.day_of(at, note.zone)
            yield LedgerEntry(at, day, "credit_note_voided", note.total - note.refunded_amount, *about)


def _payment_entries(books: CustomerLedger) -> Iterator[LedgerEntry]:
    known: dict[str, list[LedgerPayment]] = {}
    for payment in sorted(books.payments, key=lambda each: (each.at, each.id)):
        known.setdefault(payment.invoice_id, []).append(payment)
    over = _overpayments_by_invoice(books.changes)
    for bill in books.bills:
        for payment in _complete_payments(bill, known.get(bill.id, []), over.get(bill.id, 0)):
            about = (payment.id, None, bill.id, bill.number, payment.words)
            yield LedgerEntry(payment.at, zones.day_of(payment.at, bill.zone), "payment", -payment.amount, *about)


def _overpayments_by_invoice(changes: Iterable[BalanceChange]) -> dict[str, int]:
    """Amounts paid beyond the total, by invoice."""
    found: dict[str, int] = {}
    for change in changes:
        if change.type == OVERPAYMENT and change.invoice_id:
            found[change.invoice_id] = found.get(change.invoice_id, 0) - change.amount
    return found


def _complete_payments(bill: LedgerInvoice, known: list[LedgerPayment], over: int) -> list[LedgerPayment]:
    """The payments of an invoice; what went beyond the invoice is added to the last one.

    Of an imported invoice only the paid sum and the moment of the last payment are known.
    """
    found = list(known)
    unknown = bill.amount_received - sum(payment.amount for payment in known)
    if unknown > 0:
        at = bill.effective_at if known else bill.paid_at or bill.effective_at
        found.insert(0, LedgerPayment(bill.id, bill.id, unknown, at))
    if found and over:
        last = found.pop()
        found.append(LedgerPayment(last.id, last.invoice_id, last.amount + over, last.at, last.words))
    return found


def _balance_entries(books: CustomerLedger) -> Iterator[LedgerEntry]:
    """The merchant's own changes of the balance, and overpayments of invoices that are not in the ledger."""
    numbers = {bill.id: bill.number for bill in books.bills}
    for change in books.changes:
        told = change.type in COUNTER_ENTRIES or (change.type == OVERPAYMENT and change.invoice_id in numbers)
        if not told:
            day = zones.day_of(change.created, books.zone)
            yield LedgerEntry(change.created, day, "balance", change.amount, change.id, words=change.description)
