"""Every document is PDF/A-3a and PDF/UA-1, and every repair is needed for it."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO

import pikepdf
import pytest

from portal.documents import archival, render
from portal.documents import samples as document_samples
from portal.documents.designs import Design
from portal.documents.values import DocumentBase
from tests.documents import samples
from tests.documents.archival_checks import complaints
from tests.documents.test_factur_x import XML
from tests.documents.test_logo import address, picture

FULL = samples.invoice(40, e_invoice=XML.decode(), logo=address(picture(300, 150)), transfer_code=True)
DOCUMENTS: dict[str, DocumentBase] = {
    "full": FULL,
    "english": samples.invoice(8),
    "pages": samples.invoice(120),
    "arabic": replace(samples.arabic(), logo=FULL.logo),
    "japanese": samples.japanese(),
    "german": samples.german(),
    "letter": samples.ALL["letter"],
    "void": samples.ALL["void"],
    "credit_note": samples.credit_note(),
    "credit_note_arabic": samples.ALL["credit_note_arabic"],
    **{
        f"{kind}_{locale}": make(locale)
        for kind, make in document_samples.BUILDERS.items()
        if kind not in {"invoice", "credit_note"}
        for locale in ("de", "ar")
    },
    **{name: each for name, each in samples.ALL.items() if name.startswith("second_")},
    "second_full": replace(samples.second(FULL), seller=replace(FULL.seller, contact="Greta", register_number="HRB 1")),
    "statement_of_pages": samples.statement(300),
    "swiss": samples.swiss("fr"),
    "swiss_arabic": samples.swiss("ar", buyer=samples.arabic().buyer),
    "nameless": replace(FULL, seller=replace(FULL.seller, name=""), account_holder="A"),
}
PICTURES = {
    "a.svg": b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><path d="M0 0h9v9z"/></svg>',
    "invoice.html": b"""{% extends "invoice/v1.html" %}{% block kind %}{{ super() }}
<img src="a.svg" alt=""><img src="a.svg" alt="Hidden" aria-hidden="true"><img src="a.svg" role="presentation">
<img src="a.svg" aria-label="Seal"><img src="a.svg" alt="Stamp"><img src="a.svg">
<svg width="9" height="9" aria-label="Curve"><title>Old</title><path d="M0 0h9v9z"/></svg>
<svg width="9" height="9" aria-hidden="true"><path d="M0 0h9v9z"/></svg>{% endblock %}""",
}
DOCUMENTS["pictures"] = replace(DOCUMENTS["nameless"], own=Design("pictures", tuple(PICTURES.items())))
GAPS = {
    "claim_accessibility": "UA 5",
    "claim": "Factur-X 6.2",
    "name_attachments_once": "A 6.8",
    "scope_headers": "UA 7.5",
    "list_identifiers": "ISO 32000-1 14.7.2",
    "set_decoration_apart": "UA 7.3",
    "place_figures": "ISO 32000-1 14.8.5.4.3",
    "describe_figures": "UA 7.3",
    "keep_pixels": "A 6.2.8",
    "set_margins_apart": "UA 7.1",
    "describe_links": "UA 7.18.5",
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_nothing_is_held_against_a_document(name: str) -> None:
    assert complaints(render.pdf(DOCUMENTS[name])) == []


@pytest.mark.parametrize("name", GAPS)
def test_without_a_repair_its_gap_is_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archival, "REPAIRS", tuple(each for each in archival.REPAIRS if each.__name__ != name))
    found = complaints(render.pdf(DOCUMENTS["pictures"]))
    assert {each.partition(":")[0] for each in found} == {GAPS[name]}


def test_pictures_say_what_html_says_of_them() -> None:
    """What nothing is said of has the document's title, as has the logo of a seller without a name."""
    with pikepdf.open(BytesIO(render.pdf(DOCUMENTS["pictures"]))) as pdf:
        figures = [each for each in pdf.objects if isinstance(each, pikepdf.Dictionary) and each.get("/S") == "/Figure"]
        words = sorted(str(each.Alt) for each in figures)
        title = str(pdf.docinfo.Title)
    assert words == sorted(["Curve", "QR code for banking apps", "Seal", "Stamp", title, title])


def test_every_repair_has_its_gap() -> None:
    assert [each.__name__ for each in archival.REPAIRS] == list(GAPS)
