"""Credit notes over the API: parts of lines and lines of their own, before and after payment, taken back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import stripe

from portal import clock
from tests import goldens
from tests.clients import Api
from tests.conftest import NOON
from tests.contract import violations
from tests.factories import Factories


@pytest.fixture
def billed(api: Api, make: Factories) -> Callable[..., Any]:
    """`billed({"amount": 1000}, …, balance=-300)` is an open invoice of 19 % VAT on top."""

    def bill(*items: dict[str, Any], balance: int = 0, rates: list[str] | None = None) -> Any:
        customer, chosen = make.customer(), [make.tax_rate().id] if rates is None else rates
        if balance:
            api.post(f"customers/{customer.id}/balance_transactions", amount=balance, currency="eur")
        draft = api.post("invoices", customer=customer.id, currency="eur", default_tax_rates=chosen)
        for item in items:
            own = {"customer": customer.id, "invoice": draft["id"], "currency": "eur"}
            api.post("invoiceitems", **own, description="Seats", **item)
        return api.post(f"invoices/{draft['id']}/finalize")

    return bill


@pytest.fixture
def paid(api: Api, billed: Callable[..., Any]) -> Callable[..., Any]:
    """The same, paid."""
    return lambda *items, **sent: api.post(f"invoices/{billed(*items, **sent)['id']}/pay", paid_out_of_band=True)


def part(invoice: Any, index: int = 0, **how: int) -> dict[str, Any]:
    """A credit note line for a part of an invoice's line."""
    return {"type": "invoice_line_item", "invoice_line_item": invoice["lines"]["data"][index]["id"], **how}


def own(unit_amount: int = 500, **more: Any) -> dict[str, Any]:
    """A credit note line of its own."""
    return {"type": "custom_line_item", "description": "Goodwill", "unit_amount": unit_amount, **more}


def test_an_open_invoice_is_lowered(api: Api, billed: Any, held_clock: int) -> None:
    invoice = billed({"unit_amount": 1000, "quantity": 3})
    note = api.post("credit_notes", invoice=invoice["id"], lines=[part(invoice, quantity=1)], reason="order_change")
    assert (note["subtotal"], note["total"], note["amount"], note["type"]) == (1000, 1190, 1190, "pre_payment")
    assert (note["pre_payment_amount"], note["post_payment_amount"]) == (1190, 0)
    assert (note["number"], note["effective_at"]) == (f"{invoice['number']}-CN-01", held_clock)
    after = api.get(f"invoices/{invoice['id']}")
    assert (after["total"], after["amount_due"], after["amount_remaining"]) == (3570, 2380, 2380)
    assert (after["pre_payment_credit_notes_amount"], after["status"]) == (1190, "open")


def test_lowered_to_nothing_means_paid(api: Api, billed: Any) -> None:
    invoice = billed({"amount": 1000}, {"amount": 500})
    api.post("credit_notes", invoice=invoice["id"], lines=[part(invoice, 0, amount=1000), part(invoice, 1, amount=500)])
    after = api.get(f"invoices/{invoice['id']}")
    assert (after["status"], after["amount_due"], after["amount_paid"], after["paid_out_of_band"]) == (
        "paid",
        0,
        0,
        False,
    )


def test_a_paid_invoice_is_given_back_to_the_balance_and_outside(api: Api, paid: Any) -> None:
    invoice = paid({"amount": 1000})
    settled = {"credit_amount": 190, "out_of_band_amount": 1000}
    note = api.post("credit_notes", invoice=invoice["id"], lines=[part(invoice, amount=1000)], **settled)
    assert (note["type"], note["post_payment_amount"], note["out_of_band_amount"]) == ("post_payment", 1190, 1000)
    after = api.get(f"invoices/{invoice['id']}")
    assert (after["amount_due"], after["amount_paid"], after["post_payment_credit_notes_amount"]) == (1190, 1190, 1190)
    [entry] = api.get(f"customers/{invoice['customer']}/balance_transactions")["data"]
    assert (entry["type"], entry["amount"], entry["credit_note"]) == ("credit_note", -190, note["id"])
    assert note["customer_balance_transaction"] == entry["id"]


