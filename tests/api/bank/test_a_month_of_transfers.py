"""A month at the bank, on a test clock: numbers in every spelling, too much, too little, and money that goes back."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from portal import clock
from portal.worker import clock_steps
from tests.api.bank.test_matching import SPELLINGS, write_number
from tests.statements_of_banks import Transfer

#: Written so, a number is another one.
MISTAKES = ["R0SEN-{digits}", "{word}-9{digits}", "{word}"]
START = 1_790_000_000


@pytest.fixture
def payer(api: Any) -> str:
    frozen = api.post("test_helpers/test_clocks", frozen_time=START)
    return str(api.post("customers", name="Jenny Rosen", invoice_prefix="ROSEN", test_clock=frozen["id"])["id"])


def test_a_month_of_transfers_adds_up_to_the_cent(app, api, opened, bank, transfers, payer) -> None:
    api.post("account", settings={"bank": {"underpayment_tolerance": 10}})
    received = 0
    invoices: dict[str, Any] = {}
    for day, spelling in enumerate([*SPELLINGS, *MISTAKES]):
        # what is written off, left open and paid twice over, in turns
        invoice = opened(10000 + day, customer=payer)
        invoices[invoice["id"]] = invoice
        amount = invoice["amount_due"] + [0, -10, 0, -500][day % 4]
        said = write_number(spelling, invoice["number"])
        bank(Transfer(amount, said, end_to_end_id=f"E-{day}"), number=f"S-{day}")
        received += amount
        if day % 5 == 4:
            bank(Transfer(amount, said, end_to_end_id=f"E-{day}", reversal=True), number=f"R-{day}")
            received -= amount
        _let_pass(app, api, payer, START + (day + 1) * clock.DAY)
    numbers = [each["number"] for each in invoices.values() if _read(api, each)["status"] == "open"]
    due = sum(_read(api, each)["amount_remaining"] for each in invoices.values() if each["number"] in numbers)
    bank(Transfer(due, " + ".join(numbers[:3])), number="S-last")
    received += due
    _compare(api, transfers(limit=100), invoices, received)


def _read(api: Any, invoice: Any) -> Any:
    return api.get(f"invoices/{invoice['id']}", expand=["payments"])


def _let_pass(app: Any, api: Any, payer: str, until: int) -> None:
    held = api.get(f"customers/{payer}")["test_clock"]
    api.post(f"test_helpers/test_clocks/{held}/advance", frozen_time=until)
    while clock_steps.advance_test_clocks(app.extensions["portal"], clock.now()):
        pass


def _compare(api: Any, transfers: list[Any], invoices: dict[str, Any], received: int) -> None:
    credits = [each for each in transfers if each["type"] == "credit" and each["status"] != "reversed"]
    assert sum(each["amount"] for each in credits) == received
    uses = [use for each in credits for use in each["allocations"] if use["released_at"] is None]
    waiting = sum(each["amount"] - each["amount_assigned"] for each in credits)
    assert sum(use["amount"] for use in uses) + waiting == received
    assert max(Counter(use["invoice"] for use in uses).values()) == 1
    written_off = sum(use["written_off"] for use in uses)
    found = [_read(api, each) for each in invoices.values()]
    assert sum(each["amount_paid"] + each["amount_overpaid"] for each in found) == received - waiting + written_off
    assert {each["amount_overpaid"] for each in found} == {0}
    assert all(each["amount_paid"] + each["amount_remaining"] == each["amount_due"] for each in found)
    states = Counter(each["status"] for each in found)
    assert states["paid"] > states["open"] > 0
    assert written_off == 10 * sum(1 for use in uses if use["written_off"]) > 0
