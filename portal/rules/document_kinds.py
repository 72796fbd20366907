"""The kinds of documents: of which object each is made, when it is rendered, and which links lead to it.

A new kind starts here. `portal/documents/kinds.py` says how each is built; what else a kind needs is listed by
`tests/documents/test_kinds.py`, which fails with the name of the place where it is missing.
"""

from dataclasses import dataclass
from typing import Literal

KindName = Literal[
    "invoice",
    "credit_note",
    "quote",
    "receipt",
    "statement",
    "mandate",
    "cancellation",
    "cancellation_notice",
    "withdrawal",
]

#: The files of a bill: for people, and for their programs.
BILL_FILES = ("pdf", "factur_x.xml", "peppol.xml", "xrechnung.xml")


@dataclass(frozen=True)
class DocumentKind:
    """A kind of document; `heading` is what its template calls it, in English, as catalogues have it.

    `object_type` is the wire's type of the object that it is made of, None where it is not kept with one object;
    with `rendered_early` it is rendered as soon as that object is final. Links to it begin with `link_scope`, None
    where it has none; they lead to each of its `files`, and with `has_linked_page` to a page.
    """

    heading: str
    object_type: str | None
    rendered_early: bool = False
    link_scope: str | None = None
    has_linked_page: bool = False
    files: tuple[str, ...] = ("pdf",)


DOCUMENT_KINDS: dict[KindName, DocumentKind] = {
    "invoice": DocumentKind(
        "Invoice", "invoice", rendered_early=True, link_scope="i", has_linked_page=True, files=BILL_FILES
    ),
    "credit_note": DocumentKind("Credit note", "credit_note", rendered_early=True, link_scope="c", files=BILL_FILES),
    "quote": DocumentKind("Quote", "quote", rendered_early=True, link_scope="q", has_linked_page=True),
    "receipt": DocumentKind("Receipt", "invoice", link_scope="r"),
    "statement": DocumentKind("Statement of account", None, link_scope="s", files=("csv", "pdf")),
    "mandate": DocumentKind("SEPA Direct Debit Mandate", None, link_scope="m"),
    "cancellation": DocumentKind("Confirmation of cancellation", None, link_scope="e"),
    "cancellation_notice": DocumentKind("Receipt of a cancellation", None, link_scope="n", has_linked_page=True),
    "withdrawal": DocumentKind("Receipt of a withdrawal", None, link_scope="w"),
}


def stored_id(kind: KindName, id: str) -> str:
    """The id under which a rendered document is stored: that of its object.

    Of a kind that is named otherwise than its object, the kind stands before it.
    """
    return id if DOCUMENT_KINDS[kind].object_type == kind else f"{kind}:{id}"


def object_id(kind: KindName, stored: str) -> str:
    """The id of the object that a stored document is made of: the inverse of `stored_id`."""
    return stored.removeprefix(f"{kind}:")
