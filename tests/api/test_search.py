"""Searches over the API: what they find, how they page, and what they refuse."""

import pytest

from portal import clock
from tests import official


@pytest.fixture
def people(make):
    """Three customers, oldest first."""
    with clock.hold_at(1_700_000_000):
        amy = make.customer(name="Amy Müller", email="amy@rocketrides.io", metadata={"tier": "Gold", "a\"b'c": "x"})
    with clock.hold_at(1_700_000_100):
        bob = make.customer(name="Bob", email="bob@example.com", phone="+49 30 123", metadata={"tier": "silver"})
    with clock.hold_at(1_700_000_200):
        eve = make.customer(name="Eve 100%_", email="eve@ROCKETRIDES.io")
    return {amy.id: "amy", bob.id: "bob", eve.id: "eve"}


@pytest.fixture
def found(api, people):
    """`found(query)` names who was found, newest first."""

    def search(query):
        return [people[each["id"]] for each in api.get("customers/search", query=query)["data"]]

    return search


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("email:'AMY@rocketrides.io'", ["amy"]),
        ("email~'rocketrides'", ["eve", "amy"]),
        ("name:'amy mÜLLER'", ["amy"]),
        ("name~'MÜL'", ["amy"]),
        ("name~'00%_'", ["eve"]),
        ("name~'___'", []),
        ("name:'%'", []),
        ("phone:null", ["eve", "amy"]),
        ("-phone:null", ["bob"]),
        ("-phone:'+49 30 123'", ["eve", "amy"]),
        ("-phone~'+49'", ["eve", "amy"]),
        ("metadata['tier']:'gold'", ["amy"]),
        ("metadata['TIER']:'gold'", []),
        ("-metadata['tier']:'gold'", ["eve", "bob"]),
        ("metadata['tier']:null", ["eve"]),
        ("-metadata['tier']:null", ["bob", "amy"]),
        ('metadata["a\\"b\'c"]:"x"', ["amy"]),
        ("created>1700000100", ["eve"]),
        ("created>=1700000100", ["eve", "bob"]),
        ("created<1700000100", ["amy"]),
        ("created<='1700000100'", ["bob", "amy"]),
        ("-created>1700000100", ["bob", "amy"]),
        ("created:1700000100", ["bob"]),
        ("name~'amy' OR name:'bob'", ["bob", "amy"]),
        ("name~'amy' AND email~'rocket'", ["amy"]),
        ("name~'amy' phone:'1'", []),
    ],
)
def test_customers_are_found(found, query, names):
    assert found(query) == names


def test_deleted_customers_are_not_found(api, found, people):
    api.delete(f"customers/{next(iter(people))}")
    assert found("email~'rocketrides'") == ["eve"]


def test_pages_go_on_by_token_through_ties(api, make, held_clock):
    made = [make.customer(name="Rocket").id for _ in range(5)]
    seen, token = [], {}
    while True:
        page = api.get("customers/search", query="name:'rocket'", limit=2, **token)
        seen += [each["id"] for each in page["data"]]
        token = {"page": page["next_page"]}
        if not page["has_more"]:
            break
    assert seen == sorted(made, reverse=True)
    assert page["next_page"] is None


def test_a_result_is_an_object_with_its_address(api, people):
    page = api.get("customers/search", query="name:'bob'", expand=["total_count"])
    assert (page["object"], page["url"], page["total_count"]) == ("search_result", "/v1/customers/search", 1)
    assert "total_count" not in api.get("customers/search", query="name:'bob'")


def test_what_is_found_can_be_expanded(api, make):
    invoice = make.invoice()
    page = api.get("invoices/search", query=f"number:'{invoice.number}'", expand=["data.customer", "total_count"])
    assert page["data"][0]["customer"]["id"] == invoice.customer_id
    assert page["total_count"] == 1


@pytest.mark.parametrize("token", ["x", "AAAA", "ä", "MTIzNDU2Nzg5OmN1cw", "-" * 40])
def test_a_token_not_made_here_is_refused(api, token):
    assert api.error("GET", "customers/search", query="name:'x'", page=token)["param"] == "page"


def test_a_token_belongs_to_its_query(api, make):
    for _ in range(2):
        make.customer(name="Rocket")
    token = api.get("customers/search", query="name:'rocket'", limit=1)["next_page"]
    assert api.error("GET", "customers/search", query="name~'rocket'", page=token)["param"] == "page"


@pytest.mark.parametrize(
    ("query", "column"),
    [
        ("planet:'Earth'", 1),
        ("name:'x' AND planet:'Earth'", 14),
        ("name>'x'", 5),
        ("name~'xy'", 6),
        ("name~null", 5),
        ("name:x", 6),
        ("created:'soon'", 9),
        ("created~'17'", 8),
        ("created>99999999999999999999", 9),
        ("metadata:'x'", 1),
        ("metadata['k']~'xyz'", 14),
        ("name['k']:'x'", 1),
    ],
)
def test_a_bad_query_is_pointed_at(api, query, column):
    error = api.error("GET", "customers/search", query=query)
    assert error["param"] == "query"
    assert error["message"].startswith(f"Invalid search query at column {column}: ")
    assert error["message"].split("\n")[2] == " " * (column - 1) + "^"


def test_a_query_is_needed(api):
    assert api.error("GET", "customers/search")["code"] == "parameter_missing"


def test_invoices_are_found(api, make):
    small, large = make.invoice(None, 500), make.paid_invoice(None, 5000)
    queries = {
        "total>1000": [large.id],
        "total<=500 status:'OPEN'": [small.id],
        f"number:'{small.number.lower()}'": [small.id],
        f"customer:'{large.customer_id}'": [large.id],
        "subscription:null currency:'EUR'": [large.id, small.id],
        "receipt_number:'1' OR last_finalization_error_code:'x'": [],
        "receipt_number:null": [small.id],
        f"receipt_number:'R-{large.number}'": [large.id],
    }
    for query, ids in queries.items():
        assert [each["id"] for each in api.get("invoices/search", query=query)["data"]] == ids, query


def test_subscriptions_prices_and_products_are_found(api, make):
    price = make.price(lookup_key="Gold", metadata={"a": "b"})
    subscription = make.subscription(None, price, metadata={"order": "6735"})
    queries = {
        ("subscriptions", "metadata['order']:'6735' AND status:'active'"): subscription.id,
        ("subscriptions", "canceled_at:null"): subscription.id,
        ("prices", "lookup_key:'gold' active:'true' metadata['a']:'b'"): price.id,
        ("prices", f"product:'{price.product_id}' active:true"): price.id,
        ("prices", "type:'recurring' lookup_key:'gold'"): price.id,
        ("products", "name~'gold' -active:'false'"): price.product_id,
    }
    for (noun, query), id in queries.items():
        assert [each["id"] for each in api.get(f"{noun}/search", query=query)["data"]] == [id], query


def test_the_official_client_walks_all_pages(app, merchant, make):
    made = [make.customer(name="Rocket").id for _ in range(3)]
    found = official.client(app, merchant.test_key).v1.customers.search({"query": "name:'rocket'", "limit": 1})
    assert [each.id for each in found.auto_paging_iter()] == made[::-1]
