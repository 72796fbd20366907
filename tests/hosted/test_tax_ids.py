"""Tax IDs: added in two steps, explained when refused, removed after asking once more."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from portal.billing.ledger import tax_ids
from portal.models import Customer, TaxId
from tests.clients import Portal
from tests.factories import Factories
from tests.hosted.two_clicks import click_twice

Open = Callable[..., Portal]
VALID = ("DE136695976", "DE129273398", "DE123456788", "DE811569869", "DE136725570")


def own(make: Factories, customer: Customer) -> list[TaxId]:
    with make.database.reading(make.scope) as db:
        return list(db.scalars(select(TaxId).where(TaxId.customer_id == customer.id)))


def given(make: Factories, customer: Customer, value: str = "DE136695976", type: str = "eu_vat") -> TaxId:
    return make.run(tax_ids.create, tax_ids.CreateTaxId, customer=customer.id, type=type, value=value)


@pytest.fixture
def customer(make: Factories) -> Customer:
    return make.customer()


@pytest.fixture
def visit(portal: Open, make: Factories, customer: Customer) -> Portal:
    return portal(customer, make.configuration())


def test_first_the_country_is_asked(visit: Portal) -> None:
    page = visit.get("details/tax-ids").get_data(as_text=True)
    assert '<option value="DE" selected>Germany</option>' in page
    assert 'value="AQ"' not in page  # nobody registers for tax in Antarctica


@pytest.mark.parametrize("country", ["", "XX", "AQ", "<b>"])
def test_a_country_without_tax_ids_is_asked_again(visit: Portal, country: str) -> None:
    page = visit.get("details/tax-ids", query_string={"country": country}).get_data(as_text=True)
    assert "In which country" in page


def test_then_the_kinds_of_the_country_with_examples(visit: Portal) -> None:
    page = visit.get("details/tax-ids?country=de").get_data(as_text=True)
    for words in ("VAT no.", "DE123456789", "Tax no.", 'name="type"', 'name="value"'):
        assert words in page


def test_a_country_with_one_kind_asks_for_the_number_only(visit: Portal) -> None:
    page = visit.get("details/tax-ids?country=US").get_data(as_text=True)
    assert '<input type="hidden" name="type" value="us_ein">' in page
    assert "radio" not in page


def test_a_tax_id_is_added_in_normal_form(visit: Portal, make: Factories, customer: Customer) -> None:
    answer = visit.post("details/tax-ids?country=DE", type="eu_vat", value=" de 136 695 976 ")
    assert answer.status_code == 303
    assert [(row.type, row.value) for row in own(make, customer)] == [("eu_vat", "DE136695976")]
    assert "Your tax ID is added." in visit.get("details").get_data(as_text=True)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"type": "eu_vat", "value": "12345"}, "VAT no.\u2069 (Germany) looks like \u2068DE123456789"),
        ({"type": "eu_vat", "value": ""}, "Enter the number."),
        ({"value": "DE136695976"}, "Choose the kind of tax ID."),
        ({"type": "us_ein", "value": "12-3456789"}, "Not a valid choice"),
        ({"type": "eu_vat", "value": "9" * 101}, "Use at most 100 characters."),
        ({"type": "eu_vat", "value": "DE\x00136695976"}, "looks like"),
    ],
)
def test_mistakes_are_explained(
    visit: Portal, make: Factories, customer: Customer, fields: dict[str, str], message: str
) -> None:
    answer = visit.post("details/tax-ids?country=DE", **fields)
    assert answer.status_code == 400
    assert message in answer.get_data(as_text=True)
    assert own(make, customer) == []


def test_the_same_one_is_there_once(visit: Portal, make: Factories, customer: Customer) -> None:
    given(make, customer)
    answer = visit.post("details/tax-ids?country=DE", type="eu_vat", value="DE136695976")
    assert "You have this tax ID already." in answer.get_data(as_text=True)
    assert len(own(make, customer)) == 1


def test_five_are_the_most(visit: Portal, make: Factories, customer: Customer) -> None:
    for value in VALID:
        given(make, customer, value)
    assert "Add a tax ID" not in visit.get("details").get_data(as_text=True)
    assert "remove one first" in visit.get("details/tax-ids").get_data(as_text=True)
    answer = visit.post("details/tax-ids?country=US", type="us_ein", value="12-3456789")
    assert "at most 5" in answer.get_data(as_text=True)
    assert len(own(make, customer)) == 5


@pytest.mark.parametrize(
    ("type", "value", "words"),
    [
        ("eu_vat", "DE136695976", "Valid format"),
        ("eu_vat", "DE123456789", "This is not a valid number. Please check it."),
        ("us_ein", "12-3456789", None),
    ],
)
def test_what_the_check_says(
    visit: Portal, make: Factories, customer: Customer, type: str, value: str, words: str | None
) -> None:
    given(make, customer, value, type)
    page = visit.get("details").get_data(as_text=True).replace("don't", "don&#39;t")
    assert value in page
    assert ("alid format" in page or "not a valid number" in page) is (words is not None)
    assert words is None or words in page


def test_removing_asks_first(visit: Portal, make: Factories, customer: Customer) -> None:
    row = given(make, customer)
    assert "DE136695976" in visit.get(f"details/tax-ids/{row.id}/remove").get_data(as_text=True)
    assert len(own(make, customer)) == 1
    assert visit.post(f"details/tax-ids/{row.id}/remove").status_code == 303
    assert own(make, customer) == []


def test_another_customers_tax_id_does_not_exist(visit: Portal, make: Factories) -> None:
    other = make.customer()
    row = given(make, other)
    assert visit.get(f"details/tax-ids/{row.id}/remove").status_code == 404
    assert visit.post(f"details/tax-ids/{row.id}/remove").status_code == 404
    assert len(own(make, other)) == 1


def test_without_permission_they_only_show(portal: Open, make: Factories, customer: Customer) -> None:
    row = given(make, customer)
    only_name = {"customer_update": {"enabled": True, "allowed_updates": ["name"]}}
    visit = portal(customer, make.configuration(**only_name))
    page = visit.get("details").get_data(as_text=True)
    assert row.value in page
    assert "remove" not in page
    assert visit.post(f"details/tax-ids/{row.id}/remove").status_code == 404


def test_two_clicks_at_the_same_moment_both_see_it_removed(visit: Portal, make: Factories, customer: Customer) -> None:
    row = given(make, customer)
    answers = click_twice(make, customer, visit, f"details/tax-ids/{row.id}/remove")
    assert [(answer.status_code, answer.location[-8:]) for answer in answers] == [(303, "/details")] * 2
    assert own(make, customer) == []
    assert "is removed." in visit.get("details").get_data(as_text=True)
    assert visit.get(f"details/tax-ids/{row.id}/remove").status_code == 303


def test_two_clicks_at_the_same_moment_add_one(visit: Portal, make: Factories, customer: Customer) -> None:
    fields = {"type": "eu_vat", "value": "DE 136695976"}
    answers = click_twice(make, customer, visit, "details/tax-ids?country=DE", **fields)
    assert [(answer.status_code, answer.location[-8:]) for answer in answers] == [(303, "/details")] * 2
    assert [row.value for row in own(make, customer)] == ["DE136695976"]


def test_what_another_visit_has_removed_is_gone(visit: Portal, make: Factories, customer: Customer) -> None:
    row = given(make, customer)
    with make.database.writing(make.scope) as db:
        tax_ids.delete(db, db.merge(row), now=0)
    assert visit.post(f"details/tax-ids/{row.id}/remove").status_code == 404
