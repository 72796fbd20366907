"""Paying an invoice in parts: the next part or all that remains, by card or by direct debit, and never more."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.api.invoices.test_instalments import opened, states
from tests.hosted.test_invoice_pay import (  # noqa: F401 - fixtures
    BY_DEBIT,
    by_card,
    charge,
    customer,
    text_of,
    visit,
)


@pytest.fixture
def invoice(api: Any, customer: Any) -> Any:  # noqa: F811
    api.post("account", settings={"payments": {"partial": {"enabled": False}}})
    return opened(api, customer.id)


def pay(visit: Any, invoice: Any, part: str, **typed: str) -> Any:  # noqa: F811
    return visit.post(f"invoices/{invoice['id']}/pay", **{"remaining": "30000", "part": part, **typed})


def test_the_next_part_is_offered_first(api, visit, invoice, charge):  # noqa: F811
    page = text_of(visit.get(f"invoices/{invoice['id']}/pay"))
    assert re.search(r'name="part"[^>]*value="next"[^>]*checked|checked[^>]*value="next"', page)
    assert "€300.00\u2069, all that remains" in page
    assert 'name="amount"' not in page
    assert pay(visit, invoice, "next", **by_card()).status_code == 303
    charge()
    after = api.get(f"invoices/{invoice['id']}")
    assert states(after) == [(10000, 0, "paid"), (0, 10000, "open"), (0, 10000, "open")]
    assert "€200.00\u2069, all that remains" in text_of(visit.get(f"invoices/{invoice['id']}/pay"))


def test_all_that_remains_is_paid_at_once(api, visit, invoice, charge):  # noqa: F811
    assert pay(visit, invoice, "all", **by_card()).status_code == 303
    charge()
    assert api.get(f"invoices/{invoice['id']}")["status"] == "paid"


@pytest.mark.parametrize("part", ["other", "everything", ""])
def test_what_is_not_offered_pays_the_next_part_only(api, visit, invoice, charge, part):  # noqa: F811
    assert pay(visit, invoice, part, amount="299.00", **by_card()).status_code == 303
    charge()
    assert api.get(f"invoices/{invoice['id']}")["amount_paid"] == 10000


def test_another_amount_where_the_merchant_takes_any(api, visit, invoice, charge):  # noqa: F811
    api.post("account", settings={"payments": {"partial": {"enabled": True, "minimum": 500}}})
    assert pay(visit, invoice, "other", amount="4.99", **by_card()).status_code == 400
    assert pay(visit, invoice, "other", amount="120", **by_card()).status_code == 303
    charge()
    assert states(api.get(f"invoices/{invoice['id']}"))[:2] == [(10000, 0, "paid"), (2000, 8000, "open")]


def test_the_next_part_is_debited(api, visit, invoice):  # noqa: F811
    assert pay(visit, invoice, "next", **BY_DEBIT).status_code == 303
    [debit] = api.get("direct_debits")["data"]
    assert debit["amount"] == 10000


def test_fifty_posts_never_take_more_than_remains(api, visit, invoice, charge):  # noqa: F811
    def click(_: int) -> int:
        return int(pay(visit, invoice, "next", **by_card()).status_code)

    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(click, range(50))) <= {303, 503}
    [intent] = api.get("payment_intents")["data"]
    assert intent["amount"] == 10000
    charge()
    assert api.get(f"invoices/{invoice['id']}")["amount_paid"] == 10000


def test_the_start_page_asks_for_the_next_part(visit, invoice):  # noqa: F811
    assert "€100.00</bdi> to pay" in text_of(visit.get(""))
