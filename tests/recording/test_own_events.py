"""Events that the reference does not have, each kind switched by the account."""

from __future__ import annotations

import re

import pytest

from portal import clock
from portal.billing.customers import email_changes, email_undo
from portal.worker.expiry import end_visits


def _token(browser):
    page = browser.get("details").get_data(as_text=True)
    return re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)[1]


def _visits(told):
    return [event.type.removeprefix("billing_portal.session.") for event in told() if "session." in event.type]


@pytest.fixture
def lapse(app):
    """Ends all that have expired, of other tests too: they go in batches."""

    def end_all(now):
        while end_visits(app.extensions["portal"], now):
            pass

    return end_all


def test_a_link_that_nobody_follows_expires(make, told, held_clock, lapse):
    make.portal_link(make.customer())
    lapse(held_clock + 5 * clock.MINUTE - 1)
    assert _visits(told) == ["created"]
    lapse(held_clock + 5 * clock.MINUTE)
    assert _visits(told) == ["created", "expired"]
    assert told()[-1].data["ended_at"] == held_clock + 5 * clock.MINUTE


def test_an_idle_visit_expires_once(portal, make, told, held_clock, lapse):
    portal(make.customer())
    lapse(held_clock + 30 * clock.MINUTE - 1)
    assert _visits(told) == ["created", "opened"]
    for _ in range(2):
        lapse(held_clock + 30 * clock.MINUTE)
    assert _visits(told) == ["created", "opened", "expired"]
    assert told()[-1].actor["type"] != "customer"


def test_signing_out_ends_a_visit(portal, make, told):
    browser = portal(make.customer())
    browser.post("sign-out")
    assert _visits(told) == ["created", "opened", "expired"]


def test_a_task_that_is_done(portal, make, told):
    flow = {"type": "customer_update"}
    browser = portal(make.customer(), flow_data=flow)
    browser.post("details/done", token=False, csrf_token=_token(browser))
    assert _visits(told) == ["created", "opened", "flow_completed"]


def test_a_download_is_told_where_it_is_wanted(api, portal, make, told):
    customer = make.customer()
    invoice = make.invoice(customer)
    browser = portal(customer)
    before = len(told())
    browser.get(f"invoices/{invoice.id}/pdf")
    assert len(told()) == before
    api.post("account", settings={"portal": {"events": {"documents": True}}})
    address = f"/p/{browser.session_id}/invoices/{invoice.id}/pdf"
    assert browser.client.head(address, base_url="https://localhost").status_code == 200
    assert "downloaded" not in told()[-1].type
    browser.get(f"invoices/{invoice.id}/pdf")
    event = told()[-1]
    assert (event.type, event.object_id) == ("billing_portal.document.downloaded", invoice.id)
    assert event.actor == {"type": "customer", "id": customer.id, "session": browser.session_id}


def test_a_download_behind_a_link_is_told_also_where_the_document_lies_ready(api, make, told):
    invoice = make.invoice()
    link = api.get(f"invoices/{invoice.id}")["invoice_pdf"]
    stored = api.client.get(link).data
    api.post("account", settings={"portal": {"events": {"documents": True}}})
    before = len(told())
    assert [api.client.get(link).data for _ in range(2)] == [stored, stored]
    assert [event.type for event in told()[before:]] == ["billing_portal.document.downloaded"] * 2


def test_what_is_switched_off_is_not_told_but_logged(api, portal, make, told, audited):
    events = api.post("account", settings={"portal": {"events": {"sessions": False}}})["settings"]["portal"]["events"]
    names = ("bank_statements", "cancellations", "contacts", "email_changes", "failed_steps", "flows", "offers")
    on = dict.fromkeys(names, True)
    assert events == {**on, "documents": False, "sessions": False}
    portal(make.customer())
    assert _visits(told) == ["created"]
    assert audited()[-1].action == "billing_portal.session.opened"


def test_a_new_email_address_is_told_step_by_step(make, writing, told):
    customer = make.customer()
    with writing() as db:
        wanted = email_changes.RequestEmailChange("bps_1", "new@example.com", "hash")
        change = email_changes.request(db, db.merge(customer), wanted, now=clock.now())
    with writing() as db:
        command = email_changes.ConfirmEmailChange(customer.email, "undo")
        email_changes.confirm(db, change.id, command, now=clock.now())
    with writing() as db:
        email_undo.undo(db, change.id, now=clock.now())
    assert [event.type for event in told() if event.customer_id == customer.id][1:] == [
        "billing_portal.email_change.requested",
        "customer.updated",
        "billing_portal.email_change.confirmed",
        "customer.updated",
        "billing_portal.email_change.undone",
    ]
