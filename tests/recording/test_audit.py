"""The audit log: every change once, personal details masked, and nothing in it can be changed."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from portal.billing.accounts import keys


def test_an_entry_shows_what_has_changed_and_masks_it(api, make, audited):
    customer = make.customer()
    answer = api.request("POST", f"customers/{customer.id}", email="new@example.com", phone="+49 30 123456")
    entry = audited()[-1]
    assert (entry.action, entry.object_id, entry.customer_id) == ("customer.updated", customer.id, customer.id)
    assert entry.before == {"email": "j•••@example.com", "phone": None}
    assert entry.after == {"email": "n•••@example.com", "phone": "•••456"}
    assert entry.request_id == answer.headers["Request-Id"]


def test_addresses_and_tax_ids_are_masked(api, make, audited):
    customer = make.customer()
    api.post(f"customers/{customer.id}/tax_ids", type="eu_vat", value="DE123456789")
    assert audited()[-1].after["value"] == "•••789"
    api.post(f"customers/{customer.id}", address={"line1": "Kurze Straße 1", "country": "DE"})
    assert audited()[-1].after["address"]["line1"] == "•••"
    assert "Lindenstraße" not in str([entry.before for entry in audited()])


@pytest.mark.parametrize("change", ["UPDATE audit_log SET action = 'nothing'", "DELETE FROM audit_log"])
def test_the_database_refuses_to_change_an_entry(database, make, change):
    make.customer()
    with pytest.raises(DBAPIError, match="can only be added to"), database.writer.begin() as connection:
        connection.execute(text(change))


def test_keys_and_accounts_leave_entries(database, merchant, scope, audited):
    assert {"api_key.created", "billing_portal.configuration.created"} <= {entry.action for entry in audited()}
    with database.writing() as db:
        keys.roll(db, merchant.test, overlap=0, now=1)
    assert [entry.action for entry in audited()[-2:]] == ["api_key.updated", "api_key.created"]
    assert audited()[-1].actor["type"] == "operator"


def test_no_secret_is_in_an_entry(merchant, audited):
    assert merchant.test_key not in str([(entry.before, entry.after) for entry in audited()])


def test_a_customer_s_entries_are_on_the_api(api, make):
    customer, other = make.customer(), make.customer()
    api.post(f"customers/{customer.id}", name="Other")
    listed = api.get(f"customers/{customer.id}/audit")
    assert [entry["action"] for entry in listed["data"]] == ["customer.updated", "customer.created"]
    assert listed["data"][0]["subject"] == {"id": customer.id, "type": "customer"}
    assert api.get(f"customers/{other.id}/audit", limit=1)["has_more"] is False


def test_a_login_leaves_an_entry(portal, make, audited):
    customer = make.customer()
    browser = portal(customer)
    entry = audited()[-1]
    assert (entry.action, entry.customer_id) == ("billing_portal.session.opened", customer.id)
    assert entry.actor["session"] == browser.session_id
