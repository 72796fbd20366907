"""Finding invoices in a long history: by number or amount, with counts, sums and files of what was found."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from portal import clock
from portal.billing.invoices import finalization, statuses
from portal.billing.invoices.params import FinalizeInvoice
from portal.documents import render_queue
from portal.hosted import invoice_history
from portal.hosted.invoice_history import HistoryQuery
from portal.hosted.invoice_search import parse_amounts
from portal.models import Customer, Invoice
from portal.wire.commands import ExpandableCommand
from tests.clients import Portal
from tests.conftest import NOON
from tests.factories import Factories
from tests.hosted.test_invoices import ids_on, link, page, words

Open = Callable[..., Portal]
pytestmark = pytest.mark.usefixtures("held_clock")


@pytest.fixture
def customer(make: Factories) -> Customer:
    return make.customer()


@pytest.fixture
def visit(portal: Open, make: Factories, customer: Customer) -> Portal:
    return portal(customer, make.configuration())


@pytest.mark.parametrize(
    ("typed", "exponent", "ranges"),
    [
        ("999", 2, [(99900, 99999)]),
        ("999", 0, [(999, 999)]),
        ("12.50", 2, [(1250, 1250)]),
        ("12,5", 2, [(1250, 1250)]),
        ("€1,234.56", 2, [(123456, 123456)]),
        ("1.234,56 €", 2, [(123456, 123456)]),
        ("1'234.56 CHF", 2, [(123456, 123456)]),
        ("1\u202f234,56", 2, [(123456, 123456)]),
        ("1,234", 2, [(123400, 123499)]),
        ("1.234", 3, [(1234000, 1234999), (1234, 1234)]),
        ("\u0661\u0662\u066b\u0665\u0660", 2, [(1250, 1250)]),
        ("-19.04", 2, [(1904, 1904)]),
        ("\u2212\u20ac19.04", 2, [(1904, 1904)]),
        ("US$120.00", 2, [(12000, 12000)]),
        ("CA$ 120.00", 2, [(12000, 12000)]),
        ("12.345", 0, [(12345, 12345)]),
        ("RR-0042", 2, []),
        ("12 Nov", 2, [(1200, 1299)]),
        ("1" * 40, 2, []),
        (".", 2, []),
        ("²", 2, [(200, 299)]),
    ],
)
def test_an_amount_is_read_however_it_is_typed(typed: str, exponent: int, ranges: Any) -> None:
    assert parse_amounts(typed, exponent) == ranges


@pytest.mark.parametrize("typed", ["1,234.56", "1.234,56 €", "1234", "1234.56"])
def test_an_amount_finds_its_invoice(make: Factories, customer: Customer, visit: Portal, typed: str) -> None:
    found = make.invoice(customer, 123456)
    make.invoice(customer, 12345, number="A")
    assert ids_on(page(visit, f"invoices?q={typed}")) == [found.id]


def test_the_amount_of_a_credit_note_finds_its_invoice(make: Factories, customer: Customer, visit: Portal) -> None:
    invoice = make.invoice(customer, 10000)
    make.invoice(customer, 10000, number="A")
    make.credit_note(invoice, 1904)
    assert ids_on(page(visit, "invoices?q=-\u20ac19.04")) == [invoice.id]


def test_an_amount_is_read_in_the_currency_of_the_invoice(make: Factories, portal: Open) -> None:
    customer = make.customer()
    yen = make.invoice(customer, 1500, currency="jpy", number="A")
    visit = portal(customer, make.configuration())
    assert ids_on(page(visit, "invoices?q=1,500")) == [yen.id]
    assert ids_on(page(visit, "invoices?q=15")) == []


def test_a_part_of_a_number_finds_in_any_case(make: Factories, customer: Customer, visit: Portal) -> None:
    found = make.invoice(customer, number="RE/26_0815")
    make.invoice(customer, number="RE/26-0916")
    for typed in ("re/26_08", "26_", "%20RE/26_0815 "):
        assert ids_on(page(visit, f"invoices?q={typed}")) == [found.id]
    assert ids_on(page(visit, "invoices?q=%25")) == []


def test_the_number_of_a_credit_note_finds_its_invoice(make: Factories, customer: Customer, visit: Portal) -> None:
    invoice, other = make.invoice(customer, 3000), make.invoice(customer, 5000)
    note = make.credit_note(invoice, 100)
    assert ids_on(page(visit, f"invoices?q={note.number}")) == [invoice.id]
    assert other.id not in page(visit, f"invoices?q={note.number}")


@pytest.mark.parametrize("typed", ["<script>", "'; DROP TABLE invoices; --", "\0", "{{ 7*7 }}", "\\", "a" * 5000])
def test_whatever_is_typed_is_text(make: Factories, customer: Customer, visit: Portal, typed: str) -> None:
    invoice = make.invoice(customer)
    answer = visit.get("invoices", query_string={"q": typed})
    assert answer.status_code == 200
    assert "<script>" not in answer.get_data(as_text=True)
    assert ids_on(page(visit)) == [invoice.id]


def test_nobody_finds_what_is_anothers(make: Factories, customer: Customer, visit: Portal) -> None:
    make.invoice(customer)
    foreign = make.invoice(make.customer(), 77700)
    note = make.credit_note(foreign, 100)
    for typed in (foreign.number, note.number, "777"):
        assert ids_on(page(visit, f"invoices?q={typed}")) == []
        assert foreign.number not in visit.get("invoices.csv", query_string={"q": typed or ""}).get_data(as_text=True)


def test_what_was_typed_stays_with_the_filter_on_every_page(make: Factories, customer: Customer, visit: Portal) -> None:
    for age in range(30):
        make.paid_invoice(customer, 5000, now=NOON - age * clock.DAY)
    html = page(visit, "invoices?q=50&status=paid&year=2026")
    assert 'value="50"' in html
    assert 'href="invoices.csv?q=50&amp;status=paid&amp;year=2026&amp;"' in html
    older = page(visit, link(html, "next"))
    assert len(ids_on(older)) == 6
    assert 'value="50"' in older
    assert "25 to 30 of 30 invoices" in words(older)
    assert "1 to 24 of 30 invoices" in words(page(visit, link(older, "prev")))


def test_the_sums_are_those_of_what_was_found(make: Factories, customer: Customer, visit: Portal) -> None:
    make.paid_invoice(customer, 5000, now=NOON - 400 * clock.DAY)
    make.invoice(customer, 3000)
    make.run(statuses.void, ExpandableCommand, make.invoice(customer, 99900))
    assert "3 invoices €80.00 billed €50.00 paid €30.00 to pay" in words(page(visit))
    assert "1 invoice €50.00 billed nothing to pay" in words(page(visit, "invoices?status=paid"))
    assert "2 invoices €30.00 billed €30.00 to pay" in words(page(visit, "invoices?year=2026"))
    assert "1 invoice €30.00 billed €30.00 to pay" in words(page(visit, "invoices?q=30.00"))


def test_a_long_history_counts_as_a_short_one_does(make: Factories, customer: Customer, visit: Portal) -> None:
    for age in range(26):
        make.paid_invoice(customer, 1000, now=NOON - age * clock.DAY)
    make.invoice(customer, 3000)
    text = words(page(visit))
    assert "1 to 24 of 27 invoices €290.00 billed €260.00 paid €30.00 to pay" in text


def test_only_statuses_that_there_are_can_be_chosen(make: Factories, customer: Customer, visit: Portal) -> None:
    make.invoice(customer)
    assert 'name="status"' not in page(visit)
    make.run(statuses.void, ExpandableCommand, make.invoice(customer))
    for path in ("invoices", "invoices?status=void", "invoices?q=nothing"):
        html = page(visit, path)
        assert [value for value in ("open", "paid", "uncollectible", "void") if f'value="{value}"' in html] == [
            "open",
            "void",
        ]
    # whoever was sent a link with another one sees what it asks for
    assert '<option value="paid" selected>' in page(visit, "invoices?status=paid")


def test_the_year_is_that_of_the_printed_date(make: Factories, customer: Customer, visit: Portal) -> None:
    backdated = make.invoice(customer, effective_at=NOON - 400 * clock.DAY)
    assert ids_on(page(visit, "invoices?year=2025")) == [backdated.id]
    html = page(visit)
    assert "All documents of 2025 (ZIP)" in html
    assert visit.get("statements/2025-eur.pdf").status_code == 200


def test_files_of_the_year_are_one_click_away(make: Factories, customer: Customer, visit: Portal, app: Any) -> None:
    make.invoice(customer, now=NOON - 400 * clock.DAY)
    make.invoice(customer)
    html = page(visit, "invoices?year=2025")
    assert 'name="year" value="2025"' in html
    assert 'href="statements/2025-eur.pdf"' in html
    while render_queue.work(app.extensions["portal"].documents, NOON + clock.DAY):
        pass
    answer = visit.post("downloads", year="2025")
    assert (answer.status_code, answer.location) == (303, f"/p/{visit.session_id}/downloads/2025.zip")
    assert visit.get("downloads/2025.zip").mimetype == "application/zip"


def test_each_currency_has_its_own_sums_and_statement(make: Factories, customer: Customer, visit: Portal) -> None:
    make.invoice(customer, 3000)
    imported = make.invoice(customer, 4000)
    with make.database.writing(make.scope) as db:
        db.get_one(Invoice, (imported.tenant_id, imported.id)).currency = "usd"
    html = page(visit)
    assert "2 invoices €30.00 billed €30.00 to pay $40.00 billed $40.00 to pay" in words(html)
    for currency in ("eur", "usd"):
        assert f'href="statements/2026-{currency}.pdf"' in html


def test_the_list_comes_as_csv(make: Factories, customer: Customer, visit: Portal) -> None:
    rate = make.tax_rate()
    terms = {"collection_method": "send_invoice", "days_until_due": 14, "default_tax_rates": [rate.id]}
    invoice = make.invoice(customer, 10000, now=NOON - clock.DAY, number="=1+1", **terms)
    note = make.credit_note(invoice, 1000)
    paid = make.paid_invoice(customer, 2500)
    answer = visit.get("invoices.csv")
    assert (answer.status_code, answer.mimetype) == (200, "text/csv")
    assert 'filename="Invoices.csv"' in answer.headers["Content-Disposition"]
    newest, billed, credited = csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig")))
    assert (newest["type"], newest["number"], newest["status"], newest["total"]) == (
        "invoice",
        paid.number,
        "paid",
        "25.00",
    )
    assert (newest["amount_paid"], newest["amount_remaining"], newest["due_date"]) == ("25.00", "0.00", "")
    assert billed["number"] == "'=1+1"
    assert (billed["date"], billed["due_date"], billed["tax"]) == ("2026-11-20", "2026-12-04", "19.00")
    assert (credited["type"], credited["number"], credited["invoice"]) == ("credit_note", f"'{note.number}", "'=1+1")
    assert (credited["total"], credited["currency"], credited["amount_paid"]) == ("-10.00", "EUR", "")


def test_the_csv_has_what_the_filter_lets_through(make: Factories, customer: Customer, visit: Portal) -> None:
    for age in range(30):
        make.paid_invoice(customer, 5000, now=NOON - age * clock.DAY)
    make.invoice(customer, 3000)
    lines = visit.get("invoices.csv", query_string={"status": "paid"}).data.decode("utf-8-sig").splitlines()
    assert len(lines) == 31
    assert len(visit.get("invoices.csv", query_string={"q": "30.00"}).data.splitlines()) == 2
    assert len(visit.get("invoices.csv", query_string={"year": "2019"}).data.splitlines()) == 1


def test_counting_takes_one_statement(make: Factories, customer: Customer, visit: Portal, count_queries: Any) -> None:
    for age in range(30):
        make.invoice(customer, now=NOON - age * clock.DAY)
    page(visit)
    # a page that was shown is kept, so this one is asked for by another address
    with count_queries() as found:
        page(visit, "invoices?year=")
    assert sum("count(" in statement.lower() for statement in found) == 1
    assert len(found) == 3


def test_a_product_is_found(visit: Portal, make: Factories, customer: Customer) -> None:
    gold = make.subscription(customer, make.price(make.product(name="Gold 100% plan")))
    with make.database.reading(make.scope) as db:
        bill = db.get_one(Invoice, (gold.tenant_id, gold.latest_invoice_id))
    make.run(finalization.finalize, FinalizeInvoice, bill)
    make.invoice(customer, 1000)
    make.invoice(make.customer(), 1000)
    assert ids_on(page(visit, "invoices?q=gold")) == [bill.id]
    assert ids_on(page(visit, "invoices?q=100%25")) == [bill.id]
    assert ids_on(page(visit, "invoices?q=1_0%25")) == []
    assert len(ids_on(page(visit, "invoices?q=CONSULTING"))) == 1


def test_days_are_a_filter(visit: Portal, make: Factories, customer: Customer) -> None:
    ids = [make.invoice(customer, 1000, now=NOON - days * clock.DAY).id for days in (0, 10, 20)]
    assert ids_on(page(visit, "invoices?from=2026-11-11&to=2026-11-11")) == ids[1:2]
    assert ids_on(page(visit, "invoices?from=2026-11-11")) == ids[:2]
    assert ids_on(page(visit, "invoices?to=2026-11-11")) == ids[1:]
    shown = page(visit, "invoices?from=2026-11-11&to=2026-11-30")
    assert 'name="from" type="date" value="2026-11-11"' in shown
    assert "invoices.csv?from=2026-11-11&amp;to=2026-11-30&amp;" in shown
    for odd in ("2026-02-31", "yesterday", "2026-11-11'", "0000-01-01"):
        assert len(ids_on(page(visit, f"invoices?from={odd}"))) == 3
    text = visit.get("invoices.csv?from=2026-11-11&to=2026-11-11").get_data().decode("utf-8-sig")
    assert len(list(csv.DictReader(io.StringIO(text)))) == 1


#: Rows of a large history that one statement writes; ids are such that no other test has them.
_MANY = 100_000


def test_a_search_among_many_invoices_uses_an_index(make: Factories, customer: Customer) -> None:
    """Beside a hundred thousand invoices of another customer: the statement reads by the customer's index."""
    own, other = make.invoice(customer, 1000), make.customer()
    asked = HistoryQuery.parse({"q": "consulting", "from": "2026-01-01"})
    values = {
        "tenant_id": own.tenant_id,
        "customer_id": customer.id,
        "created": 10**12,
        "id": "",
        "first": asked.days[0],
        "last": asked.days[1],
        "limit": 25,
        "now": NOON,
    }
    with make.database.dry_run(make.scope) as db:
        _copy_many(db, own, other.id)
        db.execute(text("ANALYZE"))
        bound = invoice_history.statement_for(asked).params(values)
        sql = str(bound.compile(db.get_bind(), compile_kwargs={"literal_binds": True})).replace("%%", "%")
        keyword = "EXPLAIN QUERY PLAN" if db.get_bind().dialect.name == "sqlite" else "EXPLAIN"
        plan = "\n".join(str(tuple(row)) for row in db.execute(text(f"{keyword} {sql}".replace(":", "\\:"))))
        found = db.execute(bound).all()
    assert [row.id for row in found] == [own.id]
    assert "ix_invoices_customer_id" in plan, plan
    assert "Seq Scan on invoices" not in plan
    assert "SCAN invoices" not in plan


def _copy_many(db: Session, own: Invoice, customer_id: str) -> None:
    names = [column.name for column in Invoice.__table__.columns]
    kept = [name for name in names if name not in {"id", "number", "customer_id"}]
    quoted = ", ".join(f'"{name}"' for name in kept)
    columns = f"INSERT INTO invoices (id, number, customer_id, {quoted})"
    rows = f"SELECT 'in_many' || i || '_' || :tenant, 'MANY-' || i, :customer, {quoted} FROM invoices, n"  # noqa: S608
    numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :many)"
    which = "WHERE invoices.tenant_id = :tenant AND invoices.id = :own"
    db.execute(
        text(" ".join((numbers, columns, rows, which))),
        {"many": _MANY, "own": own.id, "tenant": own.tenant_id, "customer": customer_id},
    )
