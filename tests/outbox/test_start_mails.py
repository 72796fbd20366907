"""Who starts a plan by a checkout gets a mail about it, once; plans of the merchant's own program get none."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal import clock
from portal.models import Customer, Mail, Price
from portal.outbox import mail_contents
from tests.clients import Api, Portal
from tests.factories import Factories
from tests.hosted.test_plan_starts import buy, customer, listed, offering, start

pytestmark = pytest.mark.usefixtures("held_clock")


@pytest.fixture
def silver(make: Factories) -> Price:
    return make.price(make.product(name="Silver plan"), unit_amount=1000)


__all__ = ["customer"]


def told(make: Factories, app: Flask) -> list[Any]:
    """The content of each mail about a start that goes out."""
    with make.database.reading(make.scope) as db:
        waiting = [mail for mail in db.query(Mail) if mail.name == "subscription_started"]
        built = [mail_contents.build_mail(app.extensions["portal"], db, mail) for mail in waiting]
    return [content.context for content in built if content]


def test_who_starts_a_plan_is_told_once(
    app: Flask, portal: Any, make: Factories, customer: Customer, silver: Price, client: FlaskClient, api: Api
) -> None:
    configuration = make.configuration(
        subscription_create={"enabled": True, "products": listed(silver)}, subscription_withdrawal={"enabled": True}
    )
    api.post(f"billing_portal/configurations/{configuration.id}", cancel_page={"enabled": True})
    visit: Portal = portal(customer, configuration)
    buy(client, start(visit, silver))
    (mail,) = told(make, app)
    assert (mail["plan"], mail["amount"], mail["interval"]) == ("Silver plan", 1000, "month")
    assert mail["bill"].amount_due == 1000
    assert "/withdraw/" in mail["withdraw_url"]
    assert "/cancel/" in mail["cancel_url"]
    assert mail["withdraw_until"] > clock.now() + 14 * clock.DAY


def test_it_can_be_turned_off(
    app: Flask, portal: Any, make: Factories, customer: Customer, silver: Price, client: FlaskClient, api: Api
) -> None:
    api.post("account", settings={"emails": {"plan_starts": False}})
    buy(client, start(portal(customer, offering(make, silver)), silver))
    assert told(make, app) == []


def test_what_the_merchants_program_sells_is_its_own_to_tell(
    app: Flask, make: Factories, customer: Customer, api: Api
) -> None:
    kind = {"collection_method": "charge_automatically", "days_until_due": None}
    make.subscription(customer)
    waits = make.subscription(customer, **kind)
    api.post(f"invoices/{waits.latest_invoice_id}/pay", paid_out_of_band=True)
    assert api.get(f"subscriptions/{waits.id}")["status"] == "active"
    assert told(make, app) == []
