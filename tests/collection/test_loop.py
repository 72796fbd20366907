"""Three months between the portal and a bank that is not ours: what the bank holds is what the portal calls paid.

Half of the customers are debited, the others send transfers and write the number of their invoice as people do.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from importlib import import_module
from itertools import cycle, product
from string import ascii_uppercase
from typing import Any

import pytest

from portal import clock
from portal.models import DirectDebit, Invoice, InvoicePayment, Mandate
from tests.api.bank.test_matching import SPELLINGS, write_number
from tests.clients import Api
from tests.collection.conftest import Collecting
from tests.documents.judges import BESIDE
from tests.factories import Factories
from tests.passing import pass_time
from tests.statements_of_banks import OWN_IBAN

BEGIN = int(datetime(2026, 11, 2, 9, tzinfo=UTC).timestamp())
STEP, DAYS = 4, 100
#: Before a debit is settled, and after.
REFUSALS, RETURNS = ("AM04", "AC04", "MS03"), ("MD06", "MS02", "MD01", "AM04")


class Bank:
    """The bank of mock-bank, within this process: it takes files, and a day's messages are collected from it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.syspath_prepend(str(BESIDE))
        self.debits, self.outbox = import_module("mockbank.direct_debit"), import_module("mockbank.outbox")
        self.accounts, self.credits = import_module("mockbank.accounts"), import_module("mockbank.credits")
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

    def credit(self, amount: int, said: str) -> None:
        """Somebody sends money, with words that the bank wraps as it likes."""
        sent = {"account": OWN_IBAN, "amount": amount, "note": said.split("\n"), "debtor": {"name": "Jenny Rosen"}}
        self.credits.create(self.state.conn, self.state.clock, self.state.now(), sent)

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


@dataclass
class Months:
    """A merchant, its customers, and the bank between them."""

    collecting: Collecting
    make: Factories
    api: Api
    bank: Bank
    chance: random.Random = field(default_factory=lambda: random.Random(7))
    files: int = 0
    returned: int = 0
    paid: set[str] = field(default_factory=set)

    def begin(self, customers: int) -> None:
        """So many customers have a plan each; every second one has given a mandate."""
        prefixes, each_way = product("PQ", ascii_uppercase, ascii_uppercase, "X", "Y"), cycle([True, False])
        for number, prefix, debited in zip(range(customers), prefixes, each_way, strict=False):
            customer = self.make.customer(invoice_prefix="".join(prefix))
            price = self.make.price(unit_amount=1990 + 111 * number)
            way: dict[str, Any] = {} if debited else {"collection_method": "send_invoice", "days_until_due": 30}
            if debited:
                self.collecting.sign(customer)
            self.api.post("subscriptions", customer=customer.id, items=[{"price": price.id}], **way)

    def pass_days(self) -> None:
        """The worker's steps of these days, with what the bank has told; then money moves."""
        self.take_in()
        pass_time(self.make, clock.now())
        file = self.collecting.make_file()
        if file:
            self.files += 1
            for id in self.bank.receive(self.collecting.content(file)):
                if self.chance.random() < 0.15:
                    self.bank.refuse(id, self.chance.choice(REFUSALS))
        self.send_transfers()
        for id in self.bank.list_booked():
            if self.chance.random() < 0.02:
                self.returned += 1
                self.bank.refuse(id, self.chance.choice(RETURNS))

    def take_in(self) -> None:
        for content in self.bank.collect():
            self.collecting.take_in(content)

    def send_transfers(self) -> None:
        """Each invoice that came by mail is paid once, in a spelling of its own."""
        with self.make.database.reading(self.make.scope) as db:
            asked = db.query(Invoice).where(Invoice.collection_method == "send_invoice", Invoice.status == "open").all()
        for invoice in asked:
            if invoice.id not in self.paid and invoice.number:
                spelling = SPELLINGS[len(self.paid) % len(SPELLINGS)]
                self.paid.add(invoice.id)
                self.bank.credit(invoice.amount_remaining, write_number(spelling, invoice.number))

    def run(self, customers: int) -> None:
        """All of the three months, and the days until the bank has told the last of them."""
        self.collecting.settings(prenotification_days=3, retry_days=[4, 8], on_exhausted="mark_unpaid")
        with clock.hold_at(BEGIN):
            self.begin(customers)
        for day in range(STEP, DAYS + 1, STEP):
            self.bank.state.clock.advance(days=STEP)
            with clock.hold_at(BEGIN + day * clock.DAY):
                self.pass_days()
        self.bank.state.clock.advance(days=5)
        with clock.hold_at(BEGIN + (DAYS + 5) * clock.DAY):
            self.take_in()

    def compare(self, customers: int) -> None:
        """To the cent, and no invoice twice."""
        with self.make.database.reading(self.make.scope) as db:
            debits, invoices = db.query(DirectDebit).all(), db.query(Invoice).all()
            payments = db.query(InvoicePayment).where(InvoicePayment.status == "paid").all()
            ended = db.query(Mandate).where(Mandate.status == "inactive").all()
        assert self.files > 5
        assert self.returned > 3
        assert ended
        assert len(invoices) > 3 * customers
        assert {"failed", "succeeded"} <= {each.status for each in debits}
        assert any(each.attempt > 1 and each.status == "succeeded" for each in debits)
        assert len(self.paid) > len(SPELLINGS)
        assert {each.status for each in invoices if each.id in self.paid} == {"paid"}
        assert self.bank.balance == sum(each.amount_paid for each in payments) > 0
        assert self.bank.balance == sum(each.amount_paid for each in invoices)
        assert len({each.invoice_id for each in payments}) == len(payments)
        assert {each.amount_overpaid for each in invoices} == {0}
        debited = [each.amount_paid for each in payments if each.invoice_id not in self.paid]
        assert sorted(each.amount for each in debits if each.status == "succeeded") == sorted(debited)
        assert date.fromisoformat(self.collecting.debits()[0]["collect_on"]) >= date(2026, 11, 5)


@pytest.fixture
def months(collecting: Collecting, make: Factories, api: Api, bank: Bank) -> Months:
    return Months(collecting, make, api, bank)


def test_the_bank_holds_what_the_portal_calls_paid(months: Months) -> None:
    months.run(36)
    months.compare(36)


@pytest.mark.torture
def test_the_bank_holds_what_two_hundred_customers_have_paid(months: Months) -> None:
    months.run(200)
    months.compare(200)
