"""Logs tell what happened to whom, and hold no secret."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from portal import clock, ids, logs
from portal.billing.customer_portal import session_secrets
from portal.hosted.visit_cookies import COOKIE_PREFIX
from tests.clients import Api
from tests.conftest import NOON
from tests.factories import Factories


@pytest.fixture
def lines() -> Iterator[Any]:
    """`lines()`: what has been logged so far, as JSON."""
    logger = logging.getLogger("portal")
    before = (logger.handlers, logger.level, logger.propagate)
    stream = io.StringIO()
    logs.configure("json", stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    logger.handlers, logger.level, logger.propagate = before


def test_each_request_is_one_line(api: Api, make: Factories, lines: Any) -> None:
    customer = make.customer()
    api.get(f"customers/{customer.id}")
    (line,) = lines()
    assert (line["event"], line["level"], line["status"]) == ("request", "info", 200)
    assert (line["method"], line["route"]) == ("GET", "/v1/customers/<id>")
    assert (line["account"], line["livemode"]) == (make.scope.account_id, False)
    assert line["request_id"].startswith("req_")
    assert line["ms"] > 0


def line_handler() -> logs.LineHandler:
    """The one beside pytest's own, for which records are made."""
    (found,) = [each for each in logging.getLogger("portal").handlers if isinstance(each, logs.LineHandler)]
    assert logs.find_line_handler(logging.getLogger("portal.access")) is None
    return found


def test_a_request_is_told_as_its_record_would_be(lines: Any) -> None:
    about = ("GET", "/p/session/<link_secret>", 200, "acct_1", False)
    named = list(zip(logs.REQUEST_FIELDS, about, strict=True))
    first, last = dict(named[:3]), dict(named[3:])
    access_log = logging.getLogger("portal.access")
    access_log.info("request", extra={"request_id": "req_1", **first, "ms": 1.5, **last})
    handler = line_handler()
    handler.write_line(logs.render_request("req_1", 1.5, *about))
    record, line = ([(name, value) for name, value in told.items() if name != "timestamp"] for told in lines())
    names = ["event", "level", "request_id", "method", "route", "status", "ms", "account", "livemode"]
    assert [name for name, _ in line] == [name for name, _ in record if name in names]
    assert dict(line) == dict(record)


def test_a_secret_in_a_request_line_is_hidden_too(lines: Any) -> None:
    handler = line_handler()
    handler.write_line(logs.render_request("req_1", 1.5, "GET", "/", 200, "jenny.rosen@example.com", True))
    (line,) = lines()
    assert line["account"] == "[hidden]"


def test_a_log_that_can_not_be_written_fails_nothing() -> None:
    """As on a full disk, which is no reason to fail the request that the line is about."""
    with open("/dev/full", "w", buffering=1) as full:
        logs.LineHandler(full, takes_json=True).write_line("a line\n" * 2000)


def test_what_asks_all_the_time_is_not_logged(app: Flask, lines: Any) -> None:
    app.test_client().get("/health/live")
    app.test_client().get("/nothing/here")
    assert [(line["route"], line["status"]) for line in lines()] == [("none", 404)]


def test_a_visit_is_logged_without_its_link(app: Flask, portal: Any, make: Factories, lines: Any) -> None:
    visit = portal(make.customer(email="jenny@example.com"))
    visit.get("")
    told = json.dumps(lines())
    assert "/p/session/<link_secret>" in told
    assert make.scope.account_id in told
    assert "jenny@example.com" not in told
    held = [cookie.value for cookie in visit.client._cookies.values() if cookie.key.startswith(COOKIE_PREFIX)]
    assert held
    assert not any(value in told for value in held)


SECRETS = (
    "sk_test_4eC39HqLyjWDarjtT1zdp7dc",
    "sk_live_fbp41hxEnE_POb4AY03L8hueQqGwlbnmH9i2uteuJgU2fb21897",
    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "jenny.rosen@example.com",
    "jörg@bücher.example.com",
    "https://billing.example.com/p/session/link_c2VjcmV0c2VjcmV0",
    "pls_C2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0",
    "i-15-in_1Tn.awd2gA.Yh3x5oWfCiTgna1a-Tm880ppypg",
    "bps_0VcK6PSi0PMOdjOjWs1iaZ.c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0",
    "/i/i-15-in_1Tn.awd2gA.Yh3x5oWfCiTgna1a-Tm880ppypg/pdf",
    "/r/r-15-in_1Tn.awd2gA.Yh3x5oWfCiTgna1a-Tm880ppypg/pdf",
    "/s/s-15-cus_1Tn:2026:eur.awd2gA.Yh3x5oWfCiTgna1a-Tm880ppypg/csv",
    "/e/e-15-bpcan_1Tn.awd2gA.Yh3x5oWfCiTgna1a-Tm880ppypg/pdf",
    "/n/n-15-bpcn_1Tn.awd2gA.Yh3x5oWfCiTgna1a-Tm880ppypg",
    "/keep/k-15-5f0c:sub_1Tn.awd2gA.Yh3x5oWfCiTgna1a",
    "/unsubscribe/u-15-payment_reminder:cus_0V.awd2gA.Yh3x5oWfCiTgna1a",
    "postgresql://portal:hunter22hunter@db/portal",
    "smtp://user:hunter22hunter@mail.example.com",
)