def test_what_the_balance_paid_is_given_back(api: Api, billed: Any) -> None:
    invoice = billed({"amount": 1000}, balance=-190)
    path = {"invoice": invoice["id"], "lines": [part(invoice, amount=1000)]}
    assert "190" in api.error("POST", "credit_notes", **path)["message"]
    note = api.post("credit_notes", **path, credit_amount=190)
    assert (note["type"], note["pre_payment_amount"], note["post_payment_amount"]) == ("mixed", 1000, 190)
    assert api.get(f"invoices/{invoice['id']}")["status"] == "paid"
    assert api.get(f"customers/{invoice['customer']}")["balance"] == -190


def test_parts_by_quantity_add_up_with_their_taxes(api: Api, billed: Any) -> None:
    invoice = billed({"unit_amount_decimal": "33.34", "quantity": 3})
    notes = [api.post("credit_notes", invoice=invoice["id"], lines=[part(invoice, quantity=1)]) for _ in range(3)]
    assert [note["subtotal"] for note in notes] == [33, 34, 33]
    assert sum(note["total_taxes"][0]["amount"] for note in notes) == invoice["tax"]
    assert sum(note["total"] for note in notes) == invoice["total"] == 119
    assert api.get(f"invoices/{invoice['id']}")["status"] == "paid"


def test_parts_by_amount_add_up_with_inclusive_and_exclusive_taxes(api: Api, billed: Any, make: Factories) -> None:
    rates = [("7.7", True), ("2.5", True), ("5", False), ("9.975", False)]
    chosen = [make.tax_rate(percentage=percentage, inclusive=inclusive).id for percentage, inclusive in rates]
    invoice, notes = billed({"amount": 1003}, rates=chosen), []
    for amount in (1, 2, 499, 500, 1):
        notes.append(api.post("credit_notes", invoice=invoice["id"], lines=[part(invoice, amount=amount)]))
    for index, tax in enumerate(invoice["total_taxes"]):
        assert sum(note["total_taxes"][index]["amount"] for note in notes) == tax["amount"]
    assert sum(note["total"] for note in notes) == invoice["total"]


def test_a_line_is_credited_one_way(api: Api, billed: Any) -> None:
    invoice = billed({"unit_amount": 1000, "quantity": 3})
    path = {"invoice": invoice["id"]}
    api.post("credit_notes", **path, lines=[part(invoice, quantity=1)])
    assert "other way" in api.error("POST", "credit_notes", **path, lines=[part(invoice, amount=10)])["message"]
    both = api.error("POST", "credit_notes", **path, lines=[part(invoice, amount=10, quantity=1)])
    assert both["param"] == "lines[0][amount]"
    assert api.error("POST", "credit_notes", **path, lines=[part(invoice)])["param"] == "lines[0][amount]"


@pytest.mark.parametrize(
    ("how", "param"),
    [
        ({"quantity": 3}, "lines[1][quantity]"),
        ({"quantity": 0}, "lines[1][quantity]"),
        ({"quantity": -1}, "lines[1][quantity]"),
        ({"amount": 1, "description": "x"}, "lines[1][description]"),
        ({"amount": 1, "unit_amount": 1}, "lines[1][unit_amount]"),
    ],
)
def test_a_line_has_no_more_than_it_has(api: Api, billed: Any, how: dict[str, Any], param: str) -> None:
    invoice = billed({"unit_amount": 1000, "quantity": 3})
    lines = [part(invoice, quantity=1), part(invoice, **how)]
    assert api.error("POST", "credit_notes", invoice=invoice["id"], lines=lines)["param"] == param
    assert api.get(f"invoices/{invoice['id']}")["amount_due"] == 3570


