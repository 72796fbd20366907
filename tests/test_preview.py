"""`portal preview`: a copy of an account that is nobody's, with a made-up customer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from portal import clock, create_app, schema
from portal.assembly import assemble_database
from portal.db import Database, Scope
from portal.demo.preview import create_preview
from portal.errors import InvalidRequest, ResourceMissing
from portal.models import Account, AuditEntry, Configuration, Customer, Invoice, Price, WebhookEndpoint
from portal.settings import Settings
from tests.clients import Api, follow_portal_link
from tests.factories import Factories

Preview = Callable[..., Callable[..., str]]


@pytest.fixture
def copy(settings: Settings, tmp_path: Path) -> Iterator[Flask]:
    """The portal that shows the preview, on an empty database."""
    folder = tmp_path / "preview"
    folder.mkdir()
    own = replace(settings, instance=folder, database_url=f"sqlite:///{folder}/portal.db", documents_url=str(folder))
    database = assemble_database(own, pool_size=1)
    schema.upgrade(database)
    database.dispose()
    app = create_app(own)
    app.testing = True
    yield app
    app.extensions["portal"].database.dispose()


@pytest.fixture
def preview(database: Database, scope: Scope, copy: Flask) -> Callable[..., Callable[..., str]]:
    """`preview(configuration)` makes the copy, and gets its pages by their paths."""

    def pages(configuration: Configuration, locale: str | None = None) -> Callable[..., str]:
        target = copy.extensions["portal"].database
        link = create_preview(database, scope, target, configuration.id, locale, now=clock.now())
        client = copy.test_client()
        start = follow_portal_link(client, link).location
        return lambda path="": client.get(f"{start}{path}", base_url="https://localhost").get_data(as_text=True)

    return pages


def test_a_made_up_customer_has_a_year_of_invoices(preview: Preview, make: Factories) -> None:
    price = make.price(unit_amount=4200)
    page = preview(make.configuration(subscription_update=offering(price)))
    assert "Rocket Rides" in page()
    assert "€42.00" in page()
    assert "No invoice matches" not in page("invoices?q=Airport")
    assert "No invoice matches" in page("invoices?q=Submarine")
    assert page("invoices").count("<tr") > 10


def test_it_allows_what_the_configuration_allows(preview: Preview, make: Factories) -> None:
    page = preview(make.configuration(customer_update={"enabled": False, "allowed_updates": []}))
    assert "Page not found" in page("details")


def test_it_speaks_the_language_that_was_asked_for(preview: Preview, make: Factories) -> None:
    assert '<html lang="de"' in preview(make.configuration(), "de")()


def test_no_customer_is_copied_and_nothing_is_changed(
    database: Database, scope: Scope, preview: Preview, make: Factories, copy: Flask
) -> None:
    real = make.customer(name="Real Person", email="real@example.com")
    make.paid_invoice(real)
    configuration = make.configuration()
    with database.reading(scope) as db:
        before = [len(db.scalars(select(each)).all()) for each in (Customer, Invoice, AuditEntry)]
    page = preview(configuration)
    assert "Real Person" not in page() + page("invoices") + page("details")
    with database.reading(scope) as db:
        assert [len(db.scalars(select(each)).all()) for each in (Customer, Invoice, AuditEntry)] == before
    with copy.extensions["portal"].database.reading(scope) as db:
        assert db.scalars(select(Customer.name)).all() == ["Jenny Rosen"]


def test_it_reaches_nobody(preview: Preview, api: Api, make: Factories, copy: Flask, scope: Scope) -> None:
    api.post("account", settings={"emails": {"invoices": True}, "branding": {"primary_color": "#123a6b"}})
    api.post("webhook_endpoints", url="https://example.com/hooks", enabled_events=["*"])
    preview(make.configuration())
    with copy.extensions["portal"].database.reading(scope) as db:
        account = db.get_one(Account, scope.account_id)
        assert account.settings["payments"]["provider"] == "sandbox"
        assert "emails" not in account.settings
        assert account.settings["branding"]["primary_color"] == "#123a6b"
        assert db.scalars(select(WebhookEndpoint)).all() == []


def test_an_unknown_configuration_is_refused(preview: Preview) -> None:
    with pytest.raises(ResourceMissing):
        preview(Configuration(id="bpc_unknown"))


def test_an_unknown_language_is_refused(preview: Preview, make: Factories) -> None:
    with pytest.raises(InvalidRequest):
        preview(make.configuration(), "xx")


def offering(price: Price) -> dict[str, Any]:
    return {
        "enabled": True,
        "default_allowed_updates": ["price"],
        "products": [{"product": price.product_id, "prices": [price.id]}],
    }
