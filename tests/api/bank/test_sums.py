"""Whatever happens to transfers: what was received is what it is used for, and invoices agree."""

from __future__ import annotations

import random
from typing import Any

import pytest

from portal.rules.creditor_references import make_reference
from tests.statements_of_banks import Transfer


@pytest.mark.parametrize("seed", range(4))
def test_what_was_received_is_what_it_was_used_for(api, opened, bank, transfers, customer, seed: int) -> None:
    chance = random.Random(seed)
    api.post("account", settings={"bank": {"underpayment_tolerance": 20}})
    invoices = [opened(chance.randrange(1000, 9000)) for _ in range(4)]
    for number in range(4):
        bank(*(_transfer(chance, invoices) for _ in range(2)), number=f"S-{number}")
        for each in transfers(limit=100):
            _do_something(api, chance, each, invoices, customer)
        _compare(api, transfers(limit=100), invoices, customer)


def _transfer(chance: random.Random, invoices: list[Any]) -> Transfer:
    invoice = chance.choice(invoices)
    amount = invoice["amount_due"] + chance.choice([0, 0, -10, -500, 300])
    reference = make_reference(invoice["number"]) if chance.random() < 0.5 else None
    said = chance.choice([invoice["number"], "thanks", f"{invoice['number']} {chance.choice(invoices)['number']}"])
    return Transfer(amount, said, reference=reference, reversal=chance.random() < 0.2)


def _do_something(api: Any, chance: random.Random, transfer: Any, invoices: list[Any], customer: str) -> None:
    path = f"bank_transactions/{transfer['id']}"
    match chance.randrange(6):
        case 0:
            api.request("POST", f"{path}/reverse")
        case 1:
            api.request("POST", f"{path}/assign", suggested=True, customer_balance=customer)
        case 2:
            api.request("POST", f"{path}/assign", set_aside=True)
        case 3:
            wanted = [{"invoice": chance.choice(invoices)["id"], "amount": chance.randrange(1, 2000)}]
            api.request("POST", f"{path}/assign", invoices=wanted)


def _compare(api: Any, transfers: list[Any], invoices: list[Any], customer: str) -> None:
    paid = dict.fromkeys([each["id"] for each in invoices], 0)
    credit = 0
    for transfer in transfers:
        uses = [each for each in transfer["allocations"] if each["released_at"] is None]
        if transfer["type"] == "credit":
            assert sum(each["amount"] for each in uses) == transfer["amount_assigned"] <= transfer["amount"]
            used_up = transfer["amount_assigned"] == transfer["amount"]
            assert used_up == (transfer["status"] in {"assigned", "set_aside"})
            assert not (transfer["status"] == "reversed" and uses)
        for each in uses:
            if each["type"] == "invoice":
                paid[each["invoice"]] += each["amount"] + each["written_off"]
            credit += each["amount"] if each["type"] == "customer_balance" else 0
    for id, received in paid.items():
        invoice = api.get(f"invoices/{id}", expand=["payments"])
        counted = [each for each in invoice["payments"]["data"] if each["status"] == "paid"]
        assert sum(each["amount_requested"] for each in counted) == received
        assert invoice["amount_paid"] + invoice["amount_overpaid"] == received
        assert invoice["amount_paid"] + invoice["amount_remaining"] == invoice["amount_due"]
        assert (invoice["status"] == "paid") == (invoice["amount_remaining"] == 0)
        credit += invoice["amount_overpaid"]
    assert api.get(f"customers/{customer}")["balance"] == -credit
