"""Billing information: what shows, what can be changed, and nothing beyond that."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from portal.models import Customer
from tests.clients import Portal
from tests.factories import Factories

Open = Callable[..., Portal]
ADDRESS = {
    "address-line1": "Rue de Rivoli 1",
    "address-line2": "",
    "address-postal_code": "75001",
    "address-city": "Paris",
    "address-state": "",
    "address-country": "FR",
}


def allowing(*updates: str) -> dict[str, Any]:
    return {"customer_update": {"enabled": bool(updates), "allowed_updates": list(updates)}}


def stored(make: Factories, customer: Customer) -> Customer:
    with make.database.reading(make.scope) as db:
        found: Customer | None = db.get(Customer, (customer.tenant_id, customer.id))
    assert found is not None
    return found


@pytest.fixture
def customer(make: Factories) -> Customer:
    return make.customer(phone="+49 30 1234")


def test_the_page_shows_what_is_on_file(portal: Open, make: Factories, customer: Customer) -> None:
    page = portal(customer, make.configuration()).get("details").get_data(as_text=True)
    for words in ("jenny.rosen@example.com", "Jenny Rosen", "+49 30 1234", "Lindenstraße 3", "Germany"):
        assert words in page


def test_only_what_is_allowed_has_a_way_to_change_it(portal: Open, make: Factories, customer: Customer) -> None:
    page = portal(customer, make.configuration(**allowing("phone"))).get("details").get_data(as_text=True)
    assert "details/edit#phone" in page
    for way in ("details/edit#name", "details/edit#address", "details/email", "details/tax-ids", "details/edit#ship"):
        assert way not in page


@pytest.mark.parametrize("path", ["details", "details/edit", "details/email", "details/email/code", "details/tax-ids"])
def test_without_the_feature_there_is_no_such_page(
    portal: Open, make: Factories, customer: Customer, path: str
) -> None:
    visit = portal(customer, make.configuration(**allowing()))
    assert visit.get(path).status_code == 404
    assert visit.post(path).status_code in {404, 405}


@pytest.mark.parametrize(
    ("allowed", "path"),
    [("email", "details/edit"), ("tax_id", "details/edit"), ("name", "details/email"), ("name", "details/tax-ids")],
)
def test_each_task_needs_its_own_permission(
    portal: Open, make: Factories, customer: Customer, allowed: str, path: str
) -> None:
    assert portal(customer, make.configuration(**allowing(allowed))).get(path).status_code == 404


def test_everything_is_saved(portal: Open, make: Factories, customer: Customer) -> None:
    visit = portal(customer, make.configuration())
    answer = visit.post("details/edit", **{"name": " Jen R. ", "phone": "+33 1", **ADDRESS})
    assert answer.status_code == 303
    assert answer.location.endswith("/details")
    now = stored(make, customer)
    assert (now.name, now.phone, now.shipping) == ("Jen R.", "+33 1", None)
    assert now.address == {
        "line1": "Rue de Rivoli 1",
        "line2": None,
        "postal_code": "75001",
        "city": "Paris",
        "state": None,
        "country": "FR",
    }
    assert "is saved" in visit.get("details").get_data(as_text=True)


def test_what_is_not_allowed_is_not_changed_when_posted(portal: Open, make: Factories, customer: Customer) -> None:
    visit = portal(customer, make.configuration(**allowing("phone")))
    fields = {"name": "Mallory", "phone": "+33 1", "email": "mallory@example.com", "balance": "-9999", **ADDRESS}
    assert visit.post("details/edit", **fields).status_code == 303
    now = stored(make, customer)
    assert (now.name, now.email, now.phone, now.balance) == ("Jenny Rosen", "jenny.rosen@example.com", "+33 1", 0)
    assert now.address == customer.address


def test_shipping_is_saved_and_dropped(portal: Open, make: Factories, customer: Customer) -> None:
    visit = portal(customer, make.configuration(**allowing("shipping")))
    shipping = {"shipping-name": "Jen", "shipping-line1": "Via Roma 1", "shipping-country": "IT"}
    visit.post("details/edit", **shipping)
    assert (stored(make, customer).shipping or {})["address"]["country"] == "IT"
    visit.post("details/edit", **dict.fromkeys(shipping, ""))
    assert stored(make, customer).shipping is None


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"name": " "}, "Enter your name"),
        ({"phone": "call me"}, "Use only digits"),
        ({"phone": "1" * 21}, "Use at most 20 characters."),
        ({"address-line1": ""}, "Enter the address."),
        ({"address-country": ""}, "Choose a country."),
        ({"address-country": "XX"}, "Choose a country."),
        ({"name": "Jen\u202eny"}, "can&#39;t be used"),
        ({"address-city": "Ber\x00lin"}, "can&#39;t be used"),
        ({"shipping-city": "Rome"}, "Enter the name of the person who receives it."),
        (dict.fromkeys(ADDRESS, ""), "Enter the address."),
    ],
)
def test_mistakes_are_explained_and_nothing_is_saved(
    portal: Open, make: Factories, customer: Customer, changed: dict[str, str], message: str
) -> None:
    visit = portal(customer, make.configuration())
    answer = visit.post("details/edit", **{"name": "New name", "phone": "", **ADDRESS, **changed})
    assert answer.status_code == 400
    assert message in answer.get_data(as_text=True)
    assert stored(make, customer).name == "Jenny Rosen"


def test_mistakes_are_linked_to_their_fields_and_what_was_typed_stays(
    portal: Open, make: Factories, customer: Customer
) -> None:
    answer = portal(customer, make.configuration()).post("details/edit", name="", **{**ADDRESS, "address-country": ""})
    page = answer.get_data(as_text=True)
    assert 'href="#name"' in page
    assert 'href="#address-country"' in page
    assert 'value="Rue de Rivoli 1"' in page
    assert "<title>Error:" in page


def test_the_form_helps_browsers_to_fill_it_in(portal: Open, make: Factories, customer: Customer) -> None:
    page = portal(customer, make.configuration()).get("details/edit").get_data(as_text=True)
    for hint in ("billing name", "billing tel", "billing postal-code", "billing country", "shipping address-line1"):
        assert f'autocomplete="{hint}"' in page
    assert '<option selected value="DE">Germany</option>' in page


def test_countries_are_in_the_language_of_the_page(portal: Open, make: Factories) -> None:
    page = portal(make.customer(preferred_locales=["de"]), make.configuration()).get("details/edit")
    assert ">Deutschland</option>" in page.get_data(as_text=True)


def test_a_form_without_its_token_changes_nothing(portal: Open, make: Factories, customer: Customer) -> None:
    visit = portal(customer, make.configuration())
    assert visit.post("details/edit", token=False, name="Mallory", **ADDRESS).status_code == 400
    assert stored(make, customer).name == "Jenny Rosen"


# --- what stands as it is stored keeps nobody from changing something else ------------------------------------


INCOMPLETE: dict[str, Any] = {"address": {"country": "US", "postal_code": "94103"}, "shipping": None}
UNTOUCHED = {"address-postal_code": "94103", "address-country": "US"}


def test_an_incomplete_address_lets_the_name_be_corrected(portal: Open, make: Factories) -> None:
    customer = make.customer(**INCOMPLETE)
    visit = portal(customer, make.configuration())
    answer = visit.post("details/edit", name="Ada Corrected", phone="", **UNTOUCHED)
    assert answer.status_code == 303
    now = stored(make, customer)
    assert (now.name, now.address) == ("Ada Corrected", customer.address)


def test_an_incomplete_address_that_is_changed_must_be_whole(portal: Open, make: Factories) -> None:
    customer = make.customer(**INCOMPLETE)
    visit = portal(customer, make.configuration())
    answer = visit.post("details/edit", name=customer.name, phone="", **{**UNTOUCHED, "address-postal_code": "94104"})
    assert (answer.status_code, stored(make, customer).address) == (400, customer.address)


def test_a_customer_without_a_name_changes_the_phone(portal: Open, make: Factories) -> None:
    customer = make.customer(name="", phone="odd: 1234")
    visit = portal(customer, make.configuration())
    assert visit.post("details/edit", name="", phone="odd: 1234", **ADDRESS).status_code == 303
    assert visit.post("details/edit", name="", phone="+33 1", **ADDRESS).status_code == 303
    assert visit.post("details/edit", name="", phone="odd: 1", **ADDRESS).status_code == 400
    assert stored(make, customer).phone == "+33 1"
