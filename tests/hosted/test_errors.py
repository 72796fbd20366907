"""Pages for when something went wrong or is over: what happened, in plain words, and the way on."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal import clock
from portal.models import Customer
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
    answer = portal(customer, make.configuration()).post("details/edit", token=False, name="x" * 300_000)
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
    assert (answer.status_code, heading(answer)) == (410, "This link has expired")
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
    assert (answer.status_code, heading(answer)) == (410, "This link has expired")
    assert "open your billing there again" in html


def test_the_id_of_a_visit_alone_says_nothing_of_its_merchant(
    app: Flask, portal: Open, make: Factories, customer: Customer
) -> None:
    visit = portal(customer, make.configuration(), return_url=SHOP)
    html = app.test_client().get(f"/p/{visit.session_id}/").get_data(as_text=True)
    assert "Rocket Rides" not in html
    assert SHOP not in html
