"""Whatever happens to a customer, in whatever order and however much time passes between, the books are right."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from portal import clock
from portal.billing.credit_notes import credit_notes
from portal.billing.credit_notes.params import CreateCreditNote
from portal.billing.invoices import finalization, invoiceitems, invoices, payments, statuses
from portal.billing.invoices.item_params import CreateInvoiceItem
from portal.billing.invoices.params import CreateInvoice, FinalizeInvoice, PayInvoice
from portal.billing.ledger import balances
from portal.billing.previews import previews
from portal.billing.previews.next_bills import NoUpcomingInvoice
from portal.billing.previews.params import CreatePreview
from portal.billing.subscriptions import cancellations, items, pauses, subscriptions, updates
from portal.billing.subscriptions.params import (
    CancelSubscription,
    CreateSubscription,
    PauseSubscription,
    ResumeSubscription,
    UpdateSubscription,
)
from portal.errors import CardError, InvalidRequest, ResourceMissing
from portal.models import (
    BalanceTransaction,
    CreditNote,
    Customer,
    Event,
    Invoice,
    InvoiceItem,
    InvoiceLine,
    Subscription,
)
from portal.rules import periods
from portal.rules.proration import amount_between
from portal.rules.totals import sum_by_rate
from portal.wire.commands import parse_command
from tests.factories import Factories
from tests.passing import pass_time

#: 31 January 2027, 09:00 UTC.
START = 1801386000
SEND = {"collection_method": "send_invoice", "days_until_due": 7}


class History:
    """One customer's life; what is refused changes nothing."""

    def __init__(self, make: Factories) -> None:
        self.make, self.now, self.customer = make, START, make.customer()
        self.prices = [make.price(unit_amount=amount).id for amount in (1999, 3333)]
        self.rate, self.other_rate = make.tax_rate().id, make.tax_rate(percentage="7.7", inclusive=True).id

    def take(self, verb: str, chance: int) -> None:
        try:
            getattr(self, verb)(chance)
        except (CardError, InvalidRequest, ResourceMissing):
            return

    def wait(self, chance: int) -> None:
        self.now += chance % 45 * clock.DAY + clock.HOUR
        pass_time(self.make, self.now)

    def subscribe(self, chance: int) -> None:
        item = {"price": self.prices[chance % 2], "quantity": chance % 3 + 1, "tax_rates": [self.rate]}
        how = SEND if chance % 2 else {}
        self._do(subscriptions.create, CreateSubscription, items=[item], customer=self.customer.id, **how)

    def change(self, chance: int) -> None:
        row = self._any(Subscription, chance)
        with self.make.database.reading(self.make.scope) as db:
            item = items.list_items(db, row.id)[0].item.id
        behavior = ("always_invoice", "create_prorations", "none")[chance % 3]
        sent = {"items": [{"id": item, "quantity": chance % 5 + 1}], "proration_behavior": behavior}
        self._do(updates.update_subscription, UpdateSubscription, row, **sent)

    def hold(self, chance: int) -> None:
        """A change that waits for its payment."""
        row = self._any(Subscription, chance)
        with self.make.database.reading(self.make.scope) as db:
            item = items.list_items(db, row.id)[0].item.id
        change = {"id": item, "price": self.prices[chance % 2], "quantity": chance % 7 + 1}
        sent = {"items": [change], "proration_behavior": "always_invoice", "payment_behavior": "pending_if_incomplete"}
        self._do(updates.update_subscription, UpdateSubscription, row, **sent)

    def pause(self, chance: int) -> None:
        since = ("now", "none", "item_current_period_start")[chance % 3]
        sent = {"bill_for": {"unused_time_from": {"type": since}}, "invoicing_behavior": "invoice"}
        self._do(pauses.pause, PauseSubscription, self._any(Subscription, chance), **sent)

    def resume(self, chance: int) -> None:
        anchor = ("now", "unchanged")[chance % 2]
        when = ("resume_on_payment_success", "resume_on_payment_attempt")[chance // 2 % 2]
        sent = {"billing_cycle_anchor": anchor, "payment_behavior": when, "proration_behavior": "always_invoice"}
        self._do(pauses.resume, ResumeSubscription, self._any(Subscription, chance), **sent)

    def end(self, chance: int) -> None:
        row = self._any(Subscription, chance)
        if chance % 2:
            self._do(updates.update_subscription, UpdateSubscription, row, cancel_at_period_end=True)
        else:
            self._do(cancellations.cancel, CancelSubscription, row, prorate=True, invoice_now=True)

    def date_end(self, chance: int) -> None:
        """An end at a date, within this period or a later one, or none after all."""
        behavior = ("always_invoice", "create_prorations", "none")[chance % 3]
        sent = {
            "cancel_at": self.now + chance % 70 * clock.DAY + 7 if chance % 4 else "",
            "proration_behavior": behavior,
        }
        self._do(updates.update_subscription, UpdateSubscription, self._any(Subscription, chance), **sent)

    def charge(self, chance: int) -> None:
        sent = {"customer": self.customer.id, "amount": chance % 9000 - 3000, "currency": "eur"}
        self._do(invoiceitems.create, CreateInvoiceItem, **sent, tax_rates=[self.rate])

    def adjust(self, chance: int) -> None:
        sent = {"amount": chance % 5000 - 2500, "currency": "eur"}
        self._do(balances.create, balances.CreateTransaction, self.customer, **sent)

    def pay(self, chance: int) -> None:
        self._do(payments.pay, PayInvoice, self._any(Invoice, chance), paid_out_of_band=True)

    def void(self, chance: int) -> None:
        self._do(statuses.void, FinalizeInvoice, self._any(Invoice, chance))

    def revise(self, chance: int) -> None:
        """An invoice takes the place of another one."""
        source = {"action": "revision", "invoice": self._any(Invoice, chance).id}
        draft = self.make.run(invoices.create, CreateInvoice, now=self.now, from_invoice=source)
        self._do(finalization.finalize, FinalizeInvoice, draft)

    def discount(self, chance: int) -> None:
        """From now on bills are lowered, once or for as long as it lasts."""
        coupon = self.make.coupon(percent_off="15") if chance % 2 else self.make.coupon(amount_off=700, currency="eur")
        sent = {"discounts": [{"coupon": coupon.id}]}
        self._do(updates.update_subscription, UpdateSubscription, self._any(Subscription, chance), **sent)

    def ship(self, chance: int) -> None:
        """A draft with goods that are sent, taxed by two rates."""
        rates = [self.rate, self.other_rate]
        data = {
            "display_name": "Post",
            "fixed_amount": {"amount": chance % 900, "currency": "eur"},
            "type": "fixed_amount",
        }
        cost = {"shipping_rate_data": data}
        draft = self.make.run(
            invoices.create,
            CreateInvoice,
            now=self.now,
            customer=self.customer.id,
            shipping_cost=cost,
            default_tax_rates=rates,
        )
        item = {"customer": self.customer.id, "invoice": draft.id, "amount": chance % 5000 + 1, "currency": "eur"}
        self._do(invoiceitems.create, CreateInvoiceItem, **item)
        self._do(finalization.finalize, FinalizeInvoice, draft)

    def credit(self, chance: int) -> None:
        invoice = self._any(Invoice, chance)
        line = {"type": "custom_line_item", "description": "Goodwill", "unit_amount": chance % 4000, "quantity": 1}
        sent: dict[str, Any] = {"invoice": invoice.id, "lines": [line]}
        if invoice.status == "paid":
            sent["credit_amount"] = chance % 4000
        self._do(credit_notes.create, CreateCreditNote, **sent)

    def _do(self, function: Callable[..., Any], command: Any, *rows: Any, **sent: Any) -> None:
        self.make.run(function, command, *rows, now=self.now, **sent)

    def _any(self, model: Any, chance: int) -> Any:
        with self.make.database.reading(self.make.scope) as db:
            own = select(model).where(model.customer_id == self.customer.id).order_by(model.created, model.id)
            rows = db.scalars(own).all()
        if not rows:
            raise ResourceMissing("row", "of this customer")
        return rows[chance % len(rows)]


VERBS = (
    "subscribe",
    "change",
    "hold",
    "pause",
    "resume",
    "end",
    "date_end",
    "charge",
    "adjust",
    "pay",
    "void",
    "credit",
    "revise",
    "discount",
    "ship",
    *["wait"] * 5,
)
STEPS = st.lists(st.tuples(st.sampled_from(VERBS), st.integers(0, 10_000)), min_size=10, max_size=22)


@settings(
    max_examples=int(os.environ.get("LOOK_EXAMPLES", 12)),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=STEPS)
def test_the_books_are_right_whatever_happens(make, steps):
    history = History(make)
    for verb, chance in (("subscribe", 1), *steps, ("wait", 39)):
        history.take(verb, chance)
    with make.database.reading(make.scope) as db:
        customer = db.get_one(Customer, (make.scope.tenant_id, history.customer.id))
        own = select(Invoice).where(Invoice.customer_id == customer.id).order_by(Invoice.created, Invoice.id)
        bills = db.scalars(own).all()
        for invoice in bills:
            _totals_are_sums_of_lines(db, invoice)
        _credited_at_most_what_was_invoiced(db, bills)
        _balance_is_the_sum_of_its_entries(db, customer)
        _numbers_have_no_gap(bills)
        _each_invoice_was_told_of_once(db, bills)
        _nothing_is_given_back_twice(db, bills)


#: 1 June 2027, 00:00 UTC; then months of 30 and of 31 days.
JUNE = 1811808000
MONTHLY = 98765


class EndingHistory:
    """One subscription whose end and quantity change, each time prorated; `sold` says how many from when on."""

    def __init__(self, make: Factories, mode: str, chance: int) -> None:
        self.make, self.now, self.customer = make, JUNE, make.customer()
        self.sold = [(JUNE, chance % 3 + 1)]
        item = {"price": make.price(unit_amount=MONTHLY).id, "quantity": self.sold[0][1]}
        end = {"cancel_at": self.now + (chance % 80 + 1) * clock.DAY} if chance % 2 else {}
        sent = {"customer": self.customer.id, "items": [item], "billing_mode": {"type": mode}, **SEND, **end}
        self.id = make.run(subscriptions.create, CreateSubscription, now=self.now, **sent).id

    def row(self) -> Subscription:
        with self.make.database.reading(self.make.scope) as db:
            return db.get_one(Subscription, (self.make.scope.tenant_id, self.id))

    def wait(self, chance: int) -> None:
        self.now += chance % (25 * clock.DAY) + 1
        pass_time(self.make, self.now)

    def date(self, chance: int) -> None:
        """An end is set, moved or taken away."""
        self._change(chance, cancel_at=self.now + chance % (80 * clock.DAY) + 1 if chance % 4 else "")

    def size(self, chance: int) -> None:
        with self.make.database.reading(self.make.scope) as db:
            item = items.list_items(db, self.id)[0].item.id
        quantity = chance % 4
        if self._change(chance, items=[{"id": item, "quantity": quantity}]):
            self.sold.append((self.now, quantity))

    def both(self, chance: int) -> None:
        """An end and a quantity by one call."""
        with self.make.database.reading(self.make.scope) as db:
            item = items.list_items(db, self.id)[0].item.id
        end = self.now + chance % (40 * clock.DAY) + 1
        if self._change(chance, cancel_at=end, items=[{"id": item, "quantity": chance % 4}]):
            self.sold.append((self.now, chance % 4))

    def at_period_end(self, chance: int) -> None:
        self._change(chance, cancel_at_period_end=bool(chance % 2))

    def stop(self, chance: int) -> None:
        """Canceled at once, one time out of five."""
        if chance % 5 == 0 and self.row().ended_at is None:
            ending = {"prorate": True, "invoice_now": True}
            self.make.run(cancellations.cancel, CancelSubscription, self.row(), now=self.now, **ending)

    def _change(self, chance: int, **sent: Any) -> bool:
        """Change it, having seen the change's bill before; False where it has ended."""
        before = self.row()
        if before.ended_at is not None:
            return False
        sent["proration_behavior"] = ("always_invoice", "create_prorations")[chance % 2]
        shown = self._preview(sent)
        self.make.run(updates.update_subscription, UpdateSubscription, before, now=self.now, **sent)
        after = self.row()
        if after.latest_invoice_id != before.latest_invoice_id:
            assert shown == self._total(after.latest_invoice_id)
        else:
            assert shown == self._preview({})
        return True

    def _preview(self, details: dict[str, Any]) -> int | None:
        """The total of the bill that a change makes, or of the next one; None where there is none."""
        command = parse_command(CreatePreview, {"subscription": self.id, "subscription_details": details})
        try:
            with self.make.database.dry_run(self.make.scope) as db:
                return previews.upcoming_invoice(db, command, now=self.now).invoice.total
        except NoUpcomingInvoice:
            return None

    def pass_period(self) -> None:
        """What the next bill shows is what it becomes."""
        shown, before = self._preview({}), self.row()
        if before.ended_at is None:
            self.now = max(self.now, min(before.current_period_end, before.cancel_at or before.current_period_end))
            pass_time(self.make, self.now)
            after = self.row()
            made = None if after.latest_invoice_id == before.latest_invoice_id else self._total(after.latest_invoice_id)
            assert shown == made

    def _total(self, id: str | None) -> int:
        with self.make.database.reading(self.make.scope) as db:
            return db.get_one(Invoice, (self.make.scope.tenant_id, id)).total

    def value_until(self, until: int) -> int:
        """What the time costs that was delivered, or paid for until the period's end."""
        anchor = periods.add(JUNE, "month", 1, 60)
        ends = [*(start for start, _ in self.sold[1:]), until]
        return sum(
            quantity * amount_between(MONTHLY, anchor, "month", 1, start, end)
            for (start, quantity), end in zip(self.sold, ends, strict=True)
            if end > start
        )


ENDING_VERBS = ("date", "date", "size", "both", "at_period_end", "stop", "pass_period", *["wait"] * 3)
ENDING_STEPS = st.lists(st.tuples(st.sampled_from(ENDING_VERBS), st.integers(0, 10**8)), min_size=4, max_size=14)


@settings(
    max_examples=int(os.environ.get("LOOK_EXAMPLES", 25)),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(mode=st.sampled_from(["flexible", "classic"]), chance=st.integers(0, 1000), steps=ENDING_STEPS)
def test_time_costs_its_price_whenever_it_ends(make, mode, chance, steps):
    """What is billed and pending is the price of the time; each proration is rounded once."""
    history = EndingHistory(make, mode, chance)
    for verb, number in steps:
        getattr(history, verb)(*([] if verb == "pass_period" else [number]))
    history.pass_period()
    row = history.row()
    with make.database.reading(make.scope) as db:
        of_customer = select(Invoice.id).where(Invoice.customer_id == history.customer.id)
        lines = db.scalars(select(InvoiceLine).where(InvoiceLine.invoice_id.in_(of_customer))).all()
        pending = select(InvoiceItem).where(InvoiceItem.customer_id == history.customer.id)
        waiting = db.scalars(pending.where(InvoiceItem.invoice_id.is_(None))).all()
    billed = [each.amount for each in (*lines, *waiting)]
    assert sum(billed) == pytest.approx(
        history.value_until(row.ended_at or row.current_period_end), abs=len(billed) + 1
    )


def _totals_are_sums_of_lines(db, invoice):
    lines = db.scalars(select(InvoiceLine).where(InvoiceLine.invoice_id == invoice.id)).all()
    assert invoice.subtotal == sum(line.amount for line in lines)
    shipping = invoice.shipping_cost["amount_total"] if invoice.shipping_cost else 0
    taxes = sum_by_rate([tax for line in lines for tax in line.taxes])
    off = sum(each["amount"] for each in invoice.total_discount_amounts)
    on_top = sum(tax["amount"] for tax in taxes if not tax["inclusive"])
    assert invoice.total == invoice.subtotal - off + shipping + on_top
    if invoice.status != "draft":
        assert invoice.amount_due == invoice.amount_paid + invoice.amount_remaining


def _nothing_is_given_back_twice(db, bills):
    """Credits for unused time name what was billed; all that name the same are never more than that together."""
    stands = [invoice.id for invoice in bills if invoice.status != "void"]
    lines = db.scalars(select(InvoiceLine).where(InvoiceLine.invoice_id.in_(stands))).all()
    waiting = db.scalars(select(InvoiceItem).where(InvoiceItem.invoice_id.is_(None))).all()
    worth = {each.id: each.amount for each in (*lines, *waiting)}
    line_of_item = {line.invoice_item_id: line.id for line in lines}
    credits = [(each.amount, _named(each, line_of_item)) for each in (*lines, *waiting) if each.credited_items]
    for _, named in credits:
        if named - set(worth):
            continue
        same = [(amount, others) for amount, others in credits if named & others]
        whole = named.union(*(others for _, others in same))
        assert -sum(amount for amount, _ in same) <= sum(worth.get(id, 0) for id in whole)


def _named(credit, line_of_item):
    """The ids of what a credit gives back; what has become a line counts as that line."""
    ids = (*credit.credited_items["invoice_line_items"], *credit.credited_items["invoice_items"])
    return {line_of_item.get(id, id) for id in ids}


def _credited_at_most_what_was_invoiced(db, bills):
    for invoice in bills:
        issued = (CreditNote.invoice_id == invoice.id, CreditNote.status == "issued")
        assert (db.scalar(select(func.sum(CreditNote.total)).where(*issued)) or 0) <= max(0, invoice.total)


def _balance_is_the_sum_of_its_entries(db, customer):
    entries = select(func.sum(BalanceTransaction.amount)).where(BalanceTransaction.customer_id == customer.id)
    assert customer.balance == (db.scalar(entries) or 0)


def _numbers_have_no_gap(bills):
    numbers = sorted(int(invoice.number.rsplit("-", 1)[1]) for invoice in bills if invoice.number)
    assert numbers == list(range(1, len(numbers) + 1))


def _each_invoice_was_told_of_once(db, bills):
    told = db.scalars(
        select(Event.object_id).where(Event.type == "invoice.created", Event.object_type == "invoice")
    ).all()
    assert {id: told.count(id) for id in (invoice.id for invoice in bills)} == {invoice.id: 1 for invoice in bills}
