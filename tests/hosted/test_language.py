"""The language of a page: whoever reads it can choose another one, and it stays."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from portal import i18n
from portal.hosted import language_page
from portal.models import Customer
from tests.clients import Portal
from tests.factories import Factories

Open = Callable[..., Portal]


def lang(answer: TestResponse) -> str:
    html = answer.get_data(as_text=True)
    return html.split('<html lang="', 1)[1].split('"', 1)[0]


def test_every_page_leads_to_the_list(portal: Open, make: Factories) -> None:
    visit = portal(make.customer())
    for path in ("", "invoices", "details", "details/email"):
        assert '<a href="?lang">' in visit.get(path).get_data(as_text=True), path
    html = visit.get("invoices?lang").get_data(as_text=True)
    assert [f'href="?lang={i18n.html_lang(name)}"' in html for name in i18n.CATALOGUES] == [True] * len(i18n.CATALOGUES)
    assert 'lang="en" hreflang="en" aria-current="true"' in html


def test_a_choice_lasts_for_the_visit(portal: Open, make: Factories) -> None:
    visit = portal(make.customer(preferred_locales=["fr"]))
    assert lang(visit.get("invoices")) == "fr"
    answer = visit.get("invoices?lang=de")
    assert (answer.status_code, answer.location) == (303, f"/p/{visit.session_id}/invoices")
    assert lang(visit.get("invoices")) == lang(visit.get("")) == "de"
    visit.get("?lang=ar")
    assert '<html lang="ar" dir="rtl"' in visit.get("invoices").get_data(as_text=True)


def test_a_choice_is_one_of_this_browser_alone(portal: Open, make: Factories) -> None:
    customer = make.customer()
    visit, other = portal(customer), portal(customer)
    visit.get("?lang=de")
    assert (lang(visit.get("")), lang(other.get(""))) == ("de", "en")


def test_days_and_sums_follow(portal: Open, make: Factories) -> None:
    customer = make.customer()
    make.invoice(customer, 123456)
    visit = portal(customer)
    visit.get("?lang=de")
    assert "1.234,56\xa0€" in visit.get("invoices").get_data(as_text=True)


def test_the_same_language_keeps_its_country(portal: Open, make: Factories) -> None:
    customer = make.customer(address={"country": "GB", "line1": "4 Quay Street", "city": "Bristol"})
    visit = portal(customer)
    make.invoice(customer, 2000)
    written = re.findall(r"\d+ [A-Z][a-z]+ 20\d\d", visit.get("invoices").get_data(as_text=True))
    visit.get("?lang=en")
    assert written
    assert re.findall(r"\d+ [A-Z][a-z]+ 20\d\d", visit.get("invoices").get_data(as_text=True)) == written


def test_it_goes_on_behind_other_links(app: Flask, make: Factories, client: FlaskClient) -> None:
    invoice = make.invoice(make.customer(preferred_locales=["de"]), 2000)
    url = (
        app.extensions["portal"]
        .links.document("invoice", invoice.tenant_id, invoice.id)
        .removeprefix("http://localhost")
    )
    assert lang(client.get(url, base_url="https://localhost")) == "de"
    answer = client.get(f"{url}?lang=fr", base_url="https://localhost")
    assert answer.status_code == 303
    assert lang(client.get(url, base_url="https://localhost")) == "fr"


@pytest.mark.parametrize("sent", ["", "xx", "../../etc", "de\r\nSet-Cookie: a=b", "//evil.example"])
def test_what_is_no_language_gets_the_list(portal: Open, make: Factories, sent: str) -> None:
    answer = portal(make.customer()).get("details", query_string={"lang": sent})
    assert (answer.status_code, "Set-Cookie" in answer.headers) == (200, False)
    assert 'href="?lang=de"' in answer.get_data(as_text=True)


@pytest.mark.parametrize("path", ["//evil.example/", "///evil.example/details"])
def test_nobody_is_sent_to_another_host(app: Flask, path: str) -> None:
    with app.test_request_context("/?lang=de", environ_overrides={"PATH_INFO": path}):
        assert language_page._answer("de").location == "/" + path.lstrip("/")


def test_a_form_is_not_lost_to_it(portal: Open, make: Factories) -> None:
    visit = portal(make.customer(), make.configuration())
    assert visit.post("details/phone?lang=de", phone="+33 1").status_code == 303
    assert lang(visit.get("details")) == "en"


def test_where_the_merchant_allows_it_mails_follow(portal: Open, make: Factories) -> None:
    allowed = {"customer_update": {"enabled": True, "allowed_updates": ["preferred_locales"]}}
    customer = make.customer()
    visit = portal(customer, make.configuration(**allowed))
    assert "details/preferred_locales" in visit.get("details").get_data(as_text=True)
    assert visit.post("details/preferred_locales", preferred_locales="fr").status_code == 303
    with make.database.reading(make.scope) as db:
        found: Any = db.get(Customer, (customer.tenant_id, customer.id))
        assert found.preferred_locales == ["fr"]
    assert lang(visit.get("details")) == "fr"
    assert visit.post("details/preferred_locales", preferred_locales="xx").status_code == 400


def test_elsewhere_it_is_not_there(portal: Open, make: Factories) -> None:
    allowed = {"customer_update": {"enabled": True, "allowed_updates": ["name"]}}
    visit = portal(make.customer(), make.configuration(**allowed))
    assert visit.get("details/preferred_locales").status_code == 404
    assert visit.post("details/preferred_locales", preferred_locales="de").status_code == 404
