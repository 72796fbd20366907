"""What an export writes, an import reads back: into another account it makes the same file again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
import pytest

from portal.billing.configurations import configurations
from portal.db import Database, Scope
from portal.transfer import exporting
from portal.transfer.reports import ImportReport
from tests.clients import Api
from tests.examples import EXAMPLES, Scene
from tests.factories import Factories

Imported = Callable[..., ImportReport]


def exported(database: Database, scope: Scope) -> list[dict[str, Any]]:
    """The objects of a file, without a configuration that gave way to the default one of another file."""
    found = [orjson.loads(line) for line in exporting.json_lines(database, scope)]
    defaults = [each for each in found if each["object"] == "billing_portal.configuration" and not each["metadata"]]
    return [each for each in found if each not in defaults or each["is_default"]]


@pytest.fixture
def year(make: Factories, api: Api) -> None:
    """A customer with a bit of everything, and an example of every type."""
    rate = make.tax_rate()
    customer = make.customer(shipping={"name": "Jenny", "address": {"country": "DE"}}, metadata={"a": "b"})
    make.subscription(customer, default_tax_rates=[rate.id])
    draft = make.draft(customer, 1000, 250, default_tax_rates=[rate.id])
    invoice = make.paid_invoice(customer, *range(100, 1500, 100), footer="Thank you")
    make.credit_note(invoice, 500, credit_amount=300, out_of_band_amount=200)
    api.post(f"invoices/{make.invoice(customer, 900).id}/attach_payment", payment_record=_reported(api, 1000))
    api.post("invoiceitems", customer=customer.id, amount=-300, currency="eur")
    api.post(f"customers/{customer.id}/tax_ids", type="eu_vat", value="DE136695976")
    api.post(f"customers/{customer.id}/balance_transactions", amount=-700, currency="eur")
    api.delete(f"customers/{make.customer(name='Gone').id}")
    part = {"amount": 500, "description": "Half"}
    parts = [{**part, "days_until_due": 0}, {**part, "due_date": 1900000000}]
    make.invoice(customer, 1000, collection_method="send_invoice", amounts_due=parts)
    for description in ("Moved away", "Closed down"):
        option = api.post("billing/feedback_options", description=description)
    api.post(f"billing/feedback_options/{option['id']}/deactivate")
    configuration = make.configuration(**_features(api, make))
    make.run(configurations.update, configurations.UpdateConfiguration, configuration, metadata={"own": "yes"})
    _later_nouns(api, make, customer)
    scene = Scene(make, api, make.customer(), "Example")
    for example in EXAMPLES.values():
        example(scene)
    assert draft.status == "draft"


def _later_nouns(api: Api, make: Factories, customer: Any) -> None:
    """What is sold with promises: codes, quotes, schedules, clocks; and an invoice that was revised."""
    code = make.promotion_code(make.coupon(duration="repeating", duration_in_months=3), code="SPRING")
    discounted = make.subscription(make.customer(), discounts=[{"promotion_code": code.id}])
    api.post("subscription_schedules", from_subscription=discounted.id)
    item = {"price": make.price().id, "quantity": 2}
    quote = api.post("quotes", customer=customer.id, line_items=[item], discounts=[{"coupon": make.coupon().id}])
    api.post(f"quotes/{quote['id']}/finalize")
    phase = {"items": [item], "iterations": 2}
    api.post("subscription_schedules", customer=make.customer().id, start_date=4_000_000_000, phases=[phase])
    clock = api.post("test_helpers/test_clocks", frozen_time=1_800_000_000, name="A year")
    make.subscription(make.customer(test_clock=clock["id"]), now=1_800_000_000)
    source = {"action": "revision", "invoice": make.invoice(make.customer(), 700).id}
    api.post(f"invoices/{api.post('invoices', from_invoice=source)['id']}/finalize")


def _features(api: Api, make: Factories) -> dict[str, Any]:
    price, option = make.price(), api.post("billing/feedback_options", description="Too far away")
    reason = {"enabled": True, "options": ["other"], "feedback_options": [option["id"]]}
    update = {"enabled": True, "products": [{"product": price.product_id, "prices": [price.id]}]}
    return {
        "subscription_cancel": {"enabled": True, "cancellation_reason": reason},
        "subscription_update": {**update, "default_allowed_updates": ["price"]},
    }


def _reported(api: Api, amount: int) -> str:
    sent = {"amount_requested": {"value": amount, "currency": "eur"}, "payment_method_details": {"type": "custom"}}
    reported = {"initiated_at": 1, "outcome": "guaranteed", "guaranteed": {"guaranteed_at": 2}}
    return str(api.post("payment_records/report_payment", **sent, **reported)["id"])


@pytest.mark.usefixtures("year")
def test_an_export_imported_elsewhere_exports_the_same(
    database: Database, scope: Scope, other: Scope, imported: Imported
) -> None:
    before = exported(database, scope)
    missing = set(exporting.exported_types()) - {each["object"] for each in before}
    assert not missing, f"the file has none of {missing}: add one to EXAMPLES in tests/examples.py"
    report = imported(other, *before)
    assert report.refused == []
    assert exported(database, other) == before


@pytest.mark.usefixtures("year")
def test_the_order_of_objects_does_not_matter(
    database: Database, scope: Scope, other: Scope, imported: Imported
) -> None:
    before = exported(database, scope)
    assert imported(other, *before[::-1]).refused == []
    assert exported(database, other) == before


@pytest.mark.usefixtures("year")
def test_an_import_can_be_repeated(database: Database, scope: Scope, imported: Imported) -> None:
    before = exported(database, scope)
    assert imported(scope, *before).refused == []
    assert exported(database, scope) == before


@pytest.mark.usefixtures("year")
def test_a_dry_run_finds_all_well_and_changes_nothing(
    database: Database, scope: Scope, other: Scope, imported: Imported
) -> None:
    before = exported(database, scope)
    report = imported(other, *before, dry=True)
    assert (report.refused, sum(report.written.values())) == ([], len(before))
    assert [each["object"] for each in exported(database, other)] == ["billing_portal.configuration"]


def test_what_endpoints_were_sent_is_in_no_file(database: Database, scope: Scope, api: Api) -> None:
    api.post("webhook_endpoints", url="https://shop.example.com/hooks", enabled_events=["*"])
    api.post("customers", name="Jenny Rosen")
    assert {each["object"] for each in exported(database, scope)} == {"billing_portal.configuration", "customer"}


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Asia/Tokyo"])
def test_documents_keep_their_days_elsewhere(
    database: Database, scope: Scope, other: Scope, imported: Imported, api: Api, make: Factories, zone: str
) -> None:
    """One from before the merchant set its zone, one after it; where either merchant is now is no matter."""
    customer, last_night = make.customer(), 1767223800  # 31 December 2025, 23:30 UTC
    before = make.invoice(customer, now=last_night)
    api.post("account", settings={"dashboard": {"timezone": "Europe/Berlin"}})
    after = make.invoice(customer, now=last_night)
    note = make.credit_note(after, 100, now=last_night)
    api.post("account", settings={"dashboard": {"timezone": zone}})
    assert imported(other, *exported(database, scope)).refused == []
    with database.reading(other) as db:
        days = [db.get_one(type(each), (other.tenant_id, each.id)).issued_on for each in (before, after, note)]
    assert [str(day) for day in days] == ["2025-12-31", "2026-01-01", "2026-01-01"]
