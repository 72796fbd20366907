from __future__ import annotations

from pathlib import Path

import pytest

from portal.documents import pdf
from portal.documents.pool import Pool
from portal.documents.store import Folder
from tests.documents import samples


def test_a_document_is_rendered_once_and_then_a_file(pool: Pool, tmp_path: Path) -> None:
    store, document = Folder(str(tmp_path)), samples.invoice(1)
    content = pdf(document, store=store, pool=pool)
    assert content.startswith(b"%PDF-")
    assert Path(store.path(document.fingerprint())).read_bytes() == content


def test_a_stored_document_is_given_out_as_it_was(pool: Pool, tmp_path: Path) -> None:
    store, document = Folder(str(tmp_path)), samples.invoice(1)
    store.write(document.fingerprint(), b"as it was")
    assert pdf(document, store=store, pool=pool) == b"as it was"


def test_a_store_out_of_order_costs_no_document(pool: Pool, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_bytes(b"")
    store = Folder(str(tmp_path / "file"))
    assert pdf(samples.invoice(1), store=store, pool=pool).startswith(b"%PDF-")
    assert [record.message for record in caplog.records] == [
        "cannot read stored documents",
        "cannot store documents",
    ]
