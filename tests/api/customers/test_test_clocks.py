"""Test clocks: a merchant tries a year in seconds."""

import pytest
from stripe import InvalidRequestError, test_helpers

from portal import clock
from portal.billing.customers import test_clocks
from portal.models import Customer
from portal.rules import periods
from portal.rules.steps import DRAFT_DURATION
from tests import contract, official
from tests.clients import Api

#: 1 March 2030, 12:00 UTC.
START = 1898683200


@pytest.fixture
def stripe(app, merchant):
    return official.client(app, merchant.test_key).v1


@pytest.fixture
def frozen(api):
    return api.post("test_helpers/test_clocks", frozen_time=START, name="A year")


@pytest.fixture
def customer(api, frozen):
    return api.post("customers", name="Jenny Rosen", test_clock=frozen["id"])


def test_a_clock_stands_still_until_it_advances(stripe):
    made = stripe.test_helpers.test_clocks.create({"frozen_time": START, "name": "A year"})
    assert list(contract.violations(made.to_dict(), test_helpers.TestClock)) == []
    assert (made.status, made.frozen_time, made.livemode) == ("ready", START, False)
    assert made.deletes_after > clock.now()
    assert stripe.test_helpers.test_clocks.retrieve(made.id).name == "A year"
    assert [each.id for each in stripe.test_helpers.test_clocks.list().data] == [made.id]


def test_objects_of_its_customers_live_at_its_time(api, make, frozen, customer):
    subscription = _subscribed(api, make, customer)
    item = api.post("invoiceitems", customer=customer["id"], amount=100, currency="eur")
    invoice = api.post("invoices", customer=customer["id"], pending_invoice_items_behavior="include")
    for each in (customer, subscription, invoice, item):
        assert (each["test_clock"], each.get("created", each.get("date"))) == (frozen["id"], START)
    finalized = api.post(f"invoices/{invoice['id']}/finalize", expand=["test_clock"])
    assert finalized["status_transitions"]["finalized_at"] == START
    assert finalized["test_clock"]["frozen_time"] == START


def test_a_year_passes_in_seconds(api, make, frozen, customer):
    subscription = _subscribed(api, make, customer)
    for months in range(2, 13, 2):
        _advance(api, make, frozen, periods.add(START, "month", 1, months))
    invoices = api.get("invoices", subscription=subscription["id"], limit=100)["data"]
    assert [each["created"] for each in reversed(invoices)] == [periods.add(START, "month", 1, n) for n in range(13)]
    assert [each["number"] is None for each in invoices] == [True] + [False] * 12
    assert api.get(f"test_helpers/test_clocks/{frozen['id']}")["frozen_time"] == periods.add(START, "year", 1, 1)


def test_nothing_changes_by_hand_while_it_advances(api, stripe, frozen, customer):
    advancing = stripe.test_helpers.test_clocks.advance(frozen["id"], {"frozen_time": START + clock.DAY})
    assert advancing.status == "advancing"
    assert advancing.status_details.advancing.target_frozen_time == START + clock.DAY
    with pytest.raises(InvalidRequestError, match="advancement underway"):
        stripe.customers.update(customer["id"], {"name": "Other"})
    with pytest.raises(InvalidRequestError, match="advancement underway"):
        stripe.test_helpers.test_clocks.advance(frozen["id"], {"frozen_time": START + 2 * clock.DAY})


@pytest.mark.parametrize("to", [START, START - 1, START + 63 * clock.DAY])
def test_it_goes_forward_two_intervals_at_most(api, make, frozen, customer, to):
    _subscribed(api, make, customer)
    error = api.error("POST", f"test_helpers/test_clocks/{frozen['id']}/advance", frozen_time=to)
    assert error["param"] == "frozen_time"


def test_deleting_it_deletes_its_customers(api, make, frozen, customer):
    subscription = _subscribed(api, make, customer)
    assert api.delete(f"test_helpers/test_clocks/{frozen['id']}")["deleted"] is True
    assert api.get(f"customers/{customer['id']}")["deleted"] is True
    assert api.get(f"subscriptions/{subscription['id']}")["status"] == "canceled"


def test_it_is_deleted_by_itself_after_its_time(api, make, frozen, customer):
    with make.database.writing(make.scope) as db:
        assert not test_clocks.take_step(db, frozen["id"], now=frozen["deletes_after"] - 1)
        assert test_clocks.take_step(db, frozen["id"], now=frozen["deletes_after"])
    assert api.get(f"customers/{customer['id']}")["deleted"] is True


def test_it_holds_three_customers(api, frozen):
    for _ in range(3):
        api.post("customers", test_clock=frozen["id"])
    assert api.error("POST", "customers", test_clock=frozen["id"])["param"] == "test_clock"


def test_a_customer_can_be_attached_until_billed(api, make):
    attached, billed = make.customer(), make.subscription().customer_id
    made = api.post("test_helpers/test_clocks", frozen_time=START, customer=attached.id)
    assert api.get(f"customers/{attached.id}")["test_clock"] == made["id"]
    assert api.error("POST", "test_helpers/test_clocks", frozen_time=START, customer=billed)["param"] == "customer"


def test_there_are_none_in_live_mode(app, merchant):
    live = Api(app.test_client(), merchant.live_key)
    assert "test mode" in live.error("POST", "test_helpers/test_clocks", frozen_time=START)["message"]


def test_the_portal_shows_its_time(api, make, portal, frozen, customer):
    _subscribed(api, make, customer)
    _advance(api, make, frozen, START + DRAFT_DURATION)
    row = make.customer(test_clock=frozen["id"])
    make.invoice(row, now=START, collection_method="send_invoice", days_until_due=0)
    page = portal(row).get("invoices").get_data(as_text=True)
    assert "Past due" in page  # by the clock alone, as it stands in 2030


def _subscribed(api, make, customer):
    sent = {"collection_method": "send_invoice", "days_until_due": 14}
    return api.post("subscriptions", customer=customer["id"], items=[{"price": make.price().id}], **sent)


def _advance(api, make, frozen, to):
    api.post(f"test_helpers/test_clocks/{frozen['id']}/advance", frozen_time=to)
    while api.get(f"test_helpers/test_clocks/{frozen['id']}")["status"] == "advancing":
        with make.database.writing(make.scope) as db:
            assert test_clocks.take_step(db, frozen["id"], now=clock.now())


def test_what_is_overdue_by_a_clock_is_overdue(api, make, frozen, customer):
    with make.database.reading(make.scope) as db:
        row = db.get_one(Customer, (make.scope.tenant_id, customer["id"]))
    make.invoice(row, 700, now=START, collection_method="send_invoice", due_date=START + clock.DAY)
    assert api.get(f"customers/{row.id}")["delinquent"] is False
    _advance(api, make, frozen, START + 2 * clock.DAY)
    assert api.get(f"customers/{row.id}")["delinquent"] is True
