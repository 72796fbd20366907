"""Statements of account of what came from elsewhere, where a part of its history may not have come along."""

from __future__ import annotations

from portal import clock
from tests.billing.test_statements import told
from tests.clients import Api
from tests.factories import Factories
from tests.transfer.test_generations import CUSTOMER, PRICE, PRODUCT, THEN, Imported, invoice

#: 31 December 2025, 23:30 UTC.
LAST_NIGHT = 1767223800


def test_of_what_was_paid_before_it_came_here_there_is_a_payment(make: Factories, imported: Imported) -> None:
    imported(make.scope, CUSTOMER, PRODUCT, PRICE, invoice({"price": PRICE}))
    with clock.hold_at(THEN + clock.DAY):
        assert told(make, "cus_1") == [("eur", 0, [("invoice", 2261, 2261), ("payment", -2261, 0)])]


def test_of_what_was_paid_outside_before_there_is_a_payment_too(make: Factories, imported: Imported) -> None:
    outside = {"paid_out_of_band": True, "amount_paid": 0, "amount_remaining": 2261}
    imported(make.scope, CUSTOMER, PRODUCT, PRICE, invoice({"price": PRICE}, **outside))
    with clock.hold_at(THEN + clock.DAY):
        assert told(make, "cus_1") == [("eur", 0, [("invoice", 2261, 2261), ("payment", -2261, 0)])]


def test_a_balance_that_came_without_its_entries_is_an_opening_balance(make: Factories, imported: Imported) -> None:
    imported(make.scope, {**CUSTOMER, "balance": -500, "currency": "eur"})
    assert told(make, "cus_1") == [("eur", -500, [])]


def test_each_currency_has_statements_of_its_own(make: Factories, imported: Imported) -> None:
    dollars = {"id": "in_2", "number": "J4-0004", "currency": "usd", "status": "open", "amount_paid": 0}
    dollars |= {"amount_remaining": 2261, "status_transitions": {"finalized_at": THEN}}
    customer = {**CUSTOMER, "balance": 300, "currency": "eur"}
    imported(make.scope, customer, PRODUCT, PRICE, invoice({"id": "il_2", "price": PRICE}, **dollars))
    with clock.hold_at(THEN + clock.DAY):
        assert told(make, "cus_1") == [("eur", 300, []), ("usd", 0, [("invoice", 2261, 2261)])]


def test_what_comes_from_elsewhere_has_the_days_of_the_merchants_calendar(
    make: Factories, imported: Imported, api: Api
) -> None:
    api.post("account", settings={"dashboard": {"timezone": "Europe/Berlin"}})
    late = {"created": LAST_NIGHT, "status_transitions": {"finalized_at": LAST_NIGHT, "paid_at": LAST_NIGHT}}
    imported(make.scope, CUSTOMER, PRODUCT, PRICE, invoice({"price": PRICE}, **late))
    with clock.hold_at(LAST_NIGHT):
        assert [each["year"] for each in api.get("customers/cus_1/statements")["data"]] == [2026]
