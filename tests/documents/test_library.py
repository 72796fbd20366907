"""What was rendered last is found again, unless an older renderer made it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from portal.models import StoredDocument
from tests.clients import Api
from tests.factories import Factories


def test_what_an_older_renderer_left_is_made_anew(api: Api, make: Factories) -> None:
    invoice = make.invoice()
    url = api.get(f"invoices/{invoice.id}")["invoice_pdf"]

    def download() -> Any:
        return api.client.get(url).get_data()

    first, mark = download(), noted(make, invoice.id)
    older = mark[:-8] + "00000001"
    with make.database.writing(make.scope) as db:
        db.scalars(select(StoredDocument).where(StoredDocument.id == invoice.id)).one().fingerprint = older
    assert download() == first
    assert noted(make, invoice.id) == mark


def noted(make: Factories, id: str) -> str:
    with make.database.reading(make.scope) as db:
        return db.scalars(select(StoredDocument.fingerprint).where(StoredDocument.id == id)).one()
