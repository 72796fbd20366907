"""Issued documents keep their look: what the built-in templates make of sample documents is recorded as a digest."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from portal.billing.ledger import parties
from portal.documents import render, samples
from portal.documents.values import RENDERER_VERSION, DocumentBase
from portal.rules.document_kinds import DOCUMENT_KINDS, KindName

TEMPLATES = Path(__file__).parents[2] / "templates" / "documents"
#: By renderer, version of the look and kind of document, whatever its state and language.
DIGESTS = {
    ("00000005", "v1", "invoice"): "539c9178a3f28f68",
    ("00000005", "v1", "credit_note"): "df61187d1c215952",
    ("00000005", "v1", "quote"): "05a680944a1f5a4a",
    ("00000005", "v1", "receipt"): "882e083702a964bf",
    ("00000005", "v1", "mandate"): "67f4a53190a885af",
    ("00000005", "v1", "statement"): "cfc34b4e652d46c4",
    ("00000005", "v2", "invoice"): "c8a392941039903a",
    ("00000005", "v2", "credit_note"): "fcd2dcb6f7334c44",
    ("00000005", "v2", "quote"): "ee41834eb341f811",
    ("00000005", "v2", "receipt"): "3b99fa1d7f62b432",
    ("00000005", "v2", "mandate"): "4d2bf571660ccfd1",
    ("00000005", "v2", "statement"): "759fdc84c9c7d531",
    ("00000005", "v1", "cancellation"): "6abe618d094b840e",
    ("00000005", "v1", "cancellation_notice"): "5712902088466f70",
    ("00000005", "v2", "cancellation"): "ac5b9eb08d570741",
    ("00000005", "v2", "cancellation_notice"): "4233dac7cc48bd93",
    ("00000005", "v1", "withdrawal"): "0b4508da16134cd7",
    ("00000005", "v2", "withdrawal"): "b3eb842688536098",
}
#: What the first version calls the tax numbers of the sample merchants.
FIRST_LABELS = {"VAT no.": "GB VAT", "N° TVA": "TVA"}


@pytest.mark.parametrize("version", ["v1", "v2"])
@pytest.mark.parametrize("kind", list(DOCUMENT_KINDS))
def test_issued_documents_look_as_they_did(kind: KindName, version: str) -> None:
    documents = samples.trial_documents(kind)
    pages = [render.html(as_first(document) if version == "v1" else document) for document in documents]
    style = (TEMPLATES / f"_{version}.css").read_text()
    digest = sha256("".join([style, *pages]).encode()).hexdigest()[:16]
    expected = DIGESTS[RENDERER_VERSION, version, kind]
    assert digest == expected, "issued documents look different: see docs/development/recipes.md"


def as_first(document: DocumentBase) -> DocumentBase:
    """The document as it would have been frozen for version 1."""
    labels = tuple((FIRST_LABELS.get(label, label), value) for label, value in document.seller.tax_ids)
    return replace(document, version="v1", seller=replace(document.seller, tax_ids=labels))


def test_new_documents_have_the_newest_look() -> None:
    assert parties.DESIGN == samples.VERSION == max(path.stem for path in (TEMPLATES / "invoice").iterdir())
