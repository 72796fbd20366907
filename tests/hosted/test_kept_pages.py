"""Pages are kept, and never older than what they show: each is compared with one of a process that kept none."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from typing import Any

import orjson
import pytest
from sqlalchemy import func, select

from portal import clock
from portal.billing.customers.params import UpdateCustomer
from portal.db import Database, find_row
from portal.hosted import kept_pages, plan_cards
from portal.hosted.kept_pages import PageStore
from portal.models import Account, AuditEntry, Customer, Discount, Journal, Subscription, TestClock
from portal.settings import Settings
from portal.transfer.files import read_objects
from portal.transfer.importing import Import
from tests.clients import Api, Portal
from tests.conftest import NOON
from tests.factories import Factories
from tests.hosted import fresh_pages
from tests.hosted.fresh_pages import FreshPages

Open = Callable[..., Portal]
pytestmark = pytest.mark.usefixtures("held_clock")
PATHS = ("", "invoices")
BY_INVOICE: dict[str, Any] = {"collection_method": "send_invoice", "days_until_due": 14}


@pytest.fixture(scope="module")
def fresh(settings: Settings, app: Any) -> Iterator[FreshPages]:
    with fresh_pages.run(settings) as pages:
        yield pages


def plain(page: str) -> str:
    """A page without what every answer has of its own."""
    return re.sub(r'(name="csrf_token"[^>]*value=|data-left=)"[^"]*"|req_[0-9a-f]+', "", page)


class Watched:
    """A visit whose pages are compared with fresh ones, and by what they showed last."""

    def __init__(self, visit: Portal, fresh: FreshPages) -> None:
        self.visit, self.fresh = visit, fresh
        self.shown = self.look()

    def look(self) -> list[str]:
        """The pages as this process shows them, twice; the second time they were kept."""
        pages = [[self._page(path) for path in PATHS] for _ in range(2)]
        assert pages[0] == pages[1]
        assert pages[1] == [plain(page) for page in self.fresh.render(self.visit, PATHS)]
        return pages[1]

    def _page(self, path: str) -> str:
        answer = self.visit.get(path)
        return plain(f"{answer.status_code} {answer.get_data(as_text=True)}")

    def has_changed(self) -> bool:
        before, self.shown = self.shown, self.look()
        return before != self.shown


@pytest.fixture
def customer(make: Factories) -> Customer:
    return make.customer(email="jenny@example.com")


@pytest.fixture
def watched(portal: Open, make: Factories, customer: Customer, fresh: FreshPages) -> Watched:
    """A customer with a plan, invoices of each kind and a second invoice, open by now."""
    make.paid_invoice(customer)
    make.invoice(customer, 4000, **BY_INVOICE)
    return Watched(portal(customer, make.configuration()), fresh)


def test_every_call_that_changes_what_is_shown_shows(
    api: Api, make: Factories, customer: Customer, watched: Watched
) -> None:
    """A day of changes, one after the other: after each, kept pages are what fresh ones are."""
    product = make.product(name="Silver plan")
    price = make.price(product, unit_amount=1500)
    own, jenny = {"customer": customer.id}, f"customers/{customer.id}"
    api.post(jenny, name="Jenny Miller")
    assert watched.has_changed()
    api.post(jenny, email="miller@example.com", phone="+49 30 1234567", address={"line1": "Road 1", "country": "FR"})
    assert watched.has_changed()
    number = api.post(f"{jenny}/tax_ids", type="eu_vat", value="DE123456789")
    assert watched.has_changed()
    api.delete(f"{jenny}/tax_ids/{number['id']}")
    assert watched.has_changed()
    api.post(f"{jenny}/balance_transactions", amount=-700, currency="eur")
    assert watched.has_changed()
    plan = api.post("subscriptions", **own, items=[{"price": price.id, "quantity": 2}], **BY_INVOICE)
    assert watched.has_changed()
    for changes in (
        {"description": "For the office"},
        {"items": [{"id": plan["items"]["data"][0]["id"], "quantity": 5}]},
        {"pause_collection": {"behavior": "void"}},
        {"pause_collection": ""},
        {"discounts": [{"coupon": make.coupon(percent_off=10).id}]},
        {"cancel_at_period_end": "true"},
        {"cancel_at_period_end": "false"},
    ):
        api.post(f"subscriptions/{plan['id']}", **changes)
        assert watched.has_changed(), changes
    api.post("invoiceitems", **own, subscription=plan["id"], amount=250, currency="eur")
    assert watched.has_changed()
    api.post(f"products/{product.id}", name="Gold plan")
    assert watched.has_changed()
    draft = api.post("invoices", **own, **BY_INVOICE)
    api.post("invoiceitems", **own, invoice=draft["id"], amount=9900, currency="eur")
    watched.has_changed()
    api.post(f"invoices/{draft['id']}/finalize")
    assert watched.has_changed()
    api.post("credit_notes", invoice=draft["id"], amount=100)
    assert watched.has_changed()
    api.post(f"invoices/{draft['id']}/pay", paid_out_of_band="true")
    assert watched.has_changed()
    for turn in ("void", "mark_uncollectible"):
        api.post(f"invoices/{make.invoice(customer, **BY_INVOICE).id}/{turn}")
        assert watched.has_changed(), turn
    api.delete(f"subscriptions/{plan['id']}")
    assert watched.has_changed()


def test_what_the_merchant_sets_shows(api: Api, make: Factories, watched: Watched) -> None:
    (configuration,) = [each for each in api.get("billing_portal/configurations")["data"] if not each["is_default"]]
    path = f"billing_portal/configurations/{configuration['id']}"
    api.post(path, business_profile={"headline": "All in one place"})
    assert watched.has_changed()
    api.post(path, features={"customer_update": {"enabled": "false"}})
    assert watched.has_changed()
    with make.database.writing(make.scope) as db:
        account = db.get_one(Account, make.scope.account_id)
        account.business_profile = {**account.business_profile, "name": "Slow Rides"}
    assert watched.has_changed()
    api.post(path, features={"invoice_history": {"enabled": "false"}})
    assert watched.has_changed()
    assert watched.shown[1].startswith("404")


def test_what_passes_no_use_case_shows(
    database: Database, make: Factories, customer: Customer, watched: Watched
) -> None:
    """Rows that are no object of the wire, statements of their own, and imports leave no entry in the audit log."""
    make.subscription(customer, discounts=[{"coupon": make.coupon(percent_off=10).id}])
    watched.has_changed()
    with make.database.writing(make.scope) as db:
        db.scalars(select(Discount)).one().end = NOON + clock.DAY
    assert watched.has_changed()
    with make.database.writing(make.scope) as db:
        db.execute(Customer.__table__.update().where(Customer.tenant_id == make.scope.tenant_id).values(name="By hand"))
    assert watched.has_changed()
    line = {"object": "customer", "id": customer.id, "name": "Imported", "created": NOON, "email": "new@example.com"}
    assert Import(database, make.scope).run(read_objects(io.BytesIO(orjson.dumps(line)))).refused == []
    assert watched.has_changed()
    assert "Imported" in watched.shown[0]


def test_an_imported_credit_note_shows_below_its_invoice(
    api: Api, database: Database, make: Factories, customer: Customer, watched: Watched
) -> None:
    """The rows of a list are kept by the revisions of invoices, and the invoice is not in the file."""
    note = api.post("credit_notes", invoice=make.invoice(customer, **BY_INVOICE).id, amount=100)
    assert watched.has_changed()
    (line,) = note["lines"]["data"]
    lines = note["lines"] | {"data": [line | {"id": "cnli_imported"}]}
    imported = note | {"id": "cn_imported", "number": "IMPORTED-1", "lines": lines}
    for status in ("issued", "void"):
        content = io.BytesIO(orjson.dumps(imported | {"status": status}))
        assert Import(database, make.scope).run(read_objects(content)).refused == []
        assert watched.has_changed(), status
    assert "IMPORTED-1" in watched.shown[0]


def test_a_test_clock_moves_what_is_shown(api: Api, make: Factories, portal: Open, fresh: FreshPages) -> None:
    moved = api.post("test_helpers/test_clocks", frozen_time=NOON)
    customer = find_customer(make, api.post("customers", name="Jenny", test_clock=moved["id"])["id"])
    make.invoice(customer, 3000, **BY_INVOICE)
    watched = Watched(portal(customer, make.configuration()), fresh)
    with make.database.writing(make.scope) as db:
        db.scalars(select(TestClock)).one().frozen_time = NOON + 15 * clock.DAY
    assert watched.has_changed()
    assert "Past due" in watched.shown[0]


def find_customer(make: Factories, id: str) -> Customer:
    with make.database.reading(make.scope) as db:
        return find_row(db, Customer, id, noun="customer")


def test_moments_come_without_a_change(make: Factories, customer: Customer, portal: Open, fresh: FreshPages) -> None:
    """To the second, and within the time for which pages are kept: due dates, ends of discounts and of ended plans."""
    invoice = make.invoice(customer, 4000, **BY_INVOICE)
    ended = make.subscription(customer, **BY_INVOICE)
    lowered = make.subscription(customer, discounts=[{"coupon": make.coupon(percent_off=10).id}], **BY_INVOICE)
    later = NOON + 10
    with make.database.writing(make.scope) as db:
        find_row(db, type(invoice), invoice.id, noun="invoice").due_date = later
        row = find_row(db, Subscription, ended.id, noun="subscription")
        row.status, row.ended_at = "canceled", later + 10 - plan_cards.SHOW_ENDED_FOR
        find_row(db, Subscription, lowered.id, noun="subscription").cancel_at = later + 20
        db.scalars(select(Discount)).one().end = later + 30
    watched = Watched(portal(customer, make.configuration()), fresh)
    turns = {1, 10, 20, 30}
    for moment in (0, 1, 9, 10, 19, 20, 29, 30):
        with clock.hold_at(later + moment):
            assert (moment, watched.has_changed()) == (moment, moment in turns)


def test_what_a_customer_does_shows(make: Factories, customer: Customer, watched: Watched) -> None:
    plan = make.subscription(customer)
    assert watched.has_changed()
    watched.visit.post(f"subscriptions/{plan.id}/cancel", reason="", revision=str(plan.revision))
    watched.visit.post("details/name", name="Jenny Jones")
    said = watched.visit.get("details").get_data(as_text=True)
    assert "Jenny Jones" in said
    assert watched.has_changed()


def test_a_message_is_shown_once(make: Factories, customer: Customer, watched: Watched) -> None:
    watched.visit.post("details/name", name="Jenny Jones")
    first, second = (watched.visit.get("").get_data(as_text=True) for _ in range(2))
    assert "Your billing information is saved." in first
    assert "Your billing information is saved." not in second


def test_a_kept_page_is_read_by_one_statement(watched: Watched, count_queries: Any) -> None:
    for path in PATHS:
        with count_queries() as statements:
            watched.visit.get(path)
        assert len(statements) == 1
        assert "portal_sessions" in statements[0]


def test_another_customers_change_leaves_a_page_kept(make: Factories, watched: Watched, count_queries: Any) -> None:
    other = make.customer(name="John")
    make.invoice(other, 5000)
    make.run(lambda db, row, command, now: row, UpdateCustomer, other)
    with count_queries() as statements:
        watched.visit.get("invoices")
    assert len(statements) == 1


def test_a_visit_that_ends_has_no_page(api: Api, watched: Watched) -> None:
    api.post(f"billing_portal/sessions/{watched.visit.session_id}/expire")
    assert [watched.visit.get(path).status_code for path in PATHS] == [410] * 2


def test_a_kept_page_needs_its_cookie_and_its_language(watched: Watched) -> None:
    path = f"/p/{watched.visit.session_id}/invoices"
    stranger = watched.visit.client.application.test_client()
    assert stranger.get(path, base_url="https://localhost").status_code == 410
    german = watched.visit.get("invoices", headers={"Accept-Language": "de"}).get_data(as_text=True)
    assert "Rechnungen" in german
    assert "Rechnungen" not in watched.visit.get("invoices").get_data(as_text=True)


def test_nothing_of_a_form_token_is_kept(watched: Watched) -> None:
    token = watched.visit.token().encode()
    kept = [part for page in kept_pages._STORE._pages.values() for part in page.parts]
    assert b"csrf_token" in kept
    assert not [part for part in kept if token in part]


def test_kept_pages_are_bounded_in_bytes() -> None:
    store, facts = PageStore(1000), ("facts",)
    for index in range(30):
        store.keep(index, facts, 0, 10, [b"x" * 90, b"left", b"y" * 6])
    assert store.size == 1000
    assert [index for index in range(30) if store.find(index, facts, 5)] == list(range(20, 30))
    store.keep(29, facts, 0, 10, [b"z"])
    assert store.size == 901
    others = (*facts, "more")[:1]
    assert (store.find(29, others, 5), store.find(29, facts, 10)) == (None, None)


def test_the_shared_number_rises_for_what_has_no_customer_alone(database: Database, make: Factories) -> None:
    def numbers() -> tuple[Any, ...]:
        with database.reading(make.scope) as db:
            last = db.scalar(select(func.max(AuditEntry.sequence)))
            shared = db.scalar(select(Journal.shared).where(Journal.tenant_id == make.scope.tenant_id))
        return last, shared

    customer = make.customer()
    before = numbers()
    make.invoice(customer)
    after = numbers()
    assert after[0] > before[0]
    assert after[1] == before[1]
    make.product()
    assert numbers()[1] > after[1]
