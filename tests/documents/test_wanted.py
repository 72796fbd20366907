"""Documents that the worker makes before anyone asks for them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from portal import clock
from portal.db import Scope
from portal.documents import render_queue
from portal.documents.library import Library
from portal.documents.pool import Pool
from portal.models import StoredDocument
from portal.recording.documents import RENDER_DELAY
from tests.clients import Api
from tests.factories import Factories

pytestmark = pytest.mark.usefixtures("held_clock")


@pytest.fixture
def library(app: Flask) -> Library:
    """Its worker finds nothing that other tests have left."""
    found: Library = app.extensions["portal"].documents
    with found.database.writing() as db:
        db.execute(update(StoredDocument.__table__).values(wanted_at=None), execution_options={"every_tenant": True})
    return found


def work(library: Library, after: int = RENDER_DELAY) -> int:
    return render_queue.work(library, clock.now() + after)


def row(library: Library, scope: Scope, id: str) -> Any:
    with library.database.reading(scope) as db:
        return db.scalars(select(StoredDocument).where(StoredDocument.id == id)).one_or_none()


def is_kept(library: Library, scope: Scope, id: str, kind: Any = "invoice") -> bool:
    return library.find_stored_pdf(kind, scope.tenant_id, id) is not None


def test_a_finalized_invoice_is_made_before_a_click(library: Library, scope: Scope, make: Factories) -> None:
    invoice = make.invoice()
    assert not is_kept(library, scope, invoice.id)
    assert work(library) == 1
    assert is_kept(library, scope, invoice.id)
    assert work(library) == 0


def test_a_draft_is_not_made(api: Api, library: Library, scope: Scope, make: Factories) -> None:
    draft = api.post("invoices", customer=make.customer().id)
    assert (work(library), row(library, scope, draft["id"])) == (0, None)


def test_an_invoice_paid_as_soon_as_it_is_finalized_is_made_once(api: Api, library: Library, make: Factories) -> None:
    invoice = make.invoice()
    assert work(library, RENDER_DELAY - 1) == 0
    api.post(f"invoices/{invoice.id}/pay", paid_out_of_band=True)
    assert (work(library), work(library)) == (1, 0)


@pytest.mark.parametrize(
    ("change", "sent"), [("pay", {"paid_out_of_band": True}), ("void", {}), ("mark_uncollectible", {})]
)
def test_what_becomes_of_an_invoice_makes_its_document_anew(
    api: Api, library: Library, scope: Scope, make: Factories, change: str, sent: dict[str, bool]
) -> None:
    invoice = make.invoice()
    work(library)
    api.post(f"invoices/{invoice.id}/{change}", **sent)
    assert not is_kept(library, scope, invoice.id)
    work(library)
    assert is_kept(library, scope, invoice.id)


def test_a_credit_note_is_made_and_so_is_what_it_corrects(
    api: Api, library: Library, scope: Scope, make: Factories
) -> None:
    invoice = make.invoice()
    note = api.post("credit_notes", invoice=invoice.id, amount=300)
    work(library)
    assert is_kept(library, scope, note["id"], "credit_note")
    assert is_kept(library, scope, invoice.id)


def test_a_quote_is_made(api: Api, library: Library, scope: Scope, make: Factories) -> None:
    price = make.price()
    quote = api.post("quotes", customer=make.customer().id, line_items=[{"price": price.id}])
    assert work(library) == 0
    api.post(f"quotes/{quote['id']}/finalize")
    work(library)
    assert is_kept(library, scope, quote["id"], "quote")


def test_what_a_customer_waits_for_comes_first(library: Library, scope: Scope, make: Factories) -> None:
    invoices = [make.invoice() for _ in range(render_queue.BATCH_SIZE + 1)]
    library.queue_renderings(scope, [("receipt", invoices[-1].id), ("invoice", invoices[-1].id)])
    assert work(library) == render_queue.BATCH_SIZE
    assert is_kept(library, scope, invoices[-1].id)


def test_a_receipt_that_was_not_earned_is_wanted_no_more(library: Library, scope: Scope, make: Factories) -> None:
    invoice = make.invoice()
    library.queue_renderings(scope, [("receipt", invoice.id)])
    work(library)
    assert row(library, scope, f"receipt:{invoice.id}").wanted_at is None


def test_what_fails_is_tried_again_and_then_left_to_the_click(library: Library, scope: Scope, make: Factories) -> None:
    invoice = make.invoice()
    tries, busy = 0, replace(library, pool=Pool(workers=0, queue=0))
    while (own := row(library, scope, invoice.id)).wanted_at is not None:
        assert render_queue.work(busy, own.wanted_at) == 1
        tries += 1
    assert tries == 1 + len(render_queue.RETRY_PAUSES)
    assert library.pdf(scope, "invoice", invoice.id).startswith(b"%PDF")


def test_what_a_dead_worker_held_is_taken_up(library: Library, scope: Scope, make: Factories) -> None:
    invoice = make.invoice()
    assert len(render_queue._claim_documents(library.database, clock.now() + RENDER_DELAY)) == 1
    assert work(library) == 0
    assert work(library, RENDER_DELAY + render_queue.LEASE.seconds) == 1
    assert is_kept(library, scope, invoice.id)


def test_what_changes_while_it_is_made_is_made_once_more(
    api: Api, library: Library, scope: Scope, make: Factories
) -> None:
    invoice = make.invoice()
    (claimed,) = render_queue._claim_documents(library.database, clock.now() + RENDER_DELAY)
    api.post(f"invoices/{invoice.id}/pay", paid_out_of_band=True)
    render_queue._record_result(library.database, claimed, {"wanted_at": None, "tries": 0})
    assert row(library, scope, invoice.id).wanted_at == clock.now() + RENDER_DELAY
