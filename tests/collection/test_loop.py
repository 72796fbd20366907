"""Three months between the portal and a bank that is not ours: what the bank holds is what the portal calls paid."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime
from importlib import import_module
from typing import Any

import pytest

from portal import clock
from portal.models import DirectDebit, Invoice, InvoicePayment, Mandate
from tests.documents.judges import BESIDE
from tests.passing import pass_time
from tests.statements_of_banks import OWN_IBAN

BEGIN = int(datetime(2026, 11, 2, 9, tzinfo=UTC).timestamp())
STEP, DAYS, CUSTOMERS = 4, 100, 20
#: Before a debit is settled, and after.
REFUSALS, RETURNS = ("AM04", "AC04", "MS03"), ("MD06", "MS02", "MD01", "AM04")


class Bank:
    """The bank of mock-bank, within this process: it takes files, and a day's messages are collected from it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.syspath_prepend(str(BESIDE))
        self.debits, self.outbox = import_module("mockbank.direct_debit"), import_module("mockbank.outbox")
        self.accounts = import_module("mockbank.accounts")
        config = import_module("mockbank.server").Config(clock="2026-11-02T09:00", quiet=True)
        self.state = import_module("mockbank.state").State(config)
        self.accounts.create(self.state.conn, "ROCKET", {"iban": OWN_IBAN, "currency": "EUR", "name": "Rocket Rides"})

    def receive(self, content: bytes) -> list[str]:
        """Take a file; the numbers of the debits that are accepted."""
        answer, decision, findings = self.state.receive(content, "application/xml")
        assert not decision.rejected_outright, (answer, findings)
        return [each.payment.end_to_end_id for each in decision.payments if each.outcome == "accepted"]

    def refuse(self, end_to_end_id: str, reason: str) -> None:
        """The debtor's bank says no: before the day by a pain.002, later by money that goes back."""
        state = self.state
        collection, before = self.debits.refuse(state.conn, state.clock, state.now(), end_to_end_id, {"reason": reason})
        if before:
            self.outbox.queue_refusal(state.conn, collection, state.now(), 0)
        state.release()

    def list_booked(self) -> list[str]:
        """The numbers of debits whose money is there, and stays so far."""
        rows = self.debits.listing(self.state.conn)
        return [each["end_to_end_id"] for each in rows if each["booked_at"] and not each["return_due"]]

    def collect(self) -> list[bytes]:
        """The messages since the last look."""
        self.state.release()
        rows = self.outbox.collect(self.state.conn, self.state.now())
        told = [each for each in rows if each["type"].startswith(("pain.002", "camt.05"))]
        # days on which nothing was booked have statements, too
        return [each["body"].encode() for each in told if "<Ntry>" in each["body"] or "<TxSts>" in each["body"]]

    @property
    def balance(self) -> int:
        """What the merchant's account holds, in cents; it began with nothing."""
        return int(self.accounts.get(self.state.conn, "ROCKET")["balance"])


@pytest.fixture
def bank(monkeypatch: pytest.MonkeyPatch) -> Any:
    bank = Bank(monkeypatch)
    yield bank
    bank.state.close()


def test_the_bank_holds_what_the_portal_calls_paid(collecting, make, api, bank):
    chance = random.Random(7)
    collecting.settings(prenotification_days=3, retry_days=[4, 8], on_exhausted="mark_unpaid")
    with clock.hold_at(BEGIN):
        for number in range(CUSTOMERS):
            customer = make.customer()
            collecting.sign(customer)
            price = make.price(unit_amount=1990 + 111 * number)
            api.post("subscriptions", customer=customer.id, items=[{"price": price.id}])
    files = late = 0
    for day in range(STEP, DAYS + 1, STEP):
        bank.state.clock.advance(days=STEP)
        with clock.hold_at(BEGIN + day * clock.DAY):
            for content in bank.collect():
                collecting.take_in(content)
            pass_time(make, clock.now())
            file = collecting.make_file()
        if file:
            files += 1
            for id in bank.receive(collecting.content(file)):
                if chance.random() < 0.15:
                    bank.refuse(id, chance.choice(REFUSALS))
        for id in bank.list_booked():
            if chance.random() < 0.02:
                late += 1
                bank.refuse(id, chance.choice(RETURNS))
    bank.state.clock.advance(days=5)
    with clock.hold_at(BEGIN + (DAYS + 5) * clock.DAY):
        for content in bank.collect():
            collecting.take_in(content)
    with make.database.reading(make.scope) as db:
        debits, invoices = db.query(DirectDebit).all(), db.query(Invoice).all()
        payments = db.query(InvoicePayment).where(InvoicePayment.status == "paid").all()
        ended = db.query(Mandate).where(Mandate.status == "inactive").all()
    assert files > 5
    assert late > 3
    assert ended
    assert len(invoices) > 3 * CUSTOMERS
    assert {"failed", "succeeded"} <= {each.status for each in debits}
    assert any(each.attempt > 1 and each.status == "succeeded" for each in debits)
    assert bank.balance == sum(each.amount_paid for each in payments) == sum(each.amount_paid for each in invoices) > 0
    assert len({each.invoice_id for each in payments}) == len(payments)
    assert {each.amount_overpaid for each in invoices} == {0}
    assert sorted(each.amount for each in debits if each.status == "succeeded") == sorted(
        each.amount_paid for each in payments
    )
    assert date.fromisoformat(collecting.debits()[0]["collect_on"]) >= date(2026, 11, 5)
