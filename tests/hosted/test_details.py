"""Billing information: what shows, what can be changed, and nothing beyond that."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from portal.models import Customer
from tests.clients import Api, Portal
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
    assert "details/phone" in page
    for way in ("details/name", "details/address", "details/email", "details/tax-ids", "details/shipping"):
        assert way not in page


def test_the_address_of_one_form_for_all_leads_to_the_first(portal: Open, make: Factories, customer: Customer) -> None:
    for allowed, first in (((), ""), (("email",), ""), (("phone", "name"), "/name"), (("phone",), "/phone")):
        answer = portal(customer, make.configuration(**allowing(*allowed))).get("details/edit")
        if allowed:
            assert (answer.status_code, answer.location.endswith(f"/details{first}")) == (303, True)
        else:
            assert answer.status_code == 404


@pytest.mark.parametrize("path", ["", "/name", "/phone", "/address", "/shipping", "/email", "/email/code", "/tax-ids"])
def test_without_the_feature_there_is_no_such_page(
    portal: Open, make: Factories, customer: Customer, path: str
) -> None:
    visit, path = portal(customer, make.configuration(**allowing())), f"details{path}"
    assert visit.get(path).status_code == 404
    assert visit.post(path).status_code in {404, 405}


@pytest.mark.parametrize(
    ("allowed", "path"),
    [("phone", "name"), ("name", "phone"), ("email", "address"), ("address", "shipping"), ("name", "email")],
)
def test_each_task_needs_its_own_permission(
    portal: Open, make: Factories, customer: Customer, allowed: str, path: str
) -> None:
    assert portal(customer, make.configuration(**allowing(allowed))).get(f"details/{path}").status_code == 404


def test_each_part_is_saved_on_its_own(portal: Open, make: Factories, customer: Customer) -> None:
    visit = portal(customer, make.configuration())
    for part, fields in (("name", {"name": " Jen R. "}), ("phone", {"phone": "+33 1"}), ("address", ADDRESS)):
        answer = visit.post(f"details/{part}", **fields)
        assert answer.status_code == 303
        assert answer.location.endswith("/details")
        assert "is saved" in visit.get("details").get_data(as_text=True)
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


def test_a_form_saves_nothing_but_its_part(portal: Open, make: Factories, customer: Customer) -> None:
    visit = portal(customer, make.configuration())
    fields = {"name": "Mallory", "phone": "+33 1", "email": "mallory@example.com", "balance": "-9999", **ADDRESS}
    assert visit.post("details/phone", **fields).status_code == 303
    now = stored(make, customer)
    assert (now.name, now.email, now.phone, now.balance) == ("Jenny Rosen", "jenny.rosen@example.com", "+33 1", 0)
    assert now.address == customer.address


def test_shipping_is_saved_and_dropped(portal: Open, make: Factories, customer: Customer) -> None:
    visit = portal(customer, make.configuration(**allowing("shipping")))
    shipping = {"shipping-name": "Jen", "shipping-line1": "Via Roma 1", "shipping-country": "IT"}
    shipping["shipping-postal_code"] = "00184"
    visit.post("details/shipping", **shipping)
    assert (stored(make, customer).shipping or {})["address"]["country"] == "IT"
    visit.post("details/shipping", **dict.fromkeys(shipping, ""))
    assert stored(make, customer).shipping is None


def test_shipping_can_be_the_billing_address(portal: Open, make: Factories, customer: Customer) -> None:
    visit = portal(customer, make.configuration())
    answer = visit.post("details/shipping", same="y", **{"shipping-line1": "half typed"})
    assert answer.status_code == 303
    shipping = stored(make, customer).shipping or {}
    assert (shipping["name"], shipping["phone"]) == ("Jenny Rosen", "+49 30 1234")
    assert shipping["address"] == customer.address


def test_without_a_billing_address_shipping_can_not_be_the_same(portal: Open, make: Factories) -> None:
    customer = make.customer(address={"country": "US"})
    visit = portal(customer, make.configuration())
    assert 'name="same"' not in visit.get("details/shipping").get_data(as_text=True)
    assert visit.post("details/shipping", same="y").status_code == 303
    assert stored(make, customer).shipping is None


def test_a_missing_postal_code_is_asked_for_once(portal: Open, make: Factories, customer: Customer) -> None:
    visit = portal(customer, make.configuration())
    without = {**ADDRESS, "address-postal_code": ""}
    answer = visit.post("details/address", **without)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 400
    assert "Addresses in France have a postal code." in page
    assert 'href="#address-postal_code"' in page
    assert stored(make, customer).address == customer.address
    assert 'name="address-without_code" type="hidden" value="FR"' in page
    # the answer holds for this country alone
    other = {**without, "address-country": "DE", "address-without_code": "FR"}
    assert "Addresses in Germany" in visit.post("details/address", **other).get_data(as_text=True)
    assert visit.post("details/address", **without, **{"address-without_code": "FR"}).status_code == 303
    assert (stored(make, customer).address or {})["postal_code"] is None


def test_where_there_are_no_postal_codes_none_is_asked_for(portal: Open, make: Factories, customer: Customer) -> None:
    hong_kong = {**ADDRESS, "address-postal_code": "", "address-country": "HK"}
    assert portal(customer, make.configuration()).post("details/address", **hong_kong).status_code == 303


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
        ({"shipping-city": "Ro\x00me", "shipping-name": "J"}, "Enter the address."),
        (dict.fromkeys(ADDRESS, ""), "Enter the address."),
    ],
)
def test_mistakes_are_explained_and_nothing_is_saved(
    portal: Open, make: Factories, customer: Customer, changed: dict[str, str], message: str
) -> None:
    visit = portal(customer, make.configuration())
    part = next(iter(changed)).partition("-")[0]
    answer = visit.post(f"details/{part}", **{**(ADDRESS if part == "address" else {}), **changed})
    assert answer.status_code == 400
    assert message in answer.get_data(as_text=True)
    now = stored(make, customer)
    assert (now.name, now.address, now.shipping) == (customer.name, customer.address, customer.shipping)


def test_mistakes_are_linked_to_their_fields_and_what_was_typed_stays(
    portal: Open, make: Factories, customer: Customer
) -> None:
    visit = portal(customer, make.configuration())
    page = visit.post("details/address", **{**ADDRESS, "address-country": ""}).get_data(as_text=True)
    assert 'href="#address-country"' in page
    assert 'value="Rue de Rivoli 1"' in page
    assert "<title>Error:" in page
    assert 'href="#name"' in visit.post("details/name", name="").get_data(as_text=True)


def test_the_forms_help_browsers_to_fill_them_in(portal: Open, make: Factories, customer: Customer) -> None:
    visit = portal(customer, make.configuration())
    for part, hint in (
        ("name", "billing name"),
        ("phone", "billing tel"),
        ("address", "billing postal-code"),
        ("shipping", "shipping address-line1"),
    ):
        assert f'autocomplete="{hint}"' in visit.get(f"details/{part}").get_data(as_text=True)
    assert '<option selected value="DE">Germany</option>' in visit.get("details/address").get_data(as_text=True)


def test_countries_are_in_the_language_of_the_page(portal: Open, make: Factories) -> None:
    page = portal(make.customer(preferred_locales=["de"]), make.configuration()).get("details/address")
    assert ">Deutschland</option>" in page.get_data(as_text=True)


def test_a_form_without_its_token_changes_nothing(portal: Open, make: Factories, customer: Customer) -> None:
    visit = portal(customer, make.configuration())
    assert visit.post("details/name", token=False, name="Mallory").status_code == 400
    assert stored(make, customer).name == "Jenny Rosen"


INCOMPLETE: dict[str, Any] = {"address": {"country": "US", "postal_code": "94103"}, "shipping": None}
UNTOUCHED = {"address-postal_code": "94103", "address-country": "US"}


def test_an_incomplete_address_that_is_left_as_it_is_is_no_mistake(portal: Open, make: Factories) -> None:
    customer = make.customer(**INCOMPLETE)
    visit = portal(customer, make.configuration())
    assert visit.post("details/address", **UNTOUCHED).status_code == 303
    assert visit.post("details/name", name="Ada Corrected").status_code == 303
    now = stored(make, customer)
    assert (now.name, now.address) == ("Ada Corrected", customer.address)


def test_an_incomplete_address_that_is_changed_must_be_whole(portal: Open, make: Factories) -> None:
    customer = make.customer(**INCOMPLETE)
    visit = portal(customer, make.configuration())
    answer = visit.post("details/address", **{**UNTOUCHED, "address-postal_code": "94104"})
    assert (answer.status_code, stored(make, customer).address) == (400, customer.address)


def test_an_odd_number_may_stand_but_not_be_typed(portal: Open, make: Factories) -> None:
    customer = make.customer(name="", phone="odd: 1234")
    visit = portal(customer, make.configuration())
    assert visit.post("details/phone", phone="odd: 1234").status_code == 303
    assert visit.post("details/phone", phone="+33 1").status_code == 303
    assert visit.post("details/phone", phone="odd: 1").status_code == 400
    assert stored(make, customer).phone == "+33 1"


def test_an_order_number_is_printed_on_coming_invoices(portal: Open, make: Factories) -> None:
    customer = make.customer()
    visit = portal(customer, make.configuration())
    assert visit.post("details/purchase_order", purchase_order="PO-7").status_code == 303
    assert "PO-7" in visit.get("details").get_data(as_text=True)
    assert "PO-7" in visit.get(f"invoices/{make.invoice(customer, 1000).id}").get_data(as_text=True)
    visit.post("details/purchase_order", purchase_order="")
    assert "PO-7" not in visit.get(f"invoices/{make.invoice(customer, 1000).id}").get_data(as_text=True)


def test_an_order_number_stays_the_custom_field_that_it_is(portal: Open, make: Factories, api: Api) -> None:
    fields = [{"name": "Bestellnummer", "value": "1"}, {"name": "Cost centre", "value": "7"}]
    customer = make.customer(invoice_settings={"custom_fields": fields})
    visit = portal(customer, make.configuration())
    visit.post("details/purchase_order", purchase_order="2")
    assert api.get(f"customers/{customer.id}")["invoice_settings"]["custom_fields"] == [
        {"name": "Bestellnummer", "value": "2"},
        fields[1],
    ]
    assert api.get(f"invoices/{make.invoice(customer, 1000).id}")["custom_fields"][0]["value"] == "2"
    visit.post("details/purchase_order", purchase_order="")
    assert api.get(f"customers/{customer.id}")["invoice_settings"]["custom_fields"] == fields[1:]
