"""Every kind of document has all that a kind needs, and what is missing is named by its place."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from portal import i18n
from portal.documents import samples
from portal.documents.kinds import SOURCES
from portal.objects.links import LINK_KINDS, DocumentLinks
from portal.rules.document_kinds import DOCUMENT_KINDS, KindName, object_id, stored_id

TEMPLATES = Path(__file__).parents[2] / "templates" / "documents"
KINDS = list(DOCUMENT_KINDS)
#: The scopes of links that were handed out, which have to open what they opened then.
OLD_SCOPES = {
    "invoice": "i",
    "credit_note": "c",
    "receipt": "r",
    "statement": "s",
    "quote": "q",
    "mandate": "m",
    "cancellation": "e",
    "cancellation_notice": "n",
    "withdrawal": "w",
    "file_link": "f",
    "plan_undo": "k",
    "unsubscribe": "u",
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_has_all_that_it_needs(kind: KindName) -> None:
    place = "the kind of document {} is missing in {}"
    assert kind in SOURCES or DOCUMENT_KINDS[kind].object_type is None, place.format(kind, "documents/kinds.py SOURCES")
    assert kind in samples.BUILDERS, place.format(kind, "documents/samples.py BUILDERS")
    assert kind in samples.TRIALS, place.format(kind, "documents/samples.py TRIALS")
    for version in ("v1", "v2"):
        path = f"{kind}/{version}.html"
        assert (TEMPLATES / path).is_file(), place.format(kind, f"templates/documents/{path}")


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_made_for_a_kind_is_of_that_kind(kind: KindName) -> None:
    assert samples.BUILDERS[kind]("en").kind == kind
    assert {document.kind for document in samples.TRIALS[kind]()} == {kind}


@pytest.mark.parametrize("kind", KINDS)
def test_the_name_of_a_kind_is_translated(kind: KindName) -> None:
    heading = DOCUMENT_KINDS[kind].heading
    for language in set(i18n.CATALOGUES) - {"en"}:
        # some languages say it as English does
        assert heading in i18n.load_translations(language)._catalog, f"{heading} has no {language}"  # type: ignore[attr-defined]


def test_kinds_never_share_a_stored_file() -> None:
    ids = {stored_id(kind, "in_1") for kind in KINDS}
    assert all(object_id(kind, stored_id(kind, "in_1")) == "in_1" for kind in KINDS)
    made_of_invoices = [kind for kind in KINDS if DOCUMENT_KINDS[kind].object_type == "invoice"]
    assert len({stored_id(kind, "in_1") for kind in made_of_invoices}) == len(made_of_invoices) <= len(ids)


def test_no_two_kinds_of_documents_share_their_links() -> None:
    """A token opens every path of its scope, so two kinds with one scope would open each other."""
    scopes = [kind.link_scope for kind in DOCUMENT_KINDS.values() if kind.link_scope]
    others = {LINK_KINDS[name].scope for name in ("file_link", "plan_undo", "unsubscribe")}
    assert {scope: count for scope, count in Counter(scopes).items() if count > 1 or scope in others} == {}
    assert all(scope.isalpha() for scope in scopes), "a dash would end the scope within the token"


def test_links_that_were_handed_out_stay_valid() -> None:
    found = {name: LINK_KINDS[name if name in LINK_KINDS else f"{name}_pdf"].scope for name in OLD_SCOPES}
    assert found == OLD_SCOPES


def test_the_page_and_the_files_of_a_document_have_one_token() -> None:
    links = DocumentLinks("https://x.example", ["k"])
    page = links.document("invoice", 1, "in_1")
    assert links.document("invoice_pdf", 1, "in_1") == f"{page}/pdf"
    assert links.document("invoice_peppol", 1, "in_1") == f"{page}/peppol.xml"
    assert links.read(page.rsplit("/", 1)[1], "credit_note_pdf") is None
