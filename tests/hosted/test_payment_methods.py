"""Payment methods in the portal: shown, added with a mandate, replaced, removed, where the account is a creditor."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from portal.models import Customer, Mandate, PaymentMethod
from tests.clients import Api, Portal
from tests.factories import Factories
from tests.hosted.two_clicks import click_twice

Open = Callable[..., Portal]
IBAN = "DE89 3704 0044 0532 0130 00"
OTHER = "FR14 2004 1010 0505 0001 3M02 606"
CREDITOR = {"creditor_id": "DE98ZZZ09999999999", "creditor_name": "Rocket Rides", "iban": "DE02120300000000202051"}
ENABLED = {"payment_method_update": {"enabled": True}, "invoice_history": {"enabled": True}}


@pytest.fixture
def customer(make: Factories) -> Customer:
    return make.customer(name="Jenny Rosen")


@pytest.fixture
def creditor(api: Api) -> None:
    api.post("account", settings={"direct_debit": CREDITOR})


@pytest.fixture
def visit(portal: Open, make: Factories, customer: Customer, creditor: None) -> Portal:
    return portal(customer, make.configuration(**ENABLED))


def page_of(visit: Portal, path: str) -> str:
    return visit.get(path).get_data(as_text=True)


def hidden(page: str, name: str) -> str:
    [field] = re.findall(rf'<input[^>]*name="{name}"[^>]*>', page)[:1]
    return field.partition('value="')[2].partition('"')[0]


def filled(visit: Portal, path: str = "payment-methods/add", **changed: Any) -> dict[str, Any]:
    reference = hidden(page_of(visit, path), "reference")
    return {"name": "Jenny Rosen", "iban": IBAN, "agree": "y", "reference": reference, **changed}


def added(visit: Portal, iban: str = IBAN, path: str = "payment-methods/add") -> None:
    assert visit.post(path, **filled(visit, path, iban=iban)).status_code == 303


def stored(make: Factories, model: Any) -> list[Any]:
    with make.database.reading(make.scope) as db:
        return list(db.scalars(select(model).order_by(model.created, model.id)))


def test_an_account_is_added_with_the_words_that_were_shown(
    visit: Portal, make: Factories, api: Api, customer: Customer
) -> None:
    assert "No bank account yet" in page_of(visit, "")
    shown = page_of(visit, "payment-methods/add")
    added(visit)
    [method], [mandate] = stored(make, PaymentMethod), stored(make, Mandate)
    assert (method.customer_id, method.details["last4"]) == (customer.id, "3000")
    assert (mandate.status, mandate.creditor_id, mandate.locale) == ("active", "DE98ZZZ09999999999", "en")
    assert mandate.session_id is not None
    assert mandate.acceptance["online"]["ip_address"] == "127.0.0.1"
    assert mandate.reference in shown
    for line in mandate.text.split("\n\n")[1:]:
        assert line in shown.replace("&#39;", "'")
    assert "8 weeks" in mandate.text
    assert "Rocket Rides" in mandate.text
    assert mandate.reference in mandate.text
    chosen = api.get(f"customers/{customer.id}")["invoice_settings"]["default_payment_method"]
    assert chosen == method.id
    home = page_of(visit, "")
    assert "•••• 3000" in home
    assert "0532" not in home


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"iban": "DE88 3704 0044 0532 0130 00"}, "This IBAN is not right."),
        ({"iban": "US64SVBKUS6S3300958879"}, "can&#39;t be debited"),
        ({"iban": "DE89"}, "begins with two letters"),
        ({"iban": "DE89 3704"}, "too few or too many"),
        ({"iban": ""}, "Enter the IBAN."),
        ({"name": ""}, "Enter the name of the account holder."),
        ({"agree": None}, "Tick the box"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(
    visit: Portal, make: Factories, changed: dict[str, Any], words: str
) -> None:
    sent = {key: value for key, value in filled(visit, **changed).items() if value is not None}
    answer = visit.post("payment-methods/add", **sent)
    text = answer.get_data(as_text=True)
    assert answer.status_code == 400
    assert words in text
    assert f'value="{sent["iban"]}"' in text
    assert stored(make, PaymentMethod) == []


def test_a_second_click_adds_nothing(visit: Portal, make: Factories) -> None:
    sent = filled(visit)
    assert [visit.post("payment-methods/add", **sent).status_code for _ in range(2)] == [303, 303]
    assert len(stored(make, PaymentMethod)) == 1


def test_two_clicks_at_once_add_one(visit: Portal, make: Factories, customer: Customer) -> None:
    added(visit, OTHER)
    [old] = stored(make, PaymentMethod)
    path = f"payment-methods/add?replaces={old.id}"
    answers = click_twice(make, customer, visit, path, **filled(visit, path))
    assert [answer.status_code for answer in answers] == [303, 303]
    assert [each.details["last4"] for each in stored(make, PaymentMethod) if each.customer_id] == ["3000"]
    assert len(stored(make, Mandate)) == 2


def test_words_that_have_changed_are_agreed_to_again(visit: Portal, make: Factories) -> None:
    answer = visit.post("payment-methods/add", **filled(visit, reference="OLD-1"))
    assert answer.status_code == 400
    assert "Tick the box" in answer.get_data(as_text=True)
    assert stored(make, PaymentMethod) == []


def test_another_account_becomes_the_default(visit: Portal, make: Factories, api: Api, customer: Customer) -> None:
    added(visit)
    added(visit, OTHER)
    first, second = (each.id for each in stored(make, PaymentMethod))
    assert api.get(f"customers/{customer.id}")["invoice_settings"]["default_payment_method"] == second
    assert visit.post(f"payment-methods/{first}/default").status_code == 303
    assert api.get(f"customers/{customer.id}")["invoice_settings"]["default_payment_method"] == first
    assert visit.post(f"payment-methods/{first}/remove").status_code == 303
    assert api.get(f"customers/{customer.id}")["invoice_settings"]["default_payment_method"] == second
    assert visit.post(f"payment-methods/{first}/remove").status_code == 303


def test_one_stays_while_plans_are_collected_from_it(
    visit: Portal, make: Factories, api: Api, customer: Customer
) -> None:
    plan = make.subscription(customer, collection_method="charge_automatically", days_until_due=None)
    added(visit)
    [method] = stored(make, PaymentMethod)
    api.post(f"subscriptions/{plan.id}", default_payment_method=method.id)
    assert "Pays for" in page_of(visit, "")
    assert "one has to stay" in page_of(visit, f"payment-methods/{method.id}/remove")
    assert visit.post(f"payment-methods/{method.id}/remove").status_code == 400
    added(visit, OTHER, f"payment-methods/add?replaces={method.id}")
    listed = api.get("payment_methods", customer=customer.id)["data"]
    assert [each["sepa_debit"]["last4"] for each in listed] == ["2606"]
    assert api.get(f"subscriptions/{plan.id}")["default_payment_method"] == listed[0]["id"]
    assert {(each.payment_method_id, each.status) for each in stored(make, Mandate)} == {
        (method.id, "inactive"),
        (listed[0]["id"], "active"),
    }


def test_a_mandate_that_ended_is_said(visit: Portal, make: Factories, api: Api, customer: Customer) -> None:
    account = {"type": "sepa_debit", "sepa_debit": {"iban": IBAN}, "billing_details": {"name": "Jenny"}}
    method = api.post("payment_methods", **account)["id"]
    page_of(visit, "")
    api.post(f"payment_methods/{method}/attach", customer=customer.id)
    assert "There is no valid mandate for it" in page_of(visit, "")
    api.post(f"payment_methods/{method}/detach")
    assert "No bank account yet" in page_of(visit, "")


def test_anothers_account_does_not_exist(visit: Portal, make: Factories, api: Api) -> None:
    account = {"type": "sepa_debit", "sepa_debit": {"iban": IBAN}, "billing_details": {"name": "Jenny"}}
    method = api.post("payment_methods", **account)["id"]
    api.post(f"payment_methods/{method}/attach", customer=make.customer().id)
    assert visit.get(f"payment-methods/{method}/remove").status_code == 404
    assert visit.post(f"payment-methods/{method}/default").status_code == 404
    assert visit.get(f"payment-methods/add?replaces={method}").status_code == 404


def test_without_a_creditor_there_is_nothing(portal: Open, make: Factories, api: Api, customer: Customer) -> None:
    api.post("account", settings={"direct_debit": {**CREDITOR, "iban": ""}})
    visit = portal(customer, make.configuration(**ENABLED))
    assert "Payment methods" not in page_of(visit, "")
    assert visit.get("payment-methods/add").status_code == 404
    flow = {"type": "payment_method_update"}
    configuration = make.configuration(**ENABLED).id
    error = api.error(
        "POST", "billing_portal/sessions", customer=customer.id, configuration=configuration, flow_data=flow
    )
    assert "settings[direct_debit]" in error["message"]


def test_a_flow_ends_with_the_account(
    portal: Open, make: Factories, creditor: None, customer: Customer, api: Api
) -> None:
    after = {"type": "hosted_confirmation", "hosted_confirmation": {"custom_message": "Thank you!"}}
    flow = {"type": "payment_method_update", "after_completion": after}
    visit = portal(customer, make.configuration(**ENABLED), flow_data=flow)
    assert visit.get("").location.endswith("/payment-methods/add")
    assert visit.get("payment-methods").status_code == 404
    token = hidden(page_of(visit, "payment-methods/add"), "csrf_token")
    answer = visit.post("payment-methods/add", token=False, csrf_token=token, **filled(visit))
    assert answer.location.endswith("/done")
    assert "Thank you!" in page_of(visit, "done")
    assert visit.get("payment-methods/add").location.endswith("/done")
    assert api.get("payment_methods", customer=customer.id)["data"][0]["sepa_debit"]["last4"] == "3000"


@pytest.mark.parametrize(
    ("sent", "param"),
    [
        ({"creditor_id": "DE99ZZZ09999999999"}, "settings[direct_debit][creditor_id]"),
        ({"creditor_id": "DE98"}, "settings[direct_debit][creditor_id]"),
        ({"iban": "US64SVBKUS6S3300958879"}, "settings[direct_debit][iban]"),
        ({"bic": "XX"}, "settings[direct_debit][bic]"),
    ],
)
def test_a_wrong_creditor_is_refused(api: Api, sent: dict[str, str], param: str) -> None:
    assert api.error("POST", "account", settings={"direct_debit": sent})["param"] == param


def test_a_creditor_is_kept_in_normal_form(api: Api) -> None:
    sent = {"creditor_id": "de98 zzz 0999 9999 999", "creditor_name": "Rocket", "iban": "de02 1203 0000 0000 2020 51"}
    shown = api.post("account", settings={"direct_debit": sent})["settings"]["direct_debit"]
    assert shown == {**CREDITOR, "creditor_name": "Rocket", "bic": None}
