"""All documents of a year as one file: the years, the wait for what is not there yet, and the ZIP."""

from __future__ import annotations

import re
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from flask import Flask
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from portal import clock
from portal.billing.invoices import payments, statuses
from portal.billing.invoices.params import PayInvoice
from portal.documents import render_queue
from portal.errors import Unavailable
from portal.hosted import downloads
from portal.models import Customer, Invoice, StoredDocument
from portal.recording.documents import RENDER_DELAY
from portal.wire.commands import ExpandableCommand
from tests.clients import Api, Portal
from tests.conftest import NOON
from tests.factories import Factories

Open = Callable[..., Portal]
Work = Callable[..., None]
pytestmark = pytest.mark.usefixtures("held_clock")
NEW_YEAR = 1767225600  # 2026-01-01


@pytest.fixture
def customer(make: Factories) -> Customer:
    return make.customer()


@pytest.fixture
def visit(portal: Open, make: Factories, customer: Customer) -> Portal:
    return portal(customer, make.configuration())


@pytest.fixture
def work(app: Flask) -> Work:
    """Has the worker make what is wanted after some seconds; what other tests have left is not wanted any more."""
    library = app.extensions["portal"].documents
    with library.database.writing() as db:
        db.execute(update(StoredDocument.__table__).values(wanted_at=None), execution_options={"every_tenant": True})

    def working(after: int = RENDER_DELAY) -> None:
        while render_queue.work(library, NOON + after):
            pass

    return working


def words(answer: TestResponse) -> str:
    """The text of a page's main part."""
    main = re.search("<main.*</main>", answer.get_data(as_text=True), re.DOTALL)
    assert main
    return " ".join(re.sub("<[^>]+>", " ", main[0]).split())


def files(answer: TestResponse) -> dict[str, bytes]:
    """What is in a ZIP, by name in its order."""
    assert (answer.status_code, answer.mimetype) == (200, "application/zip")
    with ZipFile(BytesIO(answer.get_data())) as bundle:
        assert bundle.testzip() is None
        return {name: bundle.read(name) for name in bundle.namelist()}


def test_the_history_leads_to_the_years(make: Factories, customer: Customer, visit: Portal) -> None:
    assert 'href="downloads"' not in visit.get("invoices").get_data(as_text=True)
    make.invoice(customer)
    assert 'href="downloads"' in visit.get("invoices").get_data(as_text=True)


def test_the_years_show_with_how_much_they_have(make: Factories, customer: Customer, visit: Portal) -> None:
    assert "No invoices yet" in words(visit.get("downloads"))
    make.credit_note(make.paid_invoice(customer, now=NEW_YEAR), 500, now=NEW_YEAR, out_of_band_amount=500)
    make.invoice(customer, now=NEW_YEAR - 1)
    make.draft(customer, now=NEW_YEAR)
    make.invoice(now=NEW_YEAR - 400 * clock.DAY)
    assert "2026 2 documents Download 2026 2025 1 document Download 2025" in words(visit.get("downloads"))


def test_a_year_comes_as_one_file(make: Factories, customer: Customer, visit: Portal) -> None:
    paid = make.paid_invoice(customer, now=NEW_YEAR)
    void = make.run(statuses.void, ExpandableCommand, make.invoice(customer, now=NEW_YEAR + 1))
    note = make.credit_note(paid, 500, now=NEW_YEAR + 2, out_of_band_amount=500)
    make.draft(customer, now=NEW_YEAR)
    pages = {"Invoice": [f"invoices/{paid.id}", f"invoices/{void.id}"], "Credit note": [f"credit-notes/{note.id}"]}
    numbers = {"Invoice": [paid.number, void.number], "Credit note": [note.number]}
    alone = {
        f"{kind} {number}.pdf": visit.get(f"{path}/pdf").get_data()
        for kind, paths in pages.items()
        for number, path in zip(numbers[kind], paths, strict=True)
    }
    answer = visit.get("downloads/2026.zip")
    assert list(files(answer).items()) == list(alone.items())
    assert "Rocket%20Rides%202026.zip" in answer.headers["Content-Disposition"]


def test_a_year_ends_where_the_next_begins(make: Factories, customer: Customer, visit: Portal) -> None:
    old, new = (make.invoice(customer, now=moment).number for moment in (NEW_YEAR - 1, NEW_YEAR))
    assert list(files(visit.get("downloads/2025.zip"))) == [f"Invoice {old}.pdf"]
    assert list(files(visit.get("downloads/2026.zip"))) == [f"Invoice {new}.pdf"]


def test_what_was_imported_without_date_or_number_is_there(make: Factories, customer: Customer, visit: Portal) -> None:
    made = make.invoice(customer, now=NEW_YEAR)
    with make.database.writing(make.scope) as db:
        row = db.get_one(Invoice, (made.tenant_id, made.id))
        row.effective_at = row.number = None
    assert "2026 1 document" in words(visit.get("downloads"))
    assert list(files(visit.get("downloads/2026.zip"))) == [f"Invoice {made.id}.pdf"]