@pytest.mark.parametrize("amount", [1001, 0, -1])
def test_an_amount_is_within_its_line(api: Api, billed: Any, amount: int) -> None:
    invoice = billed({"amount": 1000}, {"amount": 5000})
    error = api.error("POST", "credit_notes", invoice=invoice["id"], lines=[part(invoice, amount=amount)])
    assert error["param"] == "lines[0][amount]"


def test_negative_lines_are_credited_by_negative_amounts(api: Api, billed: Any) -> None:
    invoice = billed({"amount": 1000}, {"amount": -300})
    lines = [part(invoice, 0, amount=1000), part(invoice, 1, amount=-300)]
    assert "left to credit" in api.error("POST", "credit_notes", invoice=invoice["id"], lines=lines[:1])["message"]
    note = api.post("credit_notes", invoice=invoice["id"], lines=lines)
    assert note["total"] == invoice["total"] == 833
    assert [line["amount"] for line in note["lines"]["data"]] == [1000, -300]


def test_credit_notes_never_exceed_the_invoice(api: Api, paid: Any) -> None:
    invoice = paid({"amount": 1000})
    api.post("credit_notes", invoice=invoice["id"], lines=[own(1000)], credit_amount=1000)
    error = api.error("POST", "credit_notes", invoice=invoice["id"], lines=[own(191)], credit_amount=191)
    assert "190 is left" in error["message"]
    last = api.post("credit_notes", invoice=invoice["id"], lines=[own(190)], out_of_band_amount=190)
    assert last["number"] == f"{invoice['number']}-CN-02"


@pytest.mark.parametrize(
    ("status", "sent"),
    [
        ("open", {"credit_amount": 500}),
        ("open", {"out_of_band_amount": 500}),
        ("open", {"refund_amount": 500}),
        ("paid", {}),
        ("paid", {"credit_amount": 499}),
        ("paid", {"credit_amount": 300, "out_of_band_amount": 300}),
        ("paid", {"refund_amount": 500}),
        ("void", {}),
    ],
)
def test_amounts_have_to_fit_the_invoice(api: Api, billed: Any, status: str, sent: dict[str, int]) -> None:
    invoice = billed({"amount": 1000})
    if status != "open":
        verb = {"paid": "pay", "void": "void"}[status]
        api.post(f"invoices/{invoice['id']}/{verb}", **({"paid_out_of_band": True} if verb == "pay" else {}))
    before = api.get(f"invoices/{invoice['id']}")
    api.error("POST", "credit_notes", invoice=invoice["id"], lines=[own()], **sent)
    assert api.get(f"invoices/{invoice['id']}") == before
    assert api.get("credit_notes")["data"] == []


def test_what_can_not_be_credited(api: Api, make: Factories, billed: Any) -> None:
    draft, other, invoice = make.draft(), billed({"amount": 1}), billed({"amount": 1000})
    assert api.error("POST", "credit_notes", invoice=draft.id, lines=[own()])["param"] == "invoice"
    assert api.error("POST", "credit_notes", 400, invoice="in_none", lines=[own()])["param"] == "invoice"
    strange = api.error("POST", "credit_notes", 400, invoice=invoice["id"], lines=[part(other, amount=1)])
    assert strange["param"] == "lines[0][invoice_line_item]"
    assert api.error("POST", "credit_notes", invoice=invoice["id"])["code"] == "parameter_missing"
    both = api.error("POST", "credit_notes", invoice=invoice["id"], amount=5, lines=[own()])
    assert both["param"] == "lines"