@pytest.mark.parametrize("secret", SECRETS)
def test_secrets_are_hidden_wherever_they_stand(lines: Any, secret: str) -> None:
    log = logging.getLogger("portal")
    log.warning("this went wrong with %s", secret)
    log.warning("it went wrong", extra={"about": {"url": secret}})
    try:
        raise RuntimeError(f"no luck with {secret}")
    except RuntimeError:
        log.exception("it failed")
    telling = secret.rsplit("/", 1)[-1] if "/p/" in secret else "hunter22" if "hunter22" in secret else secret
    assert len(lines()) == 3
    assert telling not in json.dumps(lines(), ensure_ascii=False)
    assert "no luck with" in lines()[2]["exception"]


def test_fields_are_hidden_by_their_names(lines: Any) -> None:
    logging.getLogger("portal").info("hello", extra={"code": "12345678", "csrf_token": "abc", "password": "x"})
    (line,) = lines()
    assert {line["code"], line["csrf_token"], line["password"]} == {"[hidden]"}


def test_every_secret_of_ours_begins_as_the_list_says(api: Api, make: Factories, merchant: Any, lines: Any) -> None:
    """Made as the portal makes them, and hidden without what stands around them elsewhere."""
    endpoint = api.post("webhook_endpoints", url="https://shop.example.com/hooks", enabled_events=["*"])
    link = make.portal_link(make.customer()).rpartition("/")[2]
    secrets = (merchant.test_key, merchant.live_key, endpoint["secret"], link, session_secrets.new_link_secret())
    for secret in secrets:
        assert secret.startswith(tuple(ids.SECRET_PREFIXES.values()))
        logging.getLogger("portal").warning("x=%s, no_%s", secret, secret)
    told = json.dumps(lines())
    assert not [secret for secret in secrets if secret[12:] in told]


@pytest.fixture
def report(app: Flask, lines: Any) -> Iterator[Any]:
    """`report(body, from_address)`: the status of a report, with a count of its own for the test."""
    minute = NOON

    def send(body: bytes, address: str = "198.51.100.7", *, after: int = 0) -> int:
        with clock.hold_at(minute + after):
            answer = app.test_client().post(
                "/csp-report",
                data=body,
                environ_overrides={"REMOTE_ADDR": address},
                content_type="application/csp-report",
            )
        return answer.status_code

    yield send
    # the next test has another minute
    send(b"{}", "203.0.113.1", after=-clock.HOUR)


def test_a_report_is_logged_cut_short(report: Any, lines: Any) -> None:
    long = "x" * 5000
    sent = {
        "blocked-uri": f"https://a.example/{long}",
        "effective-directive": "img-src",
        "script-sample": "secret words",
    }
    assert report(json.dumps({"csp-report": sent}).encode()) == 204
    assert report(json.dumps([{"body": {"blockedURL": "inline"}}] * 50).encode()) == 204
    told = [line["event"] for line in lines() if "report" in line["event"]]
    assert len(told) == 4
    assert max(len(each) for each in told) < 500
    assert "img-src" in told[0]
    assert "secret words" not in "".join(told)


def test_strangers_can_not_fill_the_log_with_reports(report: Any, lines: Any) -> None:
    body = b'{"csp-report": {"blocked-uri": "inline"}}'
    assert [report(body) for _ in range(12)] == [204] * 10 + [429] * 2
    assert report(body, "198.51.100.8") == 204
    assert report(body, after=clock.MINUTE) == 204
    assert [report(body, f"2001:db8:1:1::{n:x}", after=2 * clock.MINUTE) for n in range(11)][-1] == 429
    many = [report(body, f"192.0.2.{n}", after=3 * clock.MINUTE) for n in range(70)]
    assert (many.count(204), many.count(429)) == (60, 10)
    assert report(b"x" * 9000, after=4 * clock.MINUTE) == 413
    assert report(b"no json", after=4 * clock.MINUTE) == 400
    assert report(b"[1, {}]", after=4 * clock.MINUTE) == 204


@pytest.mark.parametrize("path", ["/v1/customers", "/p/login/code", "/health/ready", "/static/app.css", "/nothing"])
def test_options_are_no_method_of_ours(app: Flask, path: str) -> None:
    assert app.test_client().options(path).status_code in {404, 405}
