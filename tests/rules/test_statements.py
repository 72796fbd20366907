"""Statements of account by hand: every kind of entry, what was owed after it, and years that follow each other."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from portal.rules.statements import (
    AccountStatement,
    BalanceChange,
    CustomerLedger,
    LedgerCreditNote,
    LedgerInvoice,
    LedgerPayment,
    ledger_entries,
    yearly_statements,
)

BOTH = {"currency": "eur", "marked_uncollectible_at": None, "voided_at": None}


def on(year: int, month: int, day: int) -> int:
    return int(datetime(year, month, day, 12, tzinfo=UTC).timestamp())


def bill(number: str, total: int, at: int, **changed: Any) -> LedgerInvoice:
    """An open invoice, unless told otherwise; `A-1` is `in_1`."""
    given = {"status": "open", "amount_paid": 0, "amount_remaining": total, "paid_at": None, **BOTH, **changed}
    return LedgerInvoice(id=f"in_{number[2:]}", number=number, total=total, effective_at=at, **given)


def paid(number: str, total: int, at: int, paid_at: int, **changed: Any) -> LedgerInvoice:
    given = {"status": "paid", "amount_paid": total, "amount_remaining": 0, "paid_at": paid_at, **changed}
    return bill(number, total, at, **given)


def note(number: str, total: int, at: int, *, before: int = 0, credit: int = 0, **changed: Any) -> LedgerCreditNote:
    """A credit note `A-1-CN-1` of the invoice `in_1`."""
    invoice_id = f"in_{number.split('-')[1]}"
    given = {"status": "issued", "voided_at": None, **changed}
    amounts = {"total": total, "pre_payment_amount": before, "credit_amount": credit}
    return LedgerCreditNote(f"cn_{number}", number, invoice_id, effective_at=at, **amounts, **given)


def told(statement: AccountStatement) -> list[tuple[str, str | None, int, int]]:
    return [(line.entry.kind, line.entry.number, line.entry.amount, line.balance) for line in statement.lines]


#: Two years of a customer. A-2 used 15.00 of the balance; 20.00 too much were paid for A-3; of A-4, which is to be
#: written off, 30.00 were credited; A-5 was paid elsewhere before it came here; A-6 was void at once.
YEARS = CustomerLedger(
    bills=[
        paid("A-1", 11900, on(2025, 11, 3), on(2025, 12, 1)),
        paid("A-2", 5000, on(2025, 12, 30), on(2026, 1, 9), amount_paid=3500),
        paid("A-3", 23800, on(2026, 2, 2), on(2026, 2, 20)),
        bill("A-4", 9999, on(2026, 3, 1), status="uncollectible", amount_remaining=6999,
             marked_uncollectible_at=on(2026, 6, 1)),
        paid("A-5", 1234, on(2026, 4, 1), on(2026, 4, 2)),
        bill("A-6", 4200, on(2026, 5, 5), status="void", voided_at=on(2026, 5, 6)),
    ],
    notes=[
        note("A-1-CN-1", 2500, on(2025, 12, 5), credit=1500),
        note("A-4-CN-1", 500, on(2026, 3, 2), before=500, status="void", voided_at=on(2026, 3, 3)),
        note("A-4-CN-2", 3000, on(2026, 3, 4), before=3000),
    ],
    payments=[
        LedgerPayment("inpay_1", "in_1", 11900, on(2025, 12, 1), "Bank transfer"),
        LedgerPayment("inpay_2", "in_2", 3500, on(2026, 1, 9)),
        LedgerPayment("inpay_3", "in_3", 10000, on(2026, 2, 10)),
        LedgerPayment("inpay_4", "in_3", 13800, on(2026, 2, 20)),
    ],
    changes=[
        BalanceChange("cbtxn_1", None, "credit_note", -1500, None, on(2025, 12, 5)),
        BalanceChange("cbtxn_2", "in_2", "applied_to_invoice", 1500, None, on(2025, 12, 30)),
        BalanceChange("cbtxn_3", "in_3", "invoice_overpaid", -2000, None, on(2026, 2, 20)),
        BalanceChange("cbtxn_4", None, "adjustment", -700, "Sorry for the outage", on(2026, 7, 1)),
    ],
    balance=-2700,
)  # fmt: skip


def test_two_years_worked_by_hand() -> None:
    first, second = yearly_statements(YEARS, "eur", now=on(2026, 11, 26))
    assert (first.year, first.opening) == (2025, 0)
    assert told(first) == [
        ("invoice", "A-1", 11900, 11900),
        ("payment", None, -11900, 0),
        ("credit_note", "A-1-CN-1", -2500, -2500),
        ("refund", "A-1-CN-1", 1000, -1500),
        ("invoice", "A-2", 5000, 3500),
    ]
    assert first.sums == {"billed": 16900, "voided": 0, "credited": -2500, "paid": -11900, "refunded": 1000} | {
        "adjusted": 0
    }
    assert (first.closing, second.year, second.opening) == (3500, 2026, 3500)
    assert told(second) == [
        ("payment", None, -3500, 0),
        ("invoice", "A-3", 23800, 23800),
        ("payment", None, -10000, 13800),
        ("payment", None, -15800, -2000),
        ("invoice", "A-4", 9999, 7999),
        ("credit_note", "A-4-CN-1", -500, 7499),
        ("credit_note_voided", "A-4-CN-1", 500, 7999),
        ("credit_note", "A-4-CN-2", -3000, 4999),
        ("invoice", "A-5", 1234, 6233),
        ("payment", None, -1234, 4999),
        ("invoice", "A-6", 4200, 9199),
        ("invoice_voided", "A-6", -4200, 4999),
        ("invoice_uncollectible", "A-4", 0, 4999),
        ("balance", None, -700, 4299),
    ]
    # 69.99 remain of A-4, and 27.00 are credit
    assert second.closing == YEARS.amount_owed == 6999 - 2700 == 4299
    assert second.opening + sum(second.sums.values()) == second.closing


def test_an_entry_names_its_invoice_and_says_how_it_was_paid() -> None:
    [first, *_] = [entry for entry in ledger_entries(YEARS) if entry.kind == "payment"]
    assert (first.invoice_id, first.invoice_number, first.source_id) == ("in_1", "A-1", "inpay_1")
    assert first.words == "Bank transfer"


def test_what_the_entries_do_not_explain_was_there_before() -> None:
    [only] = yearly_statements(replace(YEARS, bills=[], notes=[], payments=[], changes=[]), "eur", now=on(2026, 1, 1))
    assert (only.year, only.opening, only.closing, only.lines) == (2026, -2700, -2700, ())


def test_nothing_at_all_makes_no_statement() -> None:
    assert yearly_statements(CustomerLedger(), "eur", now=on(2026, 1, 1)) == []


def test_years_without_entries_are_told_up_to_the_present_one() -> None:
    made = yearly_statements(CustomerLedger([bill("A-1", 700, on(2023, 2, 1))]), "eur", now=on(2026, 1, 1))
    assert [(each.year, each.opening, each.closing) for each in made] == [
        (2023, 0, 700),
        (2024, 700, 700),
        (2025, 700, 700),
        (2026, 700, 700),
    ]


def test_what_is_dated_later_has_its_own_year() -> None:
    made = yearly_statements(CustomerLedger([bill("A-1", 700, on(9999, 12, 31))]), "eur", now=on(2026, 1, 1))
    assert [(each.year, each.closing) for each in made] == [(2026, 0), (9999, 700)]


def test_a_year_begins_and_ends_with_its_second() -> None:
    end = on(2026, 1, 1) - 12 * 3600
    before, after = yearly_statements(CustomerLedger([bill("A-1", 1, end - 1), bill("A-2", 2, end)]), "eur", now=end)
    assert (before.end, told(before)) == (end, [("invoice", "A-1", 1, 1)])
    assert (after.start, told(after)) == (end, [("invoice", "A-2", 2, 3)])


def test_entries_are_in_the_order_of_the_days_that_their_documents_bear() -> None:
    """The merchant went from Berlin to New York on New Year's night; the balance changed after it."""
    night = on(2026, 1, 1) - 12 * 3600 - 1800
    first = bill("A-1", 100, night, zone="Europe/Berlin")
    second = paid("A-2", 200, night + 60, night + 120, zone="America/New_York")
    change = BalanceChange("cbtxn_1", None, "adjustment", 7, None, night + 6 * 3600)
    books = CustomerLedger([first, second], changes=[change], balance=7, zone="America/New_York")
    before, after = yearly_statements(books, "eur", now=night + 24 * 3600)
    assert told(before) == [("invoice", "A-2", 200, 200), ("payment", None, -200, 0)]
    assert told(after) == [("invoice", "A-1", 100, 100), ("balance", None, 7, 107)]
    assert (before.year, before.end, after.start) == (2025, night + 5.5 * 3600, night + 5.5 * 3600)


