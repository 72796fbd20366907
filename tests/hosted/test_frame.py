"""What is around every page: the merchant's words and colours, who is visiting, and the ways on."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal import create_app
from portal.billing.accounts import account_updates, accounts
from portal.billing.accounts.account_updates import UpdateAccount
from portal.billing.accounts.new_accounts import NewAccount
from portal.billing.configurations import configurations
from portal.db import Database
from portal.hosted.navigation import ENTRIES
from portal.models import Account, Configuration, Customer
from portal.rules import colours
from portal.web.policies import POLICIES
from portal.wire.commands import parse_command
from tests.clients import Portal
from tests.factories import Factories

Open = Callable[..., Portal]
TOP = Path(__file__).parents[2]
SHEET = (TOP / "static" / "app.css").read_text()


def page(visit: Portal, path: str = "") -> str:
    answer = visit.get(path)
    assert answer.status_code == 200, answer.status
    return answer.get_data(as_text=True)


def named(make: Factories, configuration: Configuration, **profile: str) -> Configuration:
    command = configurations.UpdateConfiguration
    return make.run(configurations.update, command, configuration, business_profile=profile)


def branded(database: Database, account: Account, **colors: str) -> str:
    """Give the merchant colours; answers the path of the stylesheet without its ending."""
    with database.writing() as db:
        row = accounts.find_account(db, account.id)
        account_updates.update_account(db, row, parse_command(UpdateAccount, {"settings": {"branding": colors}}))
        db.flush()
        return f"/brand/{row.id}-{row.revision}"


@pytest.fixture
def customer(make: Factories) -> Customer:
    return make.customer()


def test_the_customer_sees_whose_page_it_is(portal: Open, make: Factories, customer: Customer) -> None:
    html = page(portal(customer, make.configuration(), return_url="https://shop.example/account?tab=1&x=2"))
    assert "Rocket Rides" in html
    assert "Jenny Rosen" in html
    assert "jenny.rosen@example.com" in html
    assert 'href="https://shop.example/account?tab=1&amp;x=2"' in html
    assert "Return to Rocket Rides" in html


def test_without_a_return_address_there_is_no_way_back(portal: Open, make: Factories, customer: Customer) -> None:
    assert "Return to" not in page(portal(customer, make.configuration()))


def test_headline_and_legal_links_come_from_the_configuration(
    portal: Open, make: Factories, customer: Customer
) -> None:
    links = {"privacy_policy_url": "https://shop.example/privacy", "terms_of_service_url": "https://shop.example/terms"}
    html = page(portal(customer, named(make, make.configuration(), headline="Rides & bills <here>", **links)))
    assert "Rides &amp; bills &lt;here&gt;" in html
    assert 'href="https://shop.example/privacy"' in html
    assert 'href="https://shop.example/terms"' in html


def test_without_a_headline_there_is_a_sentence(portal: Open, make: Factories, customer: Customer) -> None:
    html = page(portal(customer, make.configuration()))
    assert "Rocket Rides keeps your billing here" in html
    assert "Privacy" not in html


def test_the_navigation_says_where_one_is(portal: Open, make: Factories, customer: Customer) -> None:
    visit = portal(customer, make.configuration())
    assert f'href="/p/{visit.session_id}/" aria-current="page"' in page(visit)
    assert f'href="/p/{visit.session_id}/invoices" aria-current="page"' in page(visit, "invoices")


def test_a_page_below_another_keeps_its_entry(portal: Open, make: Factories, customer: Customer) -> None:
    visit = portal(customer, make.configuration())
    assert f'href="/p/{visit.session_id}/invoices" aria-current="true"' in page(
        visit, f"invoices/{make.invoice(customer).id}"
    )


def test_the_navigation_leaves_out_what_is_switched_off(portal: Open, make: Factories, customer: Customer) -> None:
    off = {"invoice_history": {"enabled": False}, "customer_update": {"enabled": False, "allowed_updates": []}}
    navigation = re.search("<nav.*?</nav>", page(portal(customer, make.configuration(**off))), re.DOTALL)
    assert navigation
    assert re.findall(r">([^<>]+)</a>", navigation[0]) == ["Home"]


def test_what_the_navigation_shows_can_be_opened(app: Flask) -> None:
    """An entry and its page have the same permission, so that no entry leads nowhere."""
    adapter = app.url_map.bind("localhost")
    pages = [(path, allows, adapter.match(f"/p/bps_1/{path}")[0]) for _name, path, allows in ENTRIES]
    assert {path for path, allows, endpoint in pages if POLICIES[endpoint].allows not in {allows, None}} == set()


def test_a_flow_has_no_navigation_but_a_way_out(portal: Open, make: Factories, customer: Customer) -> None:
    visit = portal(customer, make.configuration(), flow_data={"type": "customer_update"})
    html = page(visit, "details")
    assert "<nav" not in html
    assert 'action="/p/' + visit.session_id + '/sign-out"' in html


def test_test_mode_is_named(portal: Open, make: Factories, customer: Customer) -> None:
    assert "Test mode" in page(portal(customer, make.configuration()))


def test_brand_colours_are_a_stylesheet_that_browsers_keep(
    client: FlaskClient, database: Database, merchant: NewAccount
) -> None:
    path = branded(database, merchant.account, primary_color="#FFD23F", secondary_color="#0b5d4e")
    answer = client.get(f"{path}.css")
    assert answer.mimetype == "text/css"
    assert "immutable" in answer.headers["Cache-Control"]
    light, dark = answer.get_data(as_text=True).split("@media")
    assert "--panel:#ffd23f;--on-panel:#15171a;--accent:#0b5d4e;--on-accent:#ffffff" in light
    assert "prefers-color-scheme:dark" in dark


def test_an_older_address_is_not_kept_under_todays_colours(
    client: FlaskClient, database: Database, merchant: NewAccount
) -> None:
    older = branded(database, merchant.account, primary_color="#111111")
    branded(database, merchant.account, primary_color="#222222")
    assert client.get(f"{older}.css").headers["Cache-Control"] == "no-store"


def test_every_page_links_the_stylesheet_of_its_merchant(portal: Open, make: Factories, customer: Customer) -> None:
    visit = portal(customer, make.configuration())
    (path,) = re.findall(r'href="(/brand/[^"]+\.css)"', page(visit))
    assert visit.client.get(path).status_code == 200


def test_the_mark_is_the_first_letter(client: FlaskClient, database: Database, merchant: NewAccount) -> None:
    answer = client.get(branded(database, merchant.account, primary_color="#0b5d4e") + ".svg")
    assert answer.mimetype == "image/svg+xml"
    assert ">R</text>" in answer.get_data(as_text=True)


def test_an_unknown_brand_does_not_exist(client: FlaskClient) -> None:
    assert client.get("/brand/acct_unknown-1.css").status_code == 404


def test_static_files_are_linked_with_a_version_and_kept(portal: Open, make: Factories, customer: Customer) -> None:
    visit = portal(customer, make.configuration())
    (path,) = re.findall(r'href="(/static/app\.css\?[0-9a-f]{12})"', page(visit))
    with visit.client.get(path) as answer:
        assert "max-age=31536000" in answer.headers["Cache-Control"]


def test_nothing_is_inline_or_foreign(portal: Open, make: Factories, customer: Customer) -> None:
    make.subscription(customer)
    visit = portal(customer, make.configuration())
    for path in ("", "invoices", f"invoices/{make.invoice(customer).id}"):
        html = page(visit, path)
        assert not re.search(
            r"<(script(?! src=\"/static/)|style)\b|\s(style|on[a-z]+)=|(src|href)=\"(https?:)?//", html
        )


def test_the_start_page_is_small(portal: Open, make: Factories, customer: Customer) -> None:
    for number in range(5):
        make.paid_invoice(customer, 1000 + number)
    make.subscription(customer)
    assert len(page(portal(customer, make.configuration())).encode()) + len(SHEET.encode()) < 40_000
    assert len(SHEET.splitlines()) <= 510


def tokens(block: str) -> dict[str, str]:
    return dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", block))


LIGHT = tokens(SHEET.split("@media")[0])
DARK = {**LIGHT, **tokens(SHEET.split("@media")[1].split("}")[0])}
TEXTS = {
    "page": "text muted good attention danger accent",
    "raised": "text muted accent",
    "soft": "text",
    "good-soft": "good",
    "attention-soft": "attention",
    "danger": "on-danger",
    "accent": "on-accent",
    "panel": "on-panel",
}


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
def test_every_text_is_readable_on_its_ground(scheme: dict[str, str]) -> None:
    pairs = [(ground, text) for ground, names in TEXTS.items() for text in names.split()]
    assert [pair for pair in pairs if colours.contrast_ratio(scheme[pair[0]], scheme[pair[1]]) < 4.5] == []
    assert colours.contrast_ratio(scheme["edge"], scheme["page"]) >= 3


def test_accents_are_corrected_for_the_grounds_of_the_stylesheet() -> None:
    assert (LIGHT["page"], LIGHT["raised"]) == colours.LIGHT_SURFACES
    assert (DARK["page"], DARK["raised"]) == colours.DARK_SURFACES


def test_the_sample_page_is_for_demos_only(app: Flask, client: FlaskClient) -> None:
    assert client.get("/").status_code == client.get("/patterns").status_code == 404
    demo = create_app(replace(app.extensions["portal"].settings, demo=True))
    assert demo.test_client().get("/").location == "/demo"
    answer = demo.test_client().get("/patterns")
    demo.extensions["portal"].database.dispose()
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("path", "current"),
    [
        ("", "Home"),
        ("subscriptions/{plan}/cancel", "Home"),
        ("invoices", "Invoices"),
        ("invoices/{invoice}", "Invoices"),
        ("credit-notes/{note}", "Invoices"),
        ("downloads", "Invoices"),
        ("statements", "Invoices"),
        ("details/phone", "Billing information"),
    ],
)
def test_every_page_has_a_current_tab(
    portal: Open, make: Factories, customer: Customer, path: str, current: str
) -> None:
    invoice = make.invoice(customer, 3000)
    ids = {
        "invoice": invoice.id,
        "note": make.credit_note(invoice, 100).id,
        "plan": make.subscription(customer).id,
    }
    html = portal(customer, make.configuration()).get(path.format(**ids)).get_data(as_text=True)
    assert re.findall(r'aria-current="(?:page|true)">([^<]+)<', html) == [current]


def test_a_page_says_what_it_is_and_in_which_colour(
    portal: Open, make: Factories, customer: Customer, api: Any
) -> None:
    api.post("account", settings={"branding": {"primary_color": "#ffd400"}})
    html = page(portal(customer, make.configuration()))
    assert '<meta name="description" content="Plans, invoices and billing information in one place.">' in html
    assert '<meta name="theme-color" content="#ffd400" media="(prefers-color-scheme: light)">' in html
    night = re.search(r'<meta name="theme-color" content="(#\w+)" media="\(prefers-color-scheme: dark\)">', html)
    assert night
    assert night[1] != "#ffd400"
