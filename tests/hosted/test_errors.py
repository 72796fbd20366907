"""Pages for when something went wrong or is over: what happened, in plain words, and the way on."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal import clock
from portal.models import Account, Customer
from tests.clients import Portal, follow_portal_link
from tests.conftest import NOON
from tests.factories import Factories

Open = Callable[..., Portal]
SHOP = "https://shop.example/account"


@pytest.fixture
def customer(make: Factories) -> Customer:
    return make.customer()


def heading(answer: Any) -> str:
    found = re.search("<h1>(.*?)</h1>", answer.get_data(as_text=True))
    assert found
    return found[1]


def test_a_missing_page_says_so_without_jargon(client: FlaskClient) -> None:
    answer = client.get("/nothing")
    html = answer.get_data(as_text=True)
    assert (answer.status_code, heading(answer)) == (404, "Page not found")
    assert "server" not in html
    assert re.search(r"reference: <bdi class=\"code\">req_\w+", html)


def test_inside_a_visit_it_leads_home(portal: Open, make: Factories, customer: Customer) -> None:
    visit = portal(customer, make.configuration())
    html = visit.get("nothing").get_data(as_text=True)
    assert f'class="button" href="/p/{visit.session_id}/"' in html
    assert "Jenny Rosen" in html


def test_a_form_without_its_token_is_refused_in_words(portal: Open, make: Factories, customer: Customer) -> None:
    answer = portal(customer, make.configuration()).post("sign-out", token=False)
    assert (answer.status_code, heading(answer)) == (400, "That did not work")
    assert "CSRF" not in answer.get_data(as_text=True)


def test_too_much_at_once_is_refused_in_words(portal: Open, make: Factories, customer: Customer) -> None:
    answer = portal(customer, make.configuration()).post("details/name", token=False, name="x" * 300_000)
    assert (answer.status_code, heading(answer)) == (413, "That was too much at once")


def test_a_fault_of_ours_is_told_in_words(portal: Open, make: Factories, customer: Customer) -> None:
    visit = portal(customer, make.configuration())
    with make.database.writing(make.scope) as db:
        # a balance without a currency, which no use case can make
        db.get_one(Customer, (customer.tenant_id, customer.id)).balance = 5
    answer = visit.get()
    assert (answer.status_code, heading(answer)) == (500, "Something went wrong on our side")
    assert "Traceback" not in answer.get_data(as_text=True)


def test_signing_out_ends_with_the_way_back(portal: Open, make: Factories, customer: Customer) -> None:
    visit = portal(customer, make.configuration(), return_url=SHOP)
    answer = visit.post("sign-out")
    html = answer.get_data(as_text=True)
    assert heading(answer) == "You are signed out"
    assert f'class="button" href="{SHOP}"' in html
    assert "Sign out" not in html
    assert "<nav" not in html


def test_a_used_link_leads_back_to_the_merchant(app: Flask, make: Factories, customer: Customer, portal: Open) -> None:
    link = make.portal_link(customer, return_url=SHOP)
    follow_portal_link(app.test_client(), link)
    answer = app.test_client().get(link)
    html = answer.get_data(as_text=True)
    assert (answer.status_code, heading(answer)) == (410, "This link was used already")
    assert "Rocket Rides" in html
    assert f'class="button" href="{SHOP}"' in html
    assert "Jenny" not in html


@pytest.mark.usefixtures("held_clock")
def test_an_expired_visit_leads_back_to_the_merchant(portal: Open, make: Factories, customer: Customer) -> None:
    visit = portal(customer, make.configuration(), return_url=SHOP)
    with clock.hold_at(NOON + clock.HOUR):
        answer = visit.get("invoices")
    html = answer.get_data(as_text=True)
    assert answer.status_code == 410
    assert f'class="button" href="{SHOP}"' in html
    assert "Jenny" not in html
    assert "<nav" not in html


def test_an_unknown_link_gives_plain_advice(client: FlaskClient) -> None:
    answer = client.get("/p/session/pls_unknown")
    html = answer.get_data(as_text=True)
    assert (answer.status_code, heading(answer)) == (410, "This link does not work")
    assert "open your billing there again" in html


@pytest.mark.usefixtures("held_clock")
def test_a_link_that_came_too_late_says_so(client: FlaskClient, make: Factories, customer: Customer) -> None:
    link = make.portal_link(customer, return_url=SHOP)
    with clock.hold_at(NOON + clock.HOUR):
        answer = client.get(link)
    assert (answer.status_code, heading(answer)) == (410, "This link has expired")
    assert f'class="button" href="{SHOP}"' in answer.text


def test_a_bookmark_keeps_the_look_of_the_merchant_after_signing_out(
    portal: Open, make: Factories, customer: Customer, writing: Any, scope: Any
) -> None:
    with writing() as db:
        account = db.get_one(Account, scope.account_id)
        account.business_profile = {**account.business_profile, "url": "https://rides.example"}
    visit = portal(customer, make.configuration(), return_url=SHOP)
    visit.post("sign-out")
    answer = visit.get("")
    assert (answer.status_code, heading(answer)) == (410, "You are signed out")
    assert f"/brand/{scope.account_id}-" in answer.text
    assert 'class="button" href="https://rides.example"' in answer.text
    assert "link" not in re.sub("<[^>]+>", "", answer.text).lower()


def test_the_id_of_a_visit_alone_says_whose_portal_it_is_and_no_more(
    app: Flask, portal: Open, make: Factories, customer: Customer
) -> None:
    visit = portal(customer, make.configuration(), return_url=SHOP)
    html = app.test_client().get(f"/p/{visit.session_id}/").get_data(as_text=True)
    assert "Rocket Rides" in html
    for secret in (SHOP, "Jenny", "jenny", customer.id):
        assert secret not in html


def test_what_was_typed_into_a_visit_that_has_ended_is_shown_again(
    portal: Open, make: Factories, customer: Customer
) -> None:
    visit = portal(customer, make.configuration())
    token = visit.token()
    visit.post("sign-out")
    typed = {"address-line1": "Neue Straße 1 <b>", "address-city": "Bonn", "address-state": "", "country": "DE"}
    answer = visit.post("details/address", token=False, csrf_token=token, **typed)
    assert answer.status_code == 410
    assert "What you typed was not saved." in answer.text
    assert "Neue Straße 1 &lt;b&gt;" in answer.text
    assert "<dt>City</dt>" in answer.text
    assert token not in answer.text
    with make.database.reading(make.scope) as db:
        assert (db.get_one(Customer, (customer.tenant_id, customer.id)).address or {}).get("city") == "Berlin"


def test_nothing_of_another_sites_form_is_shown(app: Flask, portal: Open, make: Factories, customer: Customer) -> None:
    visit = portal(customer, make.configuration())
    answer = app.test_client().post(
        f"/p/{visit.session_id}/details/address",
        base_url="https://localhost",
        data={"name": "Call 0900-123"},
        headers={"Sec-Fetch-Site": "cross-site"},
    )
    assert answer.status_code == 400
    assert "0900" not in answer.text


def test_without_the_cookie_the_way_back_is_the_one_for_everybody(
    app: Flask, api: Any, portal: Open, make: Factories, customer: Customer
) -> None:
    configuration = make.configuration()
    api.post(f"billing_portal/configurations/{configuration.id}", default_return_url="https://rides.example/billing")
    visit = portal(customer, configuration, return_url=SHOP)
    html = app.test_client().get(f"/p/{visit.session_id}/").get_data(as_text=True)
    assert 'class="button" href="https://rides.example/billing"' in html
    assert SHOP not in html
