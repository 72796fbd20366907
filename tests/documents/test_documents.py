"""A document is rendered once and then read from the store, and a store that fails costs no document."""

from __future__ import annotations

from pathlib import Path

import pytest

from portal.documents.pool import Pool
from portal.documents.store import FolderStore
from portal.documents.stored_rendering import read_or_render_pdf
from tests.documents import samples


def test_a_document_is_rendered_once_and_then_a_file(pool: Pool, tmp_path: Path) -> None:
    store, document = FolderStore(str(tmp_path)), samples.invoice(1)
    content = read_or_render_pdf(document, store=store, pool=pool)
    assert content.startswith(b"%PDF-")
    assert Path(store.path(document.fingerprint())).read_bytes() == content


def test_a_stored_document_is_given_out_as_it_was(pool: Pool, tmp_path: Path) -> None:
    store, document = FolderStore(str(tmp_path)), samples.invoice(1)
    store.write(document.fingerprint(), b"as it was")
    assert read_or_render_pdf(document, store=store, pool=pool) == b"as it was"


def test_a_store_out_of_order_costs_no_document(pool: Pool, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_bytes(b"")
    store = FolderStore(str(tmp_path / "file"))
    assert read_or_render_pdf(samples.invoice(1), store=store, pool=pool).startswith(b"%PDF-")
    assert [record.message for record in caplog.records] == [
        "cannot read stored documents",
        "cannot store documents",
    ]
