"""Logs tell what happened to whom, and hold no secret."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from portal import logs
from tests.clients import Api
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
    assert not any(cookie.value in told for cookie in visit.client._cookies.values())


SECRETS = (
    "sk_test_4eC39HqLyjWDarjtT1zdp7dc",
    "sk_live_fbp41hxEnE_POb4AY03L8hueQqGwlbnmH9i2uteuJgU2fb21897",
    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "jenny.rosen@example.com",
    "jörg@bücher.example.com",
    "https://billing.example.com/p/session/link_c2VjcmV0c2VjcmV0",
    "/i/i-15-in_1Tn.awd2gA.Yh3x5oWfCiTgna1a-Tm880ppypg/pdf",
    "/r/r-15-in_1Tn.awd2gA.Yh3x5oWfCiTgna1a-Tm880ppypg/pdf",
    "/s/s-15-cus_1Tn:2026:eur.awd2gA.Yh3x5oWfCiTgna1a-Tm880ppypg/csv",
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
