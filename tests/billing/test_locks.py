"""Every use case locks in one order, so that no two ever wait for each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.orm import ORMExecuteState, Session

from portal.billing.credit_notes import credit_notes
from portal.billing.credit_notes.params import CreateCreditNote
from portal.billing.invoices import finalization, invoiceitems, invoices, payments, statuses
from portal.billing.invoices.item_params import CreateInvoiceItem, UpdateInvoiceItem
from portal.billing.invoices.params import FinalizeInvoice, PayInvoice, SendInvoice, UpdateInvoice
from portal.billing.ledger import locks
from portal.billing.subscriptions import cancellations, updates
from portal.billing.subscriptions import items as subscription_items
from portal.billing.subscriptions.params import CancelSubscription, UpdateSubscription
from portal.errors import ResourceMissing
from portal.models import Invoice, Subscription
from portal.wire.commands import Command, parse_command
from tests.factories import Factories

ORDER = ["Customer", "Subscription", "Invoice"]


@contextmanager
def watched() -> Iterator[list[str]]:
    """The models whose rows are locked inside, in order of the first time."""
    seen: list[str] = []

    def note(state: ORMExecuteState) -> None:
        if getattr(state.statement, "_for_update_arg", None) is not None:
            name = state.all_mappers[0].class_.__name__
            seen.extend([name] if name not in seen else [])

    event.listen(Session, "do_orm_execute", note)
    try:
        yield seen
    finally:
        event.remove(Session, "do_orm_execute", note)


@pytest.fixture
def locked_by(make: Factories) -> Callable[..., list[str]]:
    """`locked_by(invoices.pay, row, command)` runs a use case and lists what it locked."""

    def run(function: Callable[..., Any], *arguments: Any) -> list[str]:
        with watched() as seen, make.database.writing(make.scope) as db:
            held = (
                db.get_one(type(each), (each.tenant_id, each.id)) if hasattr(each, "id") else each for each in arguments
            )
            function(db, *held, now=1)
        return [name for name in seen if name in ORDER]

    return run


@pytest.mark.parametrize(
    ("use_case", "sent"),
    [
        (finalization.finalize, FinalizeInvoice()),
        (invoices.update, UpdateInvoice(metadata={"a": "1"})),
        (finalization.send, SendInvoice()),
    ],
)
def test_drafts_of_a_subscription(make: Factories, locked_by: Any, use_case: Any, sent: Command) -> None:
    subscription = make.subscription()
    with make.database.reading(make.scope) as db:
        invoice = db.get_one(Invoice, (make.scope.tenant_id, subscription.latest_invoice_id))
    assert locked_by(use_case, invoice, sent) == ORDER


@pytest.mark.parametrize(
    ("use_case", "sent"),
    [
        (payments.pay, PayInvoice(paid_out_of_band=True)),
        (statuses.void, Command()),
        (statuses.mark_uncollectible, Command()),
    ],
)
def test_open_invoices(make: Factories, locked_by: Any, use_case: Any, sent: Command) -> None:
    assert locked_by(use_case, make.invoice(), sent) == ["Customer", "Invoice"]


def test_deleting_a_draft(make: Factories, locked_by: Any) -> None:
    assert locked_by(invoices.delete, make.draft()) == ["Customer", "Invoice"]


def test_items_of_a_draft(make: Factories, locked_by: Any) -> None:
    draft = make.draft()
    sent = {"customer": draft.customer_id, "invoice": draft.id, "amount": 1}
    assert locked_by(invoiceitems.create, parse_command(CreateInvoiceItem, sent)) == [
        "Customer",
        "Invoice",
    ]
    item = make.run(invoiceitems.create, CreateInvoiceItem, **sent)
    changed = UpdateInvoiceItem(amount=2)
    assert locked_by(invoiceitems.update, item, changed) == ["Customer", "Invoice"]
    assert locked_by(invoiceitems.delete, item) == ["Customer", "Invoice"]


def test_credit_notes(make: Factories, locked_by: Any) -> None:
    invoice = make.invoice()
    sent = parse_command(CreateCreditNote, {"invoice": invoice.id, "amount": 10})
    assert locked_by(credit_notes.create, sent) == ["Customer", "Invoice"]
    assert locked_by(credit_notes.void, make.credit_note(invoice, 10), Command()) == ["Customer", "Invoice"]


def test_changing_and_ending_a_subscription(make: Factories, locked_by: Any) -> None:
    subscription = make.subscription()
    with make.database.reading(make.scope) as db:
        [sold] = subscription_items.list_items(db, subscription.id)
    items = [{"id": sold.item.id, "quantity": 9}]
    change = parse_command(UpdateSubscription, {"items": items, "proration_behavior": "always_invoice"})
    assert locked_by(updates.update_subscription, subscription, change)[:2] == ORDER[:2]
    ending = CancelSubscription(prorate=True, invoice_now=True)
    assert locked_by(cancellations.cancel, subscription, ending) == ORDER


def test_a_locked_row_is_read_again(make: Factories) -> None:
    subscription = make.subscription()
    key = (make.scope.tenant_id, subscription.id)
    with make.database.reading(make.scope) as other, make.database.writing(make.scope) as db:
        before = other.get_one(Subscription, key)
        db.get_one(Subscription, key).description = "Changed"
        row = db.get_one(Subscription, (subscription.tenant_id, subscription.id))
        locks.subscription_with_customer(db, row)
        assert (before.description, row.description) == (None, "Changed")


@pytest.mark.parametrize("id", ["in_none", ""])
def test_what_is_not_there_can_not_be_locked(make: Factories, id: str) -> None:
    with make.database.writing(make.scope) as db, pytest.raises(ResourceMissing) as raised:
        locks.invoice_by_id(db, id, param="invoice")
    assert raised.value.param == "invoice"
