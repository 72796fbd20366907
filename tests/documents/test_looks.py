"""Issued documents keep their look: what the built-in templates make of sample documents is recorded as a digest."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest

from portal.documents import render, samples
from portal.documents.values import RENDERER_VERSION

STYLE = Path(__file__).parents[2] / "templates" / "documents" / "_v1.css"
#: By renderer and kind of document, whatever its state and language.
DIGESTS = {
    ("00000005", "invoice"): "5cf047be265a9c81",
    ("00000005", "credit_note"): "2d2426e2a6795fab",
    ("00000005", "quote"): "088a908077e7a7f1",
    ("00000005", "receipt"): "8222a10b42495dc8",
    ("00000005", "statement"): "cfc34b4e652d46c4",
}


@pytest.mark.parametrize("kind", ["invoice", "credit_note", "quote", "receipt", "statement"])
def test_issued_documents_look_as_they_did(kind: str) -> None:
    pages = [render.html(document) for document in samples.trial_documents(kind)]
    digest = sha256("".join([STYLE.read_text(), *pages]).encode()).hexdigest()[:16]
    assert digest == DIGESTS[RENDERER_VERSION, kind], "issued documents look different: see docs/development/recipes.md"
