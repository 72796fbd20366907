"""What programs look for on every host."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.settings import InvalidSetting, from_environment
from tests.conftest import NOON


def test_no_page_is_for_search_engines(client: FlaskClient) -> None:
    answer = client.get("/robots.txt")
    assert (answer.status_code, answer.mimetype) == (200, "text/plain")
    assert answer.text == "User-agent: *\nDisallow: /\n"


def test_there_is_an_icon_for_every_page(client: FlaskClient) -> None:
    answer = client.get("/favicon.ico", follow_redirects=True, buffered=True)
    assert (answer.status_code, answer.mimetype) == (200, "image/svg+xml")


def test_without_a_contact_there_is_no_security_file(client: FlaskClient) -> None:
    answer = client.get("/.well-known/security.txt")
    assert (answer.status_code, answer.mimetype) == (404, "text/plain")


@pytest.mark.usefixtures("held_clock")
def test_whom_to_tell_of_security_holes(app: Flask, client: FlaskClient, monkeypatch: Any) -> None:
    services = app.extensions["portal"]
    with_contact = replace(services.settings, security_contact="mailto:security@rides.example")
    monkeypatch.setitem(app.extensions, "portal", replace(services, settings=with_contact))
    lines = client.get("/.well-known/security.txt").text.splitlines()
    assert "Contact: mailto:security@rides.example" in lines
    assert "Expires: 2027-05-20T12:00:00Z" in lines
    assert NOON == 1795262400


@pytest.mark.parametrize("contact", ["security@rides.example", "http://rides.example", "mailto:a@b.example\nX: y"])
def test_a_contact_that_nobody_could_use_is_refused(contact: str) -> None:
    with pytest.raises(InvalidSetting, match="PORTAL_SECURITY_CONTACT"):
        from_environment({"PORTAL_SECRET_KEY": "x" * 40, "PORTAL_SECURITY_CONTACT": contact})
