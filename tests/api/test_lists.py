"""Lists: pages in both directions, filters, and what a page may cost."""

import pytest

from portal import clock

LISTS = [
    "customers",
    "products",
    "prices",
    "tax_rates",
    "tax_ids",
    "billing_portal/configurations",
    "billing_portal/sessions",
    "customers/{customer}/tax_ids",
    "customers/{customer}/balance_transactions",
]


@pytest.fixture
def customer(make):
    return make.customer()


@pytest.fixture
def add(api, make, customer):
    """`add(path)` makes one more object of a list; each costs the same to show."""
    product = make.product()
    numbers = iter(range(1, 100))
    makers = {
        "customers": lambda: make.customer(),
        "products": lambda: make.product(),
        "prices": lambda: make.price(product, recurring=None),
        "tax_rates": lambda: make.tax_rate(),
        "tax_ids": lambda: api.post("tax_ids", type="us_ein", value=f"12-34567{next(numbers):02}"),
        "billing_portal/configurations": lambda: make.configuration(),
        "billing_portal/sessions": lambda: make.portal_link(customer),
        "customers/{customer}/tax_ids": lambda: api.post(
            f"customers/{customer.id}/tax_ids", type="us_ein", value=f"12-34567{next(numbers):02}"
        ),
        "customers/{customer}/balance_transactions": lambda: api.post(
            f"customers/{customer.id}/balance_transactions", amount=1, currency="eur"
        ),
    }
    return lambda path: makers[path]()


@pytest.fixture
def page(api, customer):
    """`page(path, limit=2)` is a page of a list."""
    return lambda path, **params: api.get(path.format(customer=customer.id), **params)


def _ids(page):
    return [item["id"] for item in page["data"]]


@pytest.mark.parametrize("path", LISTS)
def test_a_list_is_an_object_with_its_address(add, page, path, customer):
    add(path)
    found = page(path)
    assert list(found) == ["object", "data", "has_more", "url"]
    assert (found["object"], found["has_more"]) == ("list", False)
    assert found["url"] == f"/v1/{path.format(customer=customer.id)}"
    assert _ids(found) == sorted(_ids(found), reverse=True)


@pytest.mark.parametrize("path", LISTS)
def test_pages_run_both_ways_through_ties(add, page, path, held_clock):
    for _ in range(5):
        add(path)
    everything = _ids(page(path, limit=100))
    assert len(everything) >= 5
    assert _forwards(page, path) == everything
    assert _backwards(page, path, everything[-1]) == everything


def _forwards(page, path):
    found = page(path, limit=2)
    ids = _ids(found)
    while found["has_more"]:
        found = page(path, limit=2, starting_after=ids[-1])
        ids += _ids(found)
    return ids


def _backwards(page, path, last):
    ids, has_more = [last], True
    while has_more:
        found = page(path, limit=2, ending_before=ids[0])
        ids, has_more = _ids(found) + ids, found["has_more"]
    return ids


@pytest.mark.parametrize("path", LISTS)
def test_a_page_of_one_costs_as_many_statements_as_one_of_many(add, page, path, count_queries):
    costs = []
    for more in (1, 4) if path == "customers/{customer}/tax_ids" else (1, 19):
        for _ in range(more):
            add(path)
        page(path, limit=100)
        with count_queries() as statements:
            page(path, limit=100)
        costs.append(len(statements))
    assert costs[0] == costs[1] <= 4, statements


def test_newer_objects_come_first_whatever_their_id(api, make, held_clock):
    with clock.hold_at(held_clock - 5):
        older = make.product(id="zzz")
    newer = make.product(id="aaa")
    assert _ids(api.get("products")) == [newer.id, older.id]
    assert _ids(api.get("products", starting_after=newer.id)) == [older.id]


