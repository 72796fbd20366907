"""`factur-x.xml` inside a PDF: the file, and what the document's metadata say of it.

Factur-X 1.09 (ZUGFeRD 2.5): the file is an alternative to what is printed, its media type is `text/xml`, and the
XMP names file, profile and version in an extension schema.
"""

from __future__ import annotations

from datetime import UTC, datetime, time

import pydyf  # type: ignore[import-untyped]
import weasyprint

from portal.documents import xmp
from portal.documents.values import Document

NAME = "factur-x.xml"
CLAIM = xmp.Claim(
    title="Factur-X PDFA Extension Schema",
    namespace="urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#",
    prefix="fx",
    said={"ConformanceLevel": "EN 16931", "DocumentFileName": NAME, "DocumentType": "INVOICE", "Version": "1.0"},
    type="Text",
    category="external",
)


def attachments(document: Document) -> list[weasyprint.Attachment]:
    """The document's e-invoice as a file to attach; none where it has none."""
    if document.e_invoice is None:
        return []
    # dated as the document is, so that the same document is the same bytes
    at = datetime.combine(document.effective_at, time(), UTC)
    content = document.e_invoice.encode()
    return [
        weasyprint.Attachment(
            string=content, name=NAME, description="E-invoice", created=at, modified=at, relationship="Alternative"
        )
    ]


def claim(document: object, pdf: pydyf.PDF) -> None:
    """Say in the metadata which e-invoice is attached."""
    if any(_is_e_invoice(each) for each in pdf.objects):
        xmp.add(pdf, CLAIM)


def _is_e_invoice(each: object) -> bool:
    return isinstance(each, pydyf.Dictionary) and each.get("Type") == "/Filespec" and each["UF"].string == NAME