def test_the_same_year_gives_the_same_bytes(make: Factories, customer: Customer, visit: Portal) -> None:
    make.invoice(customer, now=NEW_YEAR + 40 * clock.DAY)
    first = visit.get("downloads/2026.zip").get_data()
    with clock.hold_at(NOON + clock.HOUR // 4):
        assert visit.get("downloads/2026.zip").get_data() == first
    assert ZipFile(BytesIO(first)).infolist()[0].date_time == (2026, 2, 10, 0, 0, 0)


def test_files_have_names_in_the_customers_language(make: Factories, portal: Open) -> None:
    customer = make.customer(preferred_locales=["de"])
    number = make.invoice(customer).number
    assert list(files(portal(customer).get("downloads/2026.zip"))) == [f"Rechnung {number}.pdf"]


def test_what_others_got_is_not_inside(make: Factories, customer: Customer, visit: Portal) -> None:
    make.invoice()
    assert visit.get("downloads/2026.zip").status_code == 404
    own = make.invoice(customer).number
    assert list(files(visit.get("downloads/2026.zip"))) == [f"Invoice {own}.pdf"]


@pytest.mark.parametrize("path", ["2026", "2026.zip", "2025-12.zip", "1", "year", "٢٠٢٥", "2025-.zip", "2025-12"])
def test_what_has_no_documents_is_not_there(make: Factories, customer: Customer, visit: Portal, path: str) -> None:
    make.invoice(customer, now=NEW_YEAR - 1)
    assert visit.get(f"downloads/{path}").status_code == 404
    assert visit.post("downloads", year=path).status_code == 404


def test_what_is_not_there_yet_is_made_meanwhile(
    make: Factories, customer: Customer, visit: Portal, work: Work
) -> None:
    numbers = [make.invoice(customer).number for _ in range(downloads.MOST_RENDERED_ON_CLICK + 1)]
    assert "0 of 4 documents are ready. Get them ready" in words(visit.get("downloads/2026"))
    chosen = visit.post("downloads", year="2026")
    assert (chosen.status_code, chosen.location) == (303, f"/p/{visit.session_id}/downloads/2026")
    waiting = visit.get("downloads/2026")
    assert "0 of 4 documents are ready. This can take a minute." in words(waiting)
    assert '<progress max="4" value="0"' in waiting.get_data(as_text=True)
    work(after=0)
    assert re.search(r"All 4 documents are ready\. Download 4 documents \(\d+ kB\)", words(visit.get("downloads/2026")))
    assert sorted(files(visit.get("downloads/2026.zip"))) == sorted(f"Invoice {number}.pdf" for number in numbers)


def test_the_click_waits_too_while_much_is_missing(make: Factories, customer: Customer, visit: Portal) -> None:
    for _ in range(downloads.MOST_RENDERED_ON_CLICK + 1):
        make.invoice(customer)
    answer = visit.get("downloads/2026.zip")
    assert (answer.status_code, answer.location) == (303, f"/p/{visit.session_id}/downloads/2026")


def test_a_document_that_has_changed_comes_as_it_is_now(
    make: Factories, customer: Customer, visit: Portal, work: Work
) -> None:
    invoice = make.invoice(customer)
    work()
    before = files(visit.get("downloads/2026.zip"))
    make.run(payments.pay, PayInvoice, invoice, paid_out_of_band=True)
    assert "0 of 1 document is ready." in words(visit.get("downloads/2026"))
    after = files(visit.get("downloads/2026.zip"))
    assert list(after) == list(before)
    assert after != before
    assert "The document is ready." in words(visit.get("downloads/2026"))


def test_what_an_older_renderer_made_is_not_ready(
    make: Factories, customer: Customer, visit: Portal, work: Work
) -> None:
    invoice = make.invoice(customer)
    work()
    with make.database.writing(make.scope) as db:
        row = db.get_one(StoredDocument, (invoice.tenant_id, invoice.id))
        row.fingerprint = row.fingerprint[:-8] + "00000001"
    assert "0 of 1 document is ready." in words(visit.get("downloads/2026"))
    assert list(files(visit.get("downloads/2026.zip"))) == [f"Invoice {invoice.number}.pdf"]
    assert "The document is ready." in words(visit.get("downloads/2026"))


def test_a_page_stops_to_look_by_itself_after_a_while(make: Factories, customer: Customer, visit: Portal) -> None:
    for _ in range(downloads.MOST_RENDERED_ON_CLICK + 1):
        make.invoice(customer)
    visit.post("downloads", year="2026")
    assert 'http-equiv="refresh"' in visit.get("downloads/2026").get_data(as_text=True)
    with clock.hold_at(NOON + downloads.POLLING_TIME):
        page = visit.get("downloads/2026")
        assert "refresh" not in page.get_data(as_text=True)
        assert "This takes longer than usual." in words(page)
        visit.post("downloads", year="2026")
        assert 'http-equiv="refresh"' in visit.get("downloads/2026").get_data(as_text=True)


def test_a_file_that_got_lost_is_made_anew(
    app: Flask, make: Factories, customer: Customer, visit: Portal, work: Work
) -> None:
    invoice = make.invoice(customer)
    work()
    complete = files(visit.get("downloads/2026.zip"))
    place_of(app, make, invoice).unlink()
    assert "Download 1 document You get" in words(visit.get("downloads/2026"))
    assert files(visit.get("downloads/2026.zip")) == complete


def test_a_long_year_comes_in_pieces(app: Flask, make: Factories, customer: Customer, visit: Portal) -> None:
    fat(app, make, customer, visit)
    answer = visit.get("downloads/2026.zip")
    pieces = list(answer.iter_encoded())
    answer.close()
    assert len(pieces) > 2
    assert sum(map(len, pieces)) == answer.content_length
    assert ZipFile(BytesIO(b"".join(pieces))).testzip() is None


def test_of_long_ones_each_process_sends_one_at_a_time(
    app: Flask, make: Factories, customer: Customer, visit: Portal
) -> None:
    fat(app, make, customer, visit)
    under_way = visit.get("downloads/2026.zip")
    assert visit.get("downloads/2026.zip").location == f"/p/{visit.session_id}/downloads/2026"
    assert "Others are downloading at the moment." in words(visit.get("downloads/2026"))
    under_way.close()
    again = visit.get("downloads/2026.zip")
    assert again.status_code == 200
    again.close()


def test_a_file_that_goes_meanwhile_breaks_it_off(
    app: Flask, make: Factories, customer: Customer, visit: Portal
) -> None:
    own = fat(app, make, customer, visit)
    answer = visit.get("downloads/2026.zip")
    place_of(app, make, own[-1]).unlink()
    with pytest.raises(Unavailable):
        list(answer.iter_encoded())
    answer.close()


def test_a_store_that_is_out_of_order_is_told(
    app: Flask, make: Factories, customer: Customer, visit: Portal, work: Work
) -> None:
    invoice = make.invoice(customer)
    work()
    folder = place_of(app, make, invoice).parent
    folder.rename(folder.with_suffix(".away"))
    folder.touch()
    try:
        assert visit.get("downloads/2026.zip").status_code == 503
    finally:
        folder.unlink()
        folder.with_suffix(".away").rename(folder)
    assert visit.get("downloads/2026.zip").status_code == 200


def test_the_merchant_hears_of_each_document(
    make: Factories, api: Api, customer: Customer, visit: Portal, work: Work
) -> None:
    paid = make.paid_invoice(customer)
    note = make.credit_note(paid, 500, out_of_band_amount=500)
    visit.get("downloads/2026.zip")
    assert told(api) == []
    api.post("account", settings={"portal": {"events": {"documents": True}}})
    visit.get("downloads/2026.zip")
    assert sorted(told(api)) == sorted([paid.id, note.id])


def test_many_documents_take_as_many_queries_as_few(
    make: Factories, customer: Customer, visit: Portal, work: Work, count_queries: Callable[[], Any]
) -> None:
    for _ in range(4):
        make.credit_note(make.paid_invoice(customer), 500, out_of_band_amount=500)
    work()
    for path in ("downloads", "downloads/2026", "downloads/2026.zip"):
        with count_queries() as statements:
            assert visit.get(path).status_code == 200
        assert len(statements) <= 5, (path, statements)


def fat(app: Flask, make: Factories, customer: Customer, visit: Portal) -> list[Invoice]:
    """Documents of a year that is longer than a piece, and more than are read at once."""
    own = [make.invoice(customer) for _ in range(downloads.PARALLEL_READS + 2)]
    for invoice in own:
        visit.get(f"invoices/{invoice.id}/pdf")
        with place_of(app, make, invoice).open("ab") as pdf:
            pdf.truncate(downloads.CHUNK_BYTES // 2)
    return own


def place_of(app: Flask, make: Factories, invoice: Invoice) -> Path:
    """Where the PDF of an invoice lies."""
    with make.database.reading(make.scope) as db:
        fingerprint = db.scalars(select(StoredDocument.fingerprint).where(StoredDocument.id == invoice.id)).one()
    return Path(app.extensions["portal"].documents.store.path(fingerprint))


def told(api: Api) -> list[str]:
    """The ids of the documents that the merchant was told were taken."""
    events = api.get("events", type="billing_portal.document.downloaded")["data"]
    return [event["data"]["object"]["id"] for event in events]
