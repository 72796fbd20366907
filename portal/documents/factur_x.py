"""`factur-x.xml` inside a PDF: the file, and what the document's metadata say of it.

Factur-X 1.09 (ZUGFeRD 2.5): the file is an alternative to what is printed, its media type is `text/xml`, and the
XMP names file, profile and version in an extension schema.
"""

from __future__ import annotations

import pydyf  # type: ignore[import-untyped]

from portal.documents import xmp

NAME = "factur-x.xml"
CLAIM = xmp.Claim(
    title="Factur-X PDFA Extension Schema",
    namespace="urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#",
    prefix="fx",
    said={"ConformanceLevel": "EN 16931", "DocumentFileName": NAME, "DocumentType": "INVOICE", "Version": "1.0"},
    type="Text",
    category="external",
)


def claim(document: object, pdf: pydyf.PDF) -> None:
    """Say in the metadata which e-invoice is attached."""
    if any(_is_e_invoice(each) for each in pdf.objects):
        xmp.add(pdf, CLAIM)


def _is_e_invoice(each: object) -> bool:
    return isinstance(each, pydyf.Dictionary) and each.get("Type") == "/Filespec" and each["UF"].string == NAME
