"""Lists of invoices: filters, pages, expansion, and what they cost."""

from __future__ import annotations

from typing import Any

from portal import clock
from tests.clients import Api
from tests.conftest import NOON
from tests.factories import Factories


def ids(page: Any) -> list[str]:
    return [each["id"] for each in page["data"]]


def test_lists_are_filtered(api: Api, make: Factories, drafted: Any, opened: Any, customer: str) -> None:
    draft, invoice = drafted(1000), opened(1000)
    due = opened(1000, collection_method="send_invoice", due_date=NOON)
    subscription = make.subscription()
    other = subscription.latest_invoice_id
    assert ids(api.get("invoices")) == [other, due["id"], invoice["id"], draft["id"]]
    assert ids(api.get("invoices", status="draft")) == [other, draft["id"]]
    assert ids(api.get("invoices", customer=customer, status="open")) == [due["id"], invoice["id"]]
    assert ids(api.get("invoices", subscription=subscription.id)) == [other]
    assert ids(api.get("invoices", due_date={"gte": NOON, "lt": NOON + 1})) == [due["id"]]
    assert ids(api.get("invoices", collection_method="send_invoice")) == [other, due["id"]]


def test_lists_are_filtered_by_creation(api: Api, customer: str) -> None:
    made = []
    for moment in (NOON, NOON + 10, NOON + 20):
        with clock.hold_at(moment):
            made.append(api.post("invoices", customer=customer)["id"])
    assert ids(api.get("invoices", created={"gt": NOON, "lte": NOON + 20})) == made[:0:-1]
    assert ids(api.get("invoices", created=NOON)) == made[:1]


def test_pages_go_both_ways(api: Api, customer: str) -> None:
    made = [api.post("invoices", customer=customer)["id"] for _ in range(5)]
    everything = ids(api.get("invoices", limit=100))
    assert sorted(everything) == sorted(made)
    first = api.get("invoices", limit=2)
    second = api.get("invoices", limit=2, starting_after=everything[1])
    assert (ids(first), ids(second), first["has_more"]) == (everything[:2], everything[2:4], True)
    back = api.get("invoices", limit=2, ending_before=everything[2])
    assert (ids(back), back["has_more"]) == (everything[:2], False)


def test_an_invoice_is_expanded(api: Api, make: Factories) -> None:
    subscription = make.subscription()
    path = f"invoices/{subscription.latest_invoice_id}"
    paths = ["customer", "subscription", "lines.data.price.product", "payment_intent", "charge"]
    found = api.get(path, expand=paths)
    assert found["customer"]["name"] == "Jenny Rosen"
    assert found["subscription"]["id"] == subscription.id
    assert found["lines"]["data"][0]["price"]["product"]["name"] == "Gold plan"
    assert found["payment_intent"] is None
    assert api.error("GET", path, expand=["status"])["param"] == "expand"


def test_a_list_costs_the_same_whatever_its_length(api: Api, make: Factories, count_queries: Any) -> None:
    customer, paths, costs = make.customer(), ["data.customer", "data.lines.data.price.product"], []
    api.get("invoices")  # the first call of a key is noted
    for drafts in (1, 19):
        for _ in range(drafts):
            make.draft(customer, 1000)
        with count_queries() as statements:
            api.get("invoices", limit=100, expand=paths)
        costs.append(len(statements))
    assert costs[0] == costs[1] <= 9