@pytest.mark.parametrize(
    ("line", "param"),
    [
        ({"description": ""}, "lines[0][description]"),
        ({"unit_amount": None}, "lines[0][unit_amount]"),
        ({"unit_amount_decimal": "1"}, "lines[0][unit_amount]"),
        ({"amount": 5}, "lines[0][amount]"),
        ({"quantity": 0}, "lines[0][quantity]"),
        ({"tax_rates": ["txr_none"]}, "lines[0][tax_rates][0]"),
        ({"type": "shipping"}, "lines[0][type]"),
    ],
)
def test_wrong_lines(api: Api, billed: Any, line: dict[str, Any], param: str) -> None:
    sent = {key: value for key, value in {**own(), **line}.items() if value is not None}
    answer = api.request("POST", "credit_notes", invoice=billed({"amount": 1000})["id"], lines=[sent])
    assert answer.status_code in {400, 404}
    assert answer.get_json()["error"]["param"] == param


def test_a_line_of_its_own_has_its_own_taxes(api: Api, billed: Any, make: Factories) -> None:
    line = own(None, unit_amount_decimal="12.5", quantity=4, tax_rates=[make.tax_rate(percentage="7").id])
    del line["unit_amount"]
    note = api.post("credit_notes", invoice=billed({"amount": 1000})["id"], lines=[line])
    [shown] = note["lines"]["data"]
    assert (shown["amount"], shown["quantity"], shown["unit_amount_decimal"]) == (50, 4, "12.5")
    assert (note["subtotal"], note["total"], note["total_taxes"][0]["amount"]) == (50, 54, 4)


def test_a_total_alone_makes_one_line(api: Api, billed: Any) -> None:
    invoice = billed({"amount": 1000})
    note = api.post("credit_notes", invoice=invoice["id"], amount=300)
    assert (note["total"], note["lines"]["data"][0]["description"]) == (300, f"Credit for invoice {invoice['number']}")


def test_voiding_gives_the_claim_back(api: Api, billed: Any, held_clock: int) -> None:
    invoice = billed({"unit_amount": 1000, "quantity": 3})
    note = api.post("credit_notes", invoice=invoice["id"], lines=[part(invoice, quantity=2)])
    voided = api.post(f"credit_notes/{note['id']}/void")
    assert (voided["status"], voided["voided_at"], voided["total"]) == ("void", held_clock, 2380)
    assert api.get(f"invoices/{invoice['id']}") == invoice
    assert "already void" in api.error("POST", f"credit_notes/{note['id']}/void")["message"]
    again = api.post("credit_notes", invoice=invoice["id"], lines=[part(invoice, amount=3000)])
    assert again["number"].endswith("-CN-02")


def test_nothing_is_taken_back_once_the_invoice_is_settled(api: Api, billed: Any, paid: Any) -> None:
    lowered, done, gone = billed({"amount": 1000}), paid({"amount": 1000}), billed({"amount": 1000})
    notes = [
        api.post("credit_notes", invoice=lowered["id"], amount=1190),
        api.post("credit_notes", invoice=done["id"], amount=500, credit_amount=500),
        api.post("credit_notes", invoice=gone["id"], amount=500),
    ]
    api.post(f"invoices/{gone['id']}/void")
    for note in notes:
        assert (
            "only be voided while its invoice is open"
            in api.error("POST", f"credit_notes/{note['id']}/void")["message"]
        )


def test_a_voided_invoice_gives_its_whole_balance_back(api: Api, billed: Any) -> None:
    invoice = billed({"amount": 1000}, balance=-190)
    api.post("credit_notes", invoice=invoice["id"], amount=400)
    assert api.post(f"invoices/{invoice['id']}/void")["amount_due"] == 600
    assert api.get(f"customers/{invoice['customer']}")["balance"] == -190


def test_memo_and_metadata_change(api: Api, billed: Any) -> None:
    note = api.post("credit_notes", invoice=billed({"amount": 1000})["id"], amount=100, metadata={"a": "1"})
    changed = api.post(f"credit_notes/{note['id']}", memo="Sorry", metadata={"b": "2"})
    assert (changed["memo"], changed["metadata"]) == ("Sorry", {"a": "1", "b": "2"})
    assert api.post(f"credit_notes/{note['id']}", memo="", metadata="")["memo"] is None
    assert api.error("POST", f"credit_notes/{note['id']}", amount=5)["code"] == "parameter_unknown"


