"""The exchange of a link for a cookie, signing out, and the headers of every answer."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal import clock
from portal.hosted.visit_cookies import COOKIE_PREFIX, MOST_COOKIES
from portal.models import Customer
from tests.clients import Api, Portal, follow_portal_link
from tests.factories import Factories

SECURE = "https://localhost"


@pytest.fixture
def customer(make: Factories) -> Customer:
    return make.customer()


def opens(client: FlaskClient, link: str) -> bool:
    """Whether the link leads to the home page of a visit."""
    return str(follow_portal_link(client, link).location).startswith("/p/bps_")


def test_a_link_opens_once(app: Flask, make: Factories, customer: Customer) -> None:
    link = make.portal_link(customer)
    assert opens(app.test_client(), link)
    assert follow_portal_link(app.test_client(), link).status_code == 410


def test_a_reload_in_the_same_browser_goes_through(client: FlaskClient, make: Factories, customer: Customer) -> None:
    link = make.portal_link(customer)
    first, second = (follow_portal_link(client, link) for _ in range(2))
    assert (second.status_code, second.location) == (303, first.location)


def test_what_brings_no_cookies_back_uses_nothing_up(app: Flask, make: Factories, customer: Customer) -> None:
    link = make.portal_link(customer)
    scanner = app.test_client(use_cookies=False)
    for _ in range(3):
        answer = scanner.get(link, base_url=SECURE, follow_redirects=True)
        assert answer.status_code == 400
        assert "takes no cookies" in answer.get_data(as_text=True)
    assert opens(app.test_client(), link)
    assert scanner.get(link, base_url=SECURE).status_code == 410


def test_cookies_that_are_allowed_later_open_the_link(client: FlaskClient, make: Factories, customer: Customer) -> None:
    """Whoever reads that the browser takes no cookies, allows them and loads the same page again."""
    address = f"{make.portal_link(customer)}?again"
    assert client.get(address, base_url=SECURE).status_code == 400
    assert opens(client, address)


@pytest.mark.parametrize(
    "look_ahead",
    [
        {"method": "HEAD"},
        {"headers": {"Sec-Purpose": "prefetch;prerender"}},
        {"headers": {"Sec-Purpose": "Prefetch"}},
        {"headers": {"Purpose": "prefetch"}},
        {"headers": {"X-Moz": "prefetch"}},
        {"headers": {"X-Purpose": "preview"}},
        {"headers": {"Sec-Fetch-Dest": "image"}},
    ],
)
def test_a_look_ahead_uses_nothing_up(
    client: FlaskClient, make: Factories, customer: Customer, look_ahead: dict[str, object]
) -> None:
    link = make.portal_link(customer)
    opens(client, make.portal_link(customer))  # a browser that has its cookies
    answer = client.open(link, base_url=SECURE, **look_ahead)
    assert answer.status_code == 204
    assert "Set-Cookie" not in answer.headers
    assert opens(client, link)


@pytest.mark.parametrize(("seconds", "status"), [(299, 303), (300, 410)])
def test_an_unused_link_lives_five_minutes(
    client: FlaskClient, make: Factories, customer: Customer, seconds: int, status: int, held_clock: int
) -> None:
    link = make.portal_link(customer)
    with clock.hold_at(held_clock + seconds):
        assert follow_portal_link(client, link).status_code == status


@pytest.mark.parametrize("secret", ["x", "pls_" + "A" * 51, "%00", "../../etc/passwd", "é" * 300])
def test_an_unknown_link_is_410_or_404(client: FlaskClient, secret: str) -> None:
    assert client.get(f"/p/session/{secret}", base_url=SECURE).status_code in {404, 410}


def test_the_cookie_is_the_browsers_own_and_never_readable(
    client: FlaskClient, make: Factories, customer: Customer
) -> None:
    answer = follow_portal_link(client, make.portal_link(customer))
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith(COOKIE_PREFIX)
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))
    assert "Domain" not in cookie
    assert answer.headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize(("idle", "status"), [(1799, 200), (1800, 410)])
def test_a_session_ends_after_half_an_hour_without_activity(
    make: Factories, portal: Callable[..., Portal], customer: Customer, idle: int, status: int, held_clock: int
) -> None:
    visit = portal(customer)
    with clock.hold_at(held_clock + idle):
        assert visit.get().status_code == status


def test_activity_keeps_a_session_until_its_absolute_end(
    portal: Callable[..., Portal], customer: Customer, held_clock: int
) -> None:
    visit = portal(customer)
    for minutes in range(20, 240, 20):
        with clock.hold_at(held_clock + minutes * clock.MINUTE):
            assert visit.get().status_code == 200
    with clock.hold_at(held_clock + 4 * clock.HOUR):
        assert visit.get().status_code == 410


def test_a_configuration_can_shorten_a_session(
    api: Api, make: Factories, portal: Callable[..., Portal], customer: Customer, held_clock: int
) -> None:
    configuration = make.configuration()
    api.post(f"billing_portal/configurations/{configuration.id}", session_limits={"idle": 60, "absolute": 600})
    visit = portal(customer, configuration)
    with clock.hold_at(held_clock + 60):
        assert visit.get().status_code == 410


def test_a_sign_of_life_tells_how_long_it_goes_on(
    portal: Callable[..., Portal], customer: Customer, held_clock: int
) -> None:
    visit = portal(customer)
    assert visit.get("stay").text == "1800"
    with clock.hold_at(held_clock + 30 * clock.MINUTE - 1):
        assert visit.get("stay").text == "1800"
    with clock.hold_at(held_clock + 59 * clock.MINUTE):
        assert 'data-left="1800"' in visit.get("invoices").text
    with clock.hold_at(held_clock + 59 * clock.MINUTE + 10):
        assert 'data-left="1790"' in visit.get("invoices").text


def test_no_sign_of_life_makes_it_longer_than_it_may_be(
    portal: Callable[..., Portal], customer: Customer, held_clock: int
) -> None:
    visit = portal(customer)
    for minutes in range(20, 240, 20):
        with clock.hold_at(held_clock + minutes * clock.MINUTE):
            left = visit.get("stay").text
    assert left == str(20 * clock.MINUTE)


def test_signing_out_ends_this_session_and_no_other(
    app: Flask, make: Factories, portal: Callable[..., Portal], customer: Customer
) -> None:
    one, other = portal(customer), portal(customer)
    answer = one.post("sign-out")
    assert answer.headers["Clear-Site-Data"] == '"cache"'
    assert "data-left" not in answer.text
    assert one.get().status_code == 410
    assert other.get().status_code == 200


def test_a_browser_holds_eight_sessions_at_most(client: FlaskClient, make: Factories, customer: Customer) -> None:
    pages = [follow_portal_link(client, make.portal_link(customer)).location for _ in range(MOST_COOKIES + 2)]
    statuses = [client.get(page, base_url=SECURE).status_code for page in pages]
    assert statuses == [410, 410, *[200] * MOST_COOKIES]


@pytest.mark.parametrize("path", ["/p/x/", "/nothing", "/i/x", "/v1/customers", "/static/app.css", "/health/live"])
def test_every_answer_carries_the_whole_set_of_headers(client: FlaskClient, path: str) -> None:
    with client.get(path) as answer:
        headers = answer.headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "unsafe-inline" not in headers["Content-Security-Policy"]
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Request-Id"].startswith("req_")
    assert headers["Cache-Control"] == "no-store" or path.startswith("/static/")


def test_a_foreign_host_is_refused(client: FlaskClient) -> None:
    assert client.get("/health/live", headers={"Host": "evil.example"}).status_code == 400