@pytest.mark.parametrize("limit", ["0", "101", "-1", "x", "", "1.5", "9223372036854775808"])
@pytest.mark.parametrize("path", ["customers", "tax_ids", "billing_portal/sessions"])
def test_a_limit_is_from_1_to_100(api, path, limit):
    error = api.error("GET", path, limit=limit)
    assert (error["param"], error["code"]) == ("limit", "parameter_invalid_integer")


def test_ten_are_shown_unless_told_otherwise(api, make):
    for _ in range(11):
        make.customer()
    found = api.get("customers")
    assert len(found["data"]) == 10
    assert found["has_more"] is True
    assert api.get("customers", limit=11)["has_more"] is False


@pytest.mark.parametrize("name", ["starting_after", "ending_before"])
@pytest.mark.parametrize("path", LISTS)
def test_an_unknown_cursor_is_a_mistake_in_the_call(api, customer, path, name):
    error = api.error("GET", path.format(customer=customer.id), 400, **{name: "nothing_1"})
    assert (error["param"], error["code"]) == (name, "resource_missing")


def test_two_cursors_at_once_are_refused(api, customer):
    error = api.error("GET", "customers", starting_after=customer.id, ending_before=customer.id)
    assert error["param"] == "ending_before"


@pytest.mark.parametrize("noun", ["invoices", "credit_notes"])
def test_lines_keep_the_order_of_their_document_both_ways(api, make, noun):
    invoice = make.invoice(None, 100, 200, 300)
    id = invoice.id if noun == "invoices" else make.credit_note(invoice, 5).id
    lines = _ids(api.get(f"{noun}/{id}/lines"))
    assert _forwards(api.get, f"{noun}/{id}/lines") == lines
    assert _backwards(api.get, f"{noun}/{id}/lines", lines[-1]) == lines


@pytest.mark.parametrize("name", ["starting_after", "ending_before"])
def test_a_line_of_another_document_is_no_cursor(api, make, name):
    one, other = make.invoice(), make.invoice()
    line = _ids(api.get(f"invoices/{other.id}/lines"))[0]
    assert api.error("GET", f"invoices/{one.id}/lines", 400, **{name: line})["param"] == name


def test_before_the_newest_there_is_nothing(api, customer):
    found = api.get("customers", ending_before=customer.id)
    assert (found["data"], found["has_more"]) == ([], False)


FILTERED = ["customers", "products", "prices", "tax_rates", "customers/{customer}/balance_transactions"]


@pytest.mark.parametrize(("bound", "count"), [("gt", 1), ("gte", 2), ("lt", 1), ("lte", 2)])
@pytest.mark.parametrize("path", FILTERED)
def test_lists_are_filtered_by_creation(add, page, path, held_clock, bound, count):
    at = held_clock + clock.DAY
    for moment in (at - 1, at, at + 1):
        with clock.hold_at(moment):
            add(path)
    assert len(page(path, created={"gt": held_clock, "lt": at + 2, bound: at})["data"]) == count
    assert len(page(path, created=at)["data"]) == 1


def test_who_lives_by_a_test_clock_is_listed_by_that_clock_or_customer_alone(api, make):
    clock_id = api.post("test_helpers/test_clocks", frozen_time=clock.now())["id"]
    timed = api.post("customers", test_clock=clock_id)["id"]
    items = [{"price": make.price().id}]
    api.post("subscriptions", customer=timed, items=items)
    api.post("quotes", customer=timed, line_items=items)
    phases = [{"items": items, "iterations": 1}]
    api.post("subscription_schedules", customer=timed, start_date="now", end_behavior="release", phases=phases)
    assert api.get("customers")["data"] == []
    assert [each["id"] for each in api.get("customers", test_clock=clock_id)["data"]] == [timed]
    for path, count in (("subscriptions", 2), ("quotes", 1), ("subscription_schedules", 1)):
        assert api.get(path)["data"] == []
        assert len(api.get(path, customer=timed)["data"]) == count
    assert len(api.get("subscriptions", test_clock=clock_id)["data"]) == 2
    assert len(api.get("quotes", test_clock=clock_id)["data"]) == 1