def test_an_incomplete_subscription_goes_on_when_its_invoice_is_credited(api: Api, make: Factories) -> None:
    price, customer = make.price(), make.customer()
    subscription = api.post("subscriptions", customer=customer.id, items=[{"price": price.id}])
    api.post("credit_notes", invoice=subscription["latest_invoice"], amount=2000)
    assert api.get(f"subscriptions/{subscription['id']}")["status"] == "active"


def test_lines_are_paged_in_their_order(api: Api, billed: Any) -> None:
    lines = [own(10 + number, description=f"Line {number}") for number in range(12)]
    note = api.post("credit_notes", invoice=billed({"amount": 1000})["id"], lines=lines)
    assert (len(note["lines"]["data"]), note["lines"]["has_more"]) == (10, True)
    first = api.get(f"credit_notes/{note['id']}/lines", limit=7)["data"]
    rest = api.get(f"credit_notes/{note['id']}/lines", limit=7, starting_after=first[-1]["id"])
    assert [line["description"] for line in first + rest["data"]] == [f"Line {number}" for number in range(12)]
    assert rest["has_more"] is False


def test_lists_are_filtered(api: Api, billed: Any) -> None:
    invoices = [billed({"amount": 1000}) for _ in range(2)]
    notes = []
    for invoice, moment in zip(invoices, (NOON, NOON + 5), strict=True):
        with clock.hold_at(moment):
            notes.append(api.post("credit_notes", invoice=invoice["id"], amount=100)["id"])
    for filter, found in (
        ({}, notes[::-1]),
        ({"invoice": invoices[0]["id"]}, notes[:1]),
        ({"customer": invoices[1]["customer"]}, notes[1:]),
        ({"created": {"lt": NOON + 5}}, notes[:1]),
    ):
        assert [note["id"] for note in api.get("credit_notes", **filter)["data"]] == found


def test_a_credit_note_is_expanded(api: Api, paid: Any) -> None:
    invoice = paid({"amount": 1000})
    paths = ["invoice.customer", "customer", "customer_balance_transaction", "refund"]
    note = api.post("credit_notes", invoice=invoice["id"], amount=100, credit_amount=100, expand=paths)
    assert note["invoice"]["customer"]["id"] == note["customer"]["id"] == invoice["customer"]
    assert note["customer_balance_transaction"]["amount"] == -100
    assert note["refund"] is None


def test_a_list_costs_the_same_whatever_its_length(api: Api, billed: Any, count_queries: Any) -> None:
    invoice, costs = billed({"amount": 1000}), []
    api.get("credit_notes")
    for notes in (1, 19):
        for _ in range(notes):
            api.post("credit_notes", invoice=invoice["id"], amount=10)
        with count_queries() as statements:
            api.get("credit_notes", limit=100, expand=["data.invoice", "data.customer"])
        costs.append(len(statements))
    assert costs[0] == costs[1] <= 7


def test_golden(api: Api, make: Factories) -> None:
    with clock.hold_at(NOON):
        rate, customer = make.tax_rate(), make.customer(invoice_prefix="ROCKET")
        invoice = make.paid_invoice(customer, 1000, default_tax_rates=[rate.id])
        lines = [part(api.get(f"invoices/{invoice.id}"), amount=600), own(100, quantity=2)]
        sent = {"credit_amount": 514, "out_of_band_amount": 400, "memo": "Sorry", "reason": "order_change"}
        note = api.post("credit_notes", invoice=invoice.id, lines=lines, **sent, metadata={"case": "7"})
    assert list(violations(note, stripe.CreditNote)) == []
    goldens.check("credit_note", note)
    goldens.check("credit_note_line_item", note["lines"]["data"][0])
