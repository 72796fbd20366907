"""Account numbers are in no file: what a customer is charged by stays where it is, and comes along to nowhere."""

from __future__ import annotations

from collections.abc import Callable

from portal.db import Database, Scope
from portal.models import Customer
from portal.transfer.reports import ImportReport
from tests.clients import Api
from tests.factories import Factories
from tests.transfer.test_round_trip import exported

IBAN = "DE89370400440532013000"


def test_payment_methods_stay_where_they_are(
    database: Database,
    api: Api,
    make: Factories,
    scope: Scope,
    other: Scope,
    imported: Callable[..., ImportReport],
) -> None:
    customer = make.customer().id
    account = {"type": "sepa_debit", "sepa_debit": {"iban": IBAN}, "billing_details": {"name": "Jenny Rosen"}}
    method = api.post("payment_methods", **account)["id"]
    api.post(f"payment_methods/{method}/attach", customer=customer)
    api.post(f"customers/{customer}", invoice_settings={"default_payment_method": method})
    lines = exported(database, scope)
    assert "payment_method" not in {line["object"] for line in lines}
    assert IBAN not in str(lines)
    assert imported(other, *lines).refused == []
    with database.reading(other) as db:
        assert db.get_one(Customer, (other.tenant_id, customer)).default_payment_method_id is None
    imported(scope, *lines)
    assert api.get(f"customers/{customer}")["invoice_settings"]["default_payment_method"] == method