def test_a_void_invoice_takes_off_what_credit_notes_have_left_of_it() -> None:
    void = bill("A-1", 1000, on(2026, 1, 1), status="void", voided_at=on(2026, 1, 5))
    first = note("A-1-CN-1", 200, on(2026, 1, 2), before=200, status="void", voided_at=on(2026, 1, 3))
    second = note("A-1-CN-2", 300, on(2026, 1, 4), before=300)
    [made] = yearly_statements(CustomerLedger([void], [first, second]), "eur", now=on(2026, 2, 1))
    assert [amount for _, _, amount, _ in told(made)] == [1000, -200, 200, -300, -700]


def test_of_a_part_that_was_paid_elsewhere_the_invoices_date_is_known() -> None:
    part = bill("A-1", 1000, on(2026, 1, 1), amount_paid=400, amount_remaining=600)
    later = replace(part, amount_paid=900, amount_remaining=100)
    [made] = yearly_statements(CustomerLedger([part]), "eur", now=on(2026, 2, 1))
    assert told(made)[1] == ("payment", None, -400, 600)
    known = [LedgerPayment("inpay_1", "in_1", 500, on(2026, 1, 9))]
    [made] = yearly_statements(CustomerLedger([later], payments=known), "eur", now=on(2026, 2, 1))
    assert [(line.entry.at, line.entry.amount) for line in made.lines][1:] == [
        (on(2026, 1, 1), -400),
        (on(2026, 1, 9), -500),
    ]


def test_what_went_beyond_an_invoice_that_is_not_here_stands_by_itself() -> None:
    books = CustomerLedger(
        changes=[BalanceChange("cbtxn_1", "in_9", "invoice_overpaid", -50, None, on(2026, 1, 1))], balance=-50
    )
    [made] = yearly_statements(books, "eur", now=on(2026, 2, 1))
    assert (made.opening, told(made)) == (0, [("balance", None, -50, -50)])
