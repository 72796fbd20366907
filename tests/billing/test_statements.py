"""Whatever happens to a customer, the statement explains to the cent what is owed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal import clock, zones
from portal.billing.credit_notes import credit_notes
from portal.billing.credit_notes.params import CreateCreditNote
from portal.billing.customers import statements, test_clocks
from portal.billing.invoices import payment_records, payments, statuses
from portal.billing.invoices.params import AttachPayment
from portal.errors import ResourceMissing
from portal.models import CreditNote, Customer, Invoice
from portal.rules.statements import ENTRY_KINDS, CustomerLedger, ledger_entries
from portal.wire.commands import Command
from tests.api.invoices.test_payments import DONE, REPORT
from tests.billing.test_histories import VERBS, History
from tests.billing.test_ledger import Year
from tests.factories import Factories


class Account(History):
    """A customer's life with everything that changes what is owed."""

    def _any(self, model: Any, chance: int) -> Any:
        """Mostly an invoice that waits for its payment, of which something may still become."""
        with self.make.database.reading(self.make.scope) as db:
            own = select(Invoice).where(Invoice.customer_id == self.customer.id, Invoice.status == "open")
            waiting = db.scalars(own.order_by(Invoice.created, Invoice.id)).all() if model is Invoice else []
        return waiting[chance % len(waiting)] if waiting and chance % 5 else super()._any(model, chance)

    def bill(self, chance: int) -> None:
        """An invoice, at times one that is dated elsewhen, or that gives something back."""
        dated = {"effective_at": self.now + (chance % 7 - 3) * 60 * clock.DAY} if chance % 3 else {}
        self.make.invoice(self.customer, chance % 9000 - 2000, now=self.now, **dated)

    def attach(self, chance: int) -> None:
        """A payment of a part, of all or of more than that."""
        invoice = self._any(Invoice, chance)
        amount = {"value": max(1, invoice.amount_remaining + chance % 3000 - 1500), "currency": "eur"}
        sent = {**REPORT, **DONE, "amount_requested": amount}
        record = self.make.run(payment_records.report, payment_records.ReportPayment, now=self.now, **sent)
        self._do(payments.attach, AttachPayment, invoice, payment_record=record.id)

    def write_off(self, chance: int) -> None:
        self._do(statuses.mark_uncollectible, Command, self._any(Invoice, chance))

    def give_back(self, chance: int) -> None:
        """A credit note of a part, and what was paid of it partly as credit, partly in money."""
        invoice = super()._any(Invoice, chance)
        amount = chance % max(1, invoice.total // 2) + 1
        beyond = max(0, amount - invoice.amount_remaining)
        sent = {"credit_amount": beyond // 2, "out_of_band_amount": beyond - beyond // 2}
        given = {key: value for key, value in sent.items() if value}
        self._do(credit_notes.create, CreateCreditNote, invoice=invoice.id, amount=amount, **given)

    def take_back(self, chance: int) -> None:
        self._do(credit_notes.void, Command, self._any(CreditNote, chance))


OWN = ("bill", "attach", "credit", "write_off", "void", "give_back", "take_back")
STEPS = st.lists(
    st.tuples(st.sampled_from((*OWN * 4, "pay", "pay", *VERBS)), st.integers(0, 10_000)), min_size=12, max_size=20
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_the_statement_explains_what_is_owed_whatever_happens(make: Factories, steps: list[tuple[str, int]]) -> None:
    account = Account(make)
    for verb, chance in (("bill", 4711), ("attach", 0), ("subscribe", 1), *steps):
        account.take(verb, chance)
        with make.database.reading(make.scope) as db, clock.hold_at(account.now):
            _is_explained(db, db.get_one(Customer, (make.scope.tenant_id, account.customer.id)))


class Busy(Year):
    """More days between the calls, and invoices are also paid in part and beyond, and money is given back."""

    def plan(self) -> None:
        self.chance.choice([self.attach, self.give_back, self.take_back])()

    def attach(self) -> None:
        invoice = self.any(Invoice)
        amount = {"value": self.chance.randint(1, 2 * invoice.total), "currency": "eur"}
        record = self.do(
            payment_records.report, payment_records.ReportPayment, **REPORT, **DONE, amount_requested=amount
        )
        self.do(payments.attach, AttachPayment, invoice, payment_record=record.id)

    def give_back(self) -> None:
        invoice = self.any(Invoice)
        amount = self.chance.randint(1, invoice.total)
        outside = max(0, amount - invoice.amount_remaining)
        given = {"out_of_band_amount": outside} if outside else {}
        self.do(credit_notes.create, CreateCreditNote, invoice=invoice.id, amount=amount, **given)

    def take_back(self) -> None:
        self.do(credit_notes.void, Command, self.any(CreditNote))

    def go_on(self) -> None:
        self.now += 5 * clock.DAY
        try:
            super().go_on()
        except ValueError:  # of an invoice that gives something back nothing can be credited
            return


@pytest.mark.parametrize("seed", range(1, 4))
def test_the_statement_explains_a_busy_year(make: Factories, seed: int) -> None:
    customer, rates = make.customer(), [make.tax_rate() for _ in range(3)]
    with make.database.writing(make.scope) as db:
        row = db.get_one(Customer, (customer.tenant_id, customer.id))
        year = Busy(db, row, rates, "", seed)
        year.bill()
        for _ in range(200):
            year.go_on()
            db.flush()
            with clock.hold_at(year.now):
                _is_explained(db, row)
        assert len({entry.kind for entry in ledger_entries(statements.books_by_currency(db, row)["eur"])}) > 5


def test_such_histories_have_entries_of_every_kind(make: Factories) -> None:
    """So that none of them is refused each time without anyone noticing."""
    account = Account(make)
    account.bill(4001)
    account.attach(2999)  # more than that
    for verb in ("give_back", "adjust", "bill", "write_off", "bill", "credit", "take_back", "void"):
        getattr(account, verb)(4001)
    with make.database.reading(make.scope) as db:
        customer = db.get_one(Customer, (make.scope.tenant_id, account.customer.id))
        assert {entry.kind for entry in ledger_entries(statements.books_by_currency(db, customer)["eur"])} == set(
            ENTRY_KINDS
        )


def _is_explained(db: Session, customer: Customer) -> None:
    books = statements.books_by_currency(db, customer).get("eur", CustomerLedger())
    assert sum(entry.amount for entry in ledger_entries(books)) == _owed(db, customer)
    found = statements.list_for_customer(db, customer)[::-1]
    assert (found[-1].closing if found else 0) == _owed(db, customer)
    opening = 0
    for each in found:
        assert each.opening == opening
        opening += sum(each.sums.values())
        assert each.closing == opening


def _owed(db: Session, customer: Customer) -> int:
    unpaid = (Invoice.customer_id == customer.id, Invoice.status.in_(("open", "uncollectible")))
    return customer.balance + (db.scalar(select(func.sum(Invoice.amount_remaining)).where(*unpaid)) or 0)


def told(make: Factories, customer_id: str) -> list[tuple[str, int, list[tuple[str, int, int]]]]:
    """Currency, opening balance and entries of each statement."""
    with make.database.reading(make.scope) as db:
        found = statements.list_for_customer(db, db.get_one(Customer, (make.scope.tenant_id, customer_id)))
        return [
            (each.currency, each.opening, [(line.entry.kind, line.entry.amount, line.balance) for line in each.lines])
            for each in found
        ]


def test_the_present_is_that_of_the_customers_test_clock(make: Factories) -> None:
    frozen = make.run(test_clocks.create, test_clocks.CreateTestClock, frozen_time=1700000000)
    customer = make.customer(test_clock=frozen.id)
    make.invoice(customer, 700, now=1700000000)
    with make.database.reading(make.scope) as db:
        row = db.get_one(Customer, (customer.tenant_id, customer.id))
        assert [each.year for each in statements.list_for_customer(db, row)] == [2023]


def test_another_customers_books_are_closed(make: Factories) -> None:
    mine, other = make.customer(), make.customer()
    make.credit_note(make.paid_invoice(mine, 700), 100, credit_amount=100)
    assert told(make, other.id) == []


def test_a_year_without_a_statement_is_missing(make: Factories) -> None:
    customer = make.invoice(None, 700).customer_id
    with make.database.reading(make.scope) as db:
        row = db.get_one(Customer, (make.scope.tenant_id, customer))
        for year, currency in (("1999", "eur"), (str(zones.day_of(clock.now(), zones.DEFAULT).year), "usd")):
            with pytest.raises(ResourceMissing):
                statements.find_statement(db, row, year, currency)
