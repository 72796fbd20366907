"""Each change leaves its events, exactly as it happened, in its own transaction."""

from __future__ import annotations

from sqlalchemy import func, select

from portal.billing.customers import customers
from portal.billing.customers.params import CreateCustomer
from portal.models import AuditEntry, Event
from portal.wire.commands import parse_command


def test_a_new_customer_is_told_as_the_call_answered(api, told):
    answer = api.post("customers", name="Jenny Rosen", email="jenny@example.com")
    event = told()[-1]
    assert (event.type, event.data, event.previous_attributes) == ("customer.created", answer, None)
    assert (event.object_id, event.customer_id) == (answer["id"], answer["id"])


def test_an_update_names_what_was_before_and_nothing_else(api, make, told):
    customer = make.customer(metadata={"a": "1", "b": "2"})
    api.post(f"customers/{customer.id}", email="j@example.com", metadata={"a": "", "c": "3"}, address={"city": "Bonn"})
    event = told()[-1]
    assert event.type == "customer.updated"
    assert event.previous_attributes["email"] == "jenny.rosen@example.com"
    assert event.previous_attributes["metadata"] == {"a": "1", "c": None}
    assert event.previous_attributes["address"]["city"] == "Berlin"
    assert set(event.previous_attributes) == {"address", "email", "metadata"}


def test_a_nested_hash_is_told_in_part(api, make, told):
    customer = make.customer(invoice_settings={"footer": "Thanks"})
    api.post(f"customers/{customer.id}", invoice_settings={"footer": "Danke"})
    assert told()[-1].previous_attributes == {"invoice_settings": {"footer": "Thanks"}}


def test_a_deleted_customer_is_told_as_it_was(api, make, told):
    customer = api.get(f"customers/{make.customer().id}")
    api.delete(f"customers/{customer['id']}")
    assert (told()[-1].type, told()[-1].data) == ("customer.deleted", customer)


def test_nothing_is_told_when_nothing_changes(api, make, types):
    customer = make.customer()
    assert types(lambda: api.post(f"customers/{customer.id}", name=customer.name)) == []
    assert types(lambda: api.get(f"customers/{customer.id}")) == []
    assert types(lambda: api.error("POST", f"customers/{customer.id}", email="no address")) == []


def test_a_rolled_back_transaction_leaves_nothing(make, writing, told, audited):
    before = len(told()), len(audited())
    transaction = writing()
    db = transaction.__enter__()
    customers.create(db, parse_command(CreateCustomer, {"name": "Nobody"}), now=1)
    db.flush()
    assert not transaction.__exit__(ValueError, ValueError("no"), None)
    assert (len(told()), len(audited())) == before


def test_a_rolled_back_savepoint_leaves_nothing(writing, told):
    with writing() as db:
        kept = customers.create(db, parse_command(CreateCustomer, {"name": "Kept"}), now=1)
        savepoint = db.begin_nested()
        customers.create(db, parse_command(CreateCustomer, {"name": "Preview"}), now=1)
        db.flush()
        savepoint.rollback()
    assert [event.object_id for event in told() if event.type == "customer.created"] == [kept.id]


def test_request_and_actor_are_told(api, told, merchant):
    answer = api.request("POST", "customers", name="Jenny", headers={"Idempotency-Key": "once"})
    event = told()[-1]
    assert event.request == {"id": answer.headers["Request-Id"], "idempotency_key": "once"}
    assert event.actor["type"] == "api_key"
    assert event.actor["id"].startswith("key_")


def test_a_repeated_request_is_told_once(api, types):
    call = lambda: api.post("customers", name="Jenny", headers={"Idempotency-Key": "twice"})  # noqa: E731
    assert types(call) == ["customer.created"]
    assert types(call) == []


def test_a_customer_on_the_pages_is_the_actor(portal, make, told):
    customer = make.customer()
    browser = portal(customer)
    opened = told()[-1]
    assert opened.type == "billing_portal.session.opened"
    assert opened.actor == {"type": "customer", "id": customer.id, "session": browser.session_id}
    assert opened.request["id"].startswith("req_")


def test_events_and_entries_are_numbered_in_their_order(api, told, audited):
    for name in "abc":
        api.post("customers", name=name)
    for rows in (told(), audited()):
        numbers = [row.sequence for row in rows]
        assert numbers == sorted(set(numbers))


def test_both_modes_have_numbers_of_their_own(database, merchant):
    with database.writer.connect() as connection:
        for tenant in (merchant.test, merchant.live):
            first = select(func.min(AuditEntry.sequence)).where(AuditEntry.tenant_id == tenant.id)
            assert connection.execute(first).scalar_one() == 1
            own = select(func.count()).select_from(Event).where(Event.tenant_id == tenant.id)
            assert connection.execute(own).scalar_one() == 1
