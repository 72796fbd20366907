"""The seam to a collector of payments: a second one charges, and no use case changes for it."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from sqlalchemy.orm import Session

from portal import clock
from portal.billing.invoices import collectors, finalization, invoiceitems, invoices, payment_records, payments
from portal.billing.invoices.collectors import Attempt
from portal.billing.invoices.item_params import CreateInvoiceItem
from portal.billing.invoices.params import CreateInvoice, FinalizeInvoice, PayInvoice
from portal.billing.ledger.locks import Billed
from portal.billing.subscriptions import items, subscriptions, updates
from portal.billing.subscriptions.params import CreateSubscription, UpdateSubscription
from portal.db import Database, Scope
from portal.errors import CardError, InvalidRequest
from portal.models import Customer, Invoice, Subscription
from portal.rules.steps import DRAFT_DURATION
from tests.factories import Factories
from tests.passing import pass_time

START = 1801386000


@dataclass
class CardCollector:
    """Has a card of everybody, which pays at once, later, or never, by `state`."""

    state: str = "succeeded"

    def has_payment_method(self, db: Session, customer: Customer, subscription: Subscription | None) -> bool:
        """Everybody has a card."""
        return True

    def collect(self, db: Session, billed: Billed, *, now: int) -> Attempt:
        """Charge the card."""
        if self.state != "succeeded":
            return self.latest_attempt(db, billed.invoice)
        return Attempt("succeeded", payment_records.create_for_invoice(db, billed.invoice, now=now))

    def latest_attempt(self, db: Session, invoice: Invoice) -> Attempt:
        """The state that the test wants."""
        return Attempt(self.state, reason="the card was declined.")  # type: ignore[arg-type]


@pytest.fixture
def collector() -> CardCollector:
    return CardCollector()


@pytest.fixture
def charging(database: Database, scope: Scope, collector: CardCollector) -> Iterator[Factories]:
    """Makes rows of a merchant whose payments are collected."""
    collects: collectors.Collector = collector
    opened = Database(database.url.render_as_string(hide_password=False), info={"collector": collects})
    yield Factories(opened, scope)
    opened.dispose()


def _subscribe(make: Factories, **sent: object) -> Subscription:
    default = {"customer": make.customer().id, "items": [{"price": make.price().id}]}
    return make.run(subscriptions.create, CreateSubscription, now=START, **{**default, **sent})


def _latest_invoice(make: Factories, subscription: Subscription) -> Invoice:
    with make.database.reading(make.scope) as db:
        found = db.get_one(Subscription, (subscription.tenant_id, subscription.id))
        return db.get_one(Invoice, (subscription.tenant_id, found.latest_invoice_id))


def _read(make: Factories, subscription: Subscription) -> Subscription:
    with make.database.reading(make.scope) as db:
        return db.get_one(Subscription, (subscription.tenant_id, subscription.id))


def _draft(make: Factories, **sent: object) -> Invoice:
    customer = make.customer()
    invoice = make.run(invoices.create, CreateInvoice, customer=customer.id, currency="eur", **sent)
    item = {"customer": customer.id, "invoice": invoice.id, "amount": 500, "currency": "eur"}
    make.run(invoiceitems.create, CreateInvoiceItem, **item)
    return invoice


def test_an_invoice_is_paid_when_it_is_finalized(charging, api):
    draft = _draft(charging, auto_advance=True)
    invoice = charging.run(finalization.finalize, FinalizeInvoice, draft)
    assert (invoice.status, invoice.amount_paid, invoice.amount_remaining) == ("paid", 500, 0)
    (payment,) = api.get("invoice_payments", invoice=invoice.id)["data"]
    assert (payment["status"], payment["amount_paid"], payment["payment"]["type"]) == ("paid", 500, "payment_record")


@pytest.mark.parametrize(
    "sent", [{"auto_advance": False}, {"collection_method": "send_invoice", "days_until_due": 14, "auto_advance": True}]
)
def test_an_invoice_that_is_not_collected_stays_open(charging, sent):
    invoice = charging.run(finalization.finalize, FinalizeInvoice, _draft(charging, **sent))
    assert (invoice.status, invoice.amount_paid) == ("open", 0)


def test_an_open_invoice_is_collected_by_hand(charging):
    invoice = charging.run(finalization.finalize, FinalizeInvoice, _draft(charging))
    paid = charging.run(payments.pay, PayInvoice, invoice)
    assert (paid.status, paid.paid_out_of_band) == ("paid", False)


def test_a_refused_payment_says_why(charging, collector):
    collector.state = "requires_payment_method"
    invoice = charging.run(finalization.finalize, FinalizeInvoice, _draft(charging, auto_advance=True))
    assert invoice.status == "open"
    with pytest.raises(CardError, match="the card was declined"):
        charging.run(payments.pay, PayInvoice, invoice)


@pytest.mark.parametrize(
    ("state", "status", "invoice_status"),
    [
        ("succeeded", "active", "paid"),
        ("processing", "active", "open"),
        ("requires_action", "incomplete", "open"),
        ("requires_payment_method", "incomplete", "open"),
    ],
)
def test_the_first_payment_decides_how_a_subscription_begins(charging, collector, state, status, invoice_status):
    collector.state = state
    subscription = _subscribe(charging)
    assert (subscription.status, _latest_invoice(charging, subscription).status) == (status, invoice_status)


def test_a_subscription_is_refused_with_the_words_of_the_collector(charging, collector):
    collector.state = "requires_payment_method"
    with pytest.raises(CardError, match="The first invoice can't be paid: the card was declined"):
        _subscribe(charging, payment_behavior="error_if_incomplete")


@pytest.mark.parametrize("action", ["cancel", "pause", "create_invoice"])
def test_a_trial_goes_on_into_a_paid_period(charging, action):
    end = START + 10 * clock.DAY
    settings = {"end_behavior": {"missing_payment_method": action}}
    subscription = _subscribe(charging, trial_period_days=10, trial_settings=settings)
    pass_time(charging, end + DRAFT_DURATION)
    renewed, invoice = _read(charging, subscription), _latest_invoice(charging, subscription)
    assert (renewed.status, renewed.current_period_start) == ("active", end)
    assert (invoice.status, invoice.amount_paid) == ("paid", 2000)


@pytest.mark.parametrize(
    ("state", "status"), [("succeeded", "active"), ("processing", "active"), ("requires_action", "past_due")]
)
def test_a_renewal_is_overdue_only_where_its_payment_is_stuck(charging, collector, state, status):
    subscription = _subscribe(charging)
    collector.state = state
    renewal = subscription.current_period_end + DRAFT_DURATION
    pass_time(charging, renewal)
    invoice = _latest_invoice(charging, subscription)
    assert (_read(charging, subscription).status, invoice.overdue_at is None) == (status, status == "active")


@pytest.mark.parametrize(("state", "waits"), [("succeeded", False), ("processing", True)])
def test_a_change_waits_only_while_it_is_not_paid(charging, collector, state, waits):
    subscription = _subscribe(charging)
    collector.state = state
    with charging.database.reading(charging.scope) as db:
        (sold,) = items.list_items(db, subscription.id)
    changed = charging.run(
        updates.update_subscription,
        UpdateSubscription,
        subscription,
        now=START + clock.DAY,
        items=[{"id": sold.item.id, "quantity": 3}],
        proration_behavior="always_invoice",
        payment_behavior="pending_if_incomplete",
    )
    assert (changed.status, changed.pending_update is not None) == ("active", waits)


def test_without_another_collector_nobody_is_charged(make):
    invoice = make.run(finalization.finalize, FinalizeInvoice, _draft(make, auto_advance=True))
    assert invoice.status == "open"
    with pytest.raises(InvalidRequest, match="no payment method"):
        make.run(payments.pay, PayInvoice, invoice)
