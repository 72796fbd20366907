"""Transfers that came before their invoice: they are tried again, and only where that is safe."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from portal import clock
from portal.billing.bank.retrying import TRIED_FOR
from portal.rules.creditor_references import make_reference
from portal.worker import bank_folder
from tests.statements_of_banks import Transfer


@pytest.fixture
def retried(app: Any) -> Callable[[], int]:
    """What the worker does in its lane; answers how many transfers of any merchant it booked."""
    return lambda: bank_folder.retry_waiting(app.extensions["portal"], clock.now())


@pytest.fixture
def payer(make: Any) -> Any:
    return make.customer(invoice_prefix="ROSEN").id


@pytest.mark.parametrize("named", ["ROSEN-0001", make_reference("ROSEN-0001")])
def test_a_transfer_that_came_first_pays_once_its_invoice_is_there(
    api, opened, bank, transfers, retried, payer, told_types, named: str
) -> None:
    bank(Transfer(11900, f"Rechnung {named}"))
    told_types()
    retried()
    assert [each["status"] for each in transfers()] == ["waiting"]
    assert told_types() == set()
    invoice = opened(11900, customer=payer)
    retried()
    (transfer,) = transfers()
    assert (transfer["status"], transfer["amount_assigned"]) == ("assigned", 11900)
    assert api.get(f"invoices/{invoice['id']}")["status"] == "paid"
    assert {"invoice.paid", "bank_transaction.assigned"} <= told_types()


def test_what_does_not_fit_is_suggested(opened, bank, transfers, retried, payer) -> None:
    bank(Transfer(10000, "Rechnung ROSEN-0001"))
    invoice = opened(11900, customer=payer)
    retried()
    (transfer,) = transfers()
    assert transfer["status"] == "waiting"
    assert [(each["invoice"], each["amount"]) for each in transfer["suggestions"]] == [(invoice["id"], 10000)]


def test_what_somebody_took_back_is_left_to_people(api, opened, bank, transfers, retried, payer) -> None:
    invoice = opened(11900, customer=payer)
    bank(Transfer(11900, "Rechnung ROSEN-0001"))
    (transfer,) = transfers()
    api.post(f"bank_transactions/{transfer['id']}/reverse")
    opened(500, customer=payer)
    retried()
    assert [each["status"] for each in transfers()] == ["waiting"]
    assert api.get(f"invoices/{invoice['id']}")["status"] == "open"


def test_who_has_paid_before_decides_nothing_later(opened, bank, transfers, retried, payer) -> None:
    bank(Transfer(500, "thanks"))
    opened(11900, customer=payer)
    bank(Transfer(11900, "Rechnung ROSEN-0001"), number="S-2")
    opened(500, customer=payer)
    retried()
    assert sorted(each["status"] for each in transfers()) == ["assigned", "waiting"]


def test_an_old_transfer_is_left_to_people(app, opened, bank, transfers, payer) -> None:
    bank(Transfer(11900, "Rechnung ROSEN-0001"))
    opened(11900, customer=payer)
    bank_folder.retry_waiting(app.extensions["portal"], clock.now() + TRIED_FOR + 1)
    assert [each["status"] for each in transfers()] == ["waiting"]


def test_nothing_is_read_again_while_nothing_changes(opened, bank, retried, payer, count_queries) -> None:
    bank(Transfer(10000, "Rechnung ROSEN-0001"))
    opened(11900, customer=payer)
    retried()
    retried()
    with count_queries() as statements:
        assert retried() == 0
    assert len(statements) == 1
