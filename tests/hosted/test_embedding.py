"""Who may show the portal within a page: headers and cookies of each answer, and what a session may name."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from flask import Flask

from tests.clients import Api
from tests.debits import begin_collecting
from tests.factories import Factories

ORIGIN = "https://app.example.com"
IFRAME = {"Sec-Fetch-Dest": "iframe"}
HISTORY = {"invoice_history": {"enabled": True}}


@pytest.fixture
def configuration(api: Api) -> Any:
    return api.post("billing_portal/configurations", features=HISTORY, embedding={"origins": [ORIGIN]})


@pytest.fixture
def session(api: Api, make: Factories, configuration: Any) -> Any:
    """An embedded session that no browser has opened."""
    return api.post(
        "billing_portal/sessions",
        customer=make.customer().id,
        configuration=configuration["id"],
        embed={"origin": ORIGIN},
    )


def policy(answer: Any) -> str:
    (found,) = [each for each in answer.headers["Content-Security-Policy"].split("; ") if "frame-ancestors" in each]
    return str(found)


def opened(app: Flask, session: Any) -> Any:
    """A browser within the visit, and its last answer."""
    client = app.test_client()
    path = session["url"].removeprefix("http://localhost")
    answer = client.get(path, headers=IFRAME)
    while answer.status_code == 303:
        answer = client.get(answer.location, headers=IFRAME)
    return client, answer


def test_only_the_page_that_the_session_names_may_show_it(app: Flask, session: Any) -> None:
    assert session["embed"] == {"origin": ORIGIN, "section": None, "theme": "auto"}
    client, answer = opened(app, session)
    assert (answer.status_code, policy(answer)) == (200, f"frame-ancestors {ORIGIN}")
    assert client.get(f"{answer.request.path}nothing").status_code == 404
    assert policy(client.get(f"{answer.request.path}nothing")) == f"frame-ancestors {ORIGIN}"


def test_its_cookies_are_bound_to_the_site_around_it(app: Flask, session: Any) -> None:
    client = app.test_client()
    path = session["url"].removeprefix("http://localhost")
    first = client.get(path, headers=IFRAME)
    second = client.get(first.location, headers=IFRAME)
    for answer in (first, second):
        (cookie,) = answer.headers.getlist("Set-Cookie")
        assert cookie.startswith("__Host-")
        assert {"Secure", "HttpOnly", "SameSite=None", "Partitioned", "Path=/"} <= set(cookie.split("; "))
        assert policy(answer) == f"frame-ancestors {ORIGIN}"


def test_an_origin_that_is_taken_away_is_out_at_once(app: Flask, api: Api, configuration: Any, session: Any) -> None:
    client, answer = opened(app, session)
    api.post(f"billing_portal/configurations/{configuration['id']}", embedding={"origins": ""})
    assert policy(client.get(answer.request.path)) == "frame-ancestors 'none'"


def test_before_it_is_opened_too(app: Flask, api: Api, configuration: Any, session: Any) -> None:
    api.post(f"billing_portal/configurations/{configuration['id']}", embedding={"origins": ["https://b.example"]})
    path = session["url"].removeprefix("http://localhost")
    assert app.test_client().get(path, headers=IFRAME).status_code == 204


def test_an_ended_visit_says_so_within_the_page(app: Flask, api: Api, session: Any) -> None:
    client, answer = opened(app, session)
    api.post(f"billing_portal/sessions/{session['id']}/expire")
    ended = client.get(answer.request.path)
    assert (ended.status_code, policy(ended)) == (410, f"frame-ancestors {ORIGIN}")
    assert 'data-told="ended"' in ended.text


def test_a_prefetch_opens_nothing(app: Flask, session: Any) -> None:
    path = session["url"].removeprefix("http://localhost")
    looks = app.test_client().get(path, headers={**IFRAME, "Sec-Purpose": "prefetch"})
    assert looks.status_code == 204


def test_an_ordinary_link_opens_in_no_frame(app: Flask, api: Api, make: Factories, configuration: Any) -> None:
    made = api.post("billing_portal/sessions", customer=make.customer().id, configuration=configuration["id"])
    assert made["embed"] is None
    path = made["url"].removeprefix("http://localhost")
    assert app.test_client().get(path, headers=IFRAME).status_code == 204
    client = app.test_client()
    answer = client.get(path)
    while answer.status_code == 303:
        answer = client.get(answer.location)
    assert policy(answer) == "frame-ancestors 'none'"
    assert "data-embedder" not in answer.text


@pytest.mark.parametrize(
    "origin",
    [
        "https://other.example",
        "https://app.example.com.evil.example",
        "http://app.example.com",
        "https://app.example.com:8443",
    ],
)
def test_a_session_names_one_of_the_allowed_origins(api: Api, make: Factories, configuration: Any, origin: str) -> None:
    error = api.error(
        "POST",
        "billing_portal/sessions",
        customer=make.customer().id,
        configuration=configuration["id"],
        embed={"origin": origin},
    )
    assert error["param"] == "embed[origin]"


@pytest.mark.parametrize("origin", ["https://a.example/path", "https://a.example?b", "*", "https://*.example", "null"])
def test_what_is_no_origin_is_refused(api: Api, origin: str) -> None:
    error = api.error("POST", "billing_portal/configurations", features=HISTORY, embedding={"origins": [origin]})
    assert error["param"] == "embedding[origins][0]"


def test_an_origin_is_kept_as_browsers_say_it(api: Api) -> None:
    made = api.post(
        "billing_portal/configurations", features=HISTORY, embedding={"origins": ["https://APP.example.com:443/"]}
    )
    assert made["embedding"]["origins"] == ["https://app.example.com"]


def test_the_script_is_for_every_page(app: Flask) -> None:
    with app.test_client().get("/embed.js") as answer:
        assert (answer.status_code, answer.mimetype) == (200, "text/javascript")
        assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
        assert len(answer.data) < 4000


def test_plans_are_a_part_of_their_own(app: Flask, api: Api, make: Factories) -> None:
    customer, embedding = make.customer(), {"origins": [ORIGIN]}
    make.subscription(customer)
    cancel = {"subscription_cancel": {"enabled": True}}
    configuration = api.post("billing_portal/configurations", features=cancel, embedding=embedding)["id"]
    embed = {"origin": ORIGIN, "section": "plans"}
    sent = {"customer": customer.id, "configuration": configuration, "embed": embed}
    client, answer = opened(app, api.post("billing_portal/sessions", **sent))
    assert answer.location == f"{answer.request.path}plans"
    page = client.get(answer.location).get_data(as_text=True)
    assert "Cancel plan" in page
    assert "<nav" not in page


@pytest.mark.parametrize(("theme", "scheme"), [("auto", None), ("dark", "dark"), ("light", "light")])
def test_the_page_around_it_chooses_the_colours(
    app: Flask, api: Api, make: Factories, configuration: Any, theme: str, scheme: str | None
) -> None:
    embed = {"origin": ORIGIN, "theme": theme}
    client, answer = opened(
        app,
        api.post(
            "billing_portal/sessions", customer=make.customer().id, configuration=configuration["id"], embed=embed
        ),
    )
    page = answer.get_data(as_text=True)
    assert f'<meta name="color-scheme" content="{scheme or "light dark"}">' in page
    sheets = [html.unescape(each) for each in re.findall(r'rel="stylesheet" href="([^"]+)"', page)]
    assert len(sheets) == 2
    for sheet in sheets:
        words = client.get(sheet).get_data(as_text=True)
        assert ("prefers-color-scheme" in words) is (scheme is None)
        assert ("@media screen{" in words) is (scheme == "dark")
        assert ("@media not all{" in words) is (scheme == "light")


def test_the_checkout_of_a_plan_is_in_the_same_frame(app: Flask, api: Api, make: Factories) -> None:
    begin_collecting(make)
    price = make.price()
    products = [{"product": price.product_id, "prices": [price.id]}]
    start = {"subscription_create": {"enabled": True, "products": products}}
    configuration = api.post("billing_portal/configurations", features=start, embedding={"origins": [ORIGIN]})["id"]
    sent = {"customer": make.customer().id, "configuration": configuration}
    client, answer = opened(app, api.post("billing_portal/sessions", **sent, embed={"origin": ORIGIN, "theme": "dark"}))
    choice = f"{answer.request.path}subscribe"
    (token, *_) = re.findall(r'name="csrf_token" value="([^"]+)"', client.get(choice).get_data(as_text=True))
    path = client.post(choice, data={"csrf_token": token, "price": price.id}).location
    checkout = client.get(path)
    assert policy(checkout) == f"frame-ancestors {ORIGIN}"
    assert "form-action 'self' http://localhost;" in checkout.headers["Content-Security-Policy"]
    assert f'data-embedder="{ORIGIN}"' in checkout.get_data(as_text=True)
    assert "scheme=dark" in checkout.get_data(as_text=True)
    api.post(f"billing_portal/configurations/{configuration}", embedding={"origins": ""})
    assert policy(client.get(path)) == "frame-ancestors 'none'"
    # one of a merchant's own program is in no frame
    sold = [{"price": price.id}]
    own = api.post("checkout/sessions", mode="subscription", customer=sent["customer"], line_items=sold)["url"]
    assert policy(client.get(own.removeprefix("http://localhost"))) == "frame-ancestors 'none'"
