"""A customer's year at random: whatever happens in whatever order, the books are right."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.billing.credit_notes import credit_notes
from portal.billing.credit_notes.params import CreateCreditNote
from portal.billing.invoices import finalization, invoiceitems, invoices, payments, statuses
from portal.billing.invoices.item_params import CreateInvoiceItem
from portal.billing.invoices.params import CreateInvoice, FinalizeInvoice, PayInvoice
from portal.billing.ledger import balances
from portal.billing.subscriptions import cancellations, subscriptions, updates
from portal.billing.subscriptions import items as subscription_items
from portal.billing.subscriptions.params import CancelSubscription, CreateSubscription, UpdateSubscription
from portal.errors import InvalidRequest, ResourceMissing
from portal.models import BalanceTransaction, CreditNote, Customer, Invoice, Subscription, TaxRate
from portal.wire.commands import Command, parse_command
from tests.factories import Factories

DAY = 86400


class Year:
    """Use cases in a random order, as a merchant's program might call them; what is refused changes nothing."""

    def __init__(self, db: Session, customer: Customer, rates: list[TaxRate], price: str, seed: int) -> None:
        self.db, self.customer, self.rates, self.price = db, customer, rates, price
        self.chance, self.now = random.Random(seed), 1_795_262_400

    def go_on(self) -> None:
        """One more call."""
        self.now += self.chance.randint(0, DAY)
        call = self.chance.choice([self.bill, self.bill, self.settle, self.settle, self.credit, self.adjust, self.plan])
        try:
            with self.db.begin_nested():
                call()
        except (InvalidRequest, ResourceMissing):
            return

    def do(self, function: Callable[..., Any], command: type[Command], *rows: Any, **sent: Any) -> Any:
        return function(self.db, *rows, parse_command(command, sent), now=self.now)

    def any(self, model: Any) -> Any:
        rows = self.db.scalars(select(model).where(model.customer_id == self.customer.id).order_by(model.created)).all()
        return self.chance.choice(rows or [None])

    def bill(self) -> None:
        invoice = self.do(invoices.create, CreateInvoice, customer=self.customer.id, currency="eur")
        for _ in range(self.chance.randint(1, 3)):
            item = {
                "unit_amount_decimal": f"{self.chance.randint(-9999, 99999) / 8:.3f}",
                "quantity": self.chance.randint(0, 9),
            }
            rates = [rate.id for rate in self.chance.sample(self.rates, self.chance.randint(0, 3))]
            own = {"customer": self.customer.id, "invoice": invoice.id, "currency": "eur", "tax_rates": rates}
            self.do(invoiceitems.create, CreateInvoiceItem, **own, **item)
        self.do(finalization.finalize, FinalizeInvoice, invoice)

    def settle(self) -> None:
        invoice = self.any(Invoice)
        verb = self.chance.choice([payments.pay, payments.pay, statuses.void, statuses.mark_uncollectible])
        sent: dict[str, Any] = {"paid_out_of_band": True} if verb is payments.pay else {}
        self.do(verb, PayInvoice if sent else Command, invoice, **sent)

    def credit(self) -> None:
        note, invoice = self.any(CreditNote), self.any(Invoice)
        if note and self.chance.random() < 0.2:
            self.do(credit_notes.void, Command, note)
        amount = self.chance.randint(1, max(1, invoice.total))
        back = max(0, amount - invoice.amount_remaining)
        sent = {"invoice": invoice.id, "amount": amount, "credit_amount": back}
        self.do(credit_notes.create, CreateCreditNote, **sent)

    def adjust(self) -> None:
        sent = {"amount": self.chance.randint(-50000, 50000), "currency": "eur"}
        self.do(balances.create, balances.CreateTransaction, self.customer, **sent)

    def plan(self) -> None:
        plan = self.any(Subscription)
        if plan is None or plan.status == "canceled":
            items = [{"price": self.price, "quantity": self.chance.randint(0, 5)}]
            self.do(subscriptions.create, CreateSubscription, customer=self.customer.id, items=items)
        elif self.chance.random() < 0.3:
            self.do(cancellations.cancel, CancelSubscription, plan, prorate=True, invoice_now=True)
        else:
            [sold] = subscription_items.list_items(self.db, plan.id)
            items = [{"id": sold.item.id, "quantity": self.chance.randint(0, 9)}]
            sent = {"items": items, "proration_behavior": "always_invoice"}
            self.do(updates.update_subscription, UpdateSubscription, plan, **sent)


@pytest.fixture
def year(make: Factories) -> Callable[[int], Any]:
    """`year(seed)` has happened; answers the customer, their entries, invoices and credit notes."""

    def happen(seed: int) -> Any:
        percentages = [("19", False), ("7.7", True), ("9.975", False), ("2.5", True)]
        rates = [make.tax_rate(percentage=percentage, inclusive=inclusive) for percentage, inclusive in percentages]
        customer, price = make.customer(), make.price()
        with make.database.writing(make.scope) as db:
            row = db.get_one(Customer, (make.scope.tenant_id, customer.id))
            life = Year(db, row, rates, price.id, seed)
            life.bill()
            for _ in range(120):
                life.go_on()
            found = [
                list(
                    db.scalars(select(model).where(model.customer_id == customer.id).order_by(model.created, model.id))
                )
                for model in (BalanceTransaction, Invoice, CreditNote)
            ]
            return row, *found

    return happen


@pytest.mark.parametrize("seed", range(6))
def test_the_books_are_right(year: Callable[[int], Any], seed: int) -> None:
    customer, entries, bills, notes = year(seed)
    assert customer.balance == sum(entry.amount for entry in entries)
    numbered = [bill for bill in bills if bill.status != "draft"]
    assert sorted(bill.number for bill in numbered) == [
        f"{customer.invoice_prefix}-{number:04d}" for number in range(1, customer.next_invoice_sequence)
    ]
    assert len(numbered) > 20
    assert notes
    for bill in numbered:
        check(bill, [note for note in notes if note.invoice_id == bill.id and note.status == "issued"])


def check(bill: Invoice, notes: list[CreditNote]) -> None:
    """What an invoice says about money fits together, and with its credit notes."""
    applied = (bill.ending_balance or 0) - bill.starting_balance
    assert bill.total_excluding_tax + bill.tax == bill.total
    assert sum(tax["amount"] for tax in bill.total_taxes) == bill.tax
    assert bill.total - applied == bill.amount_due + bill.pre_payment_credit_notes_amount
    assert bill.pre_payment_credit_notes_amount == sum(note.pre_payment_amount for note in notes)
    assert bill.post_payment_credit_notes_amount == sum(note.post_payment_amount for note in notes)
    assert sum(note.total for note in notes) <= max(0, bill.total)
    assert bill.amount_remaining == bill.amount_due - bill.amount_paid >= 0
    assert (bill.status == "paid") == (bill.amount_remaining == 0)
