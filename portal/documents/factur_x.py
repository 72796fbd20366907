"""Declares the attached `factur-x.xml` in the XMP metadata of a PDF.

Factur-X 1.09 (ZUGFeRD 2.5): the file is an alternative to the printed pages, its media type is `text/xml`, and the
XMP names file, profile and version in an extension schema.
"""

import pydyf  # type: ignore[import-untyped]

from portal.documents import xmp

FILE_NAME = "factur-x.xml"
XMP_PROPERTIES = xmp.XmpProperties(
    title="Factur-X PDFA Extension Schema",
    namespace="urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#",
    prefix="fx",
    said={"ConformanceLevel": "EN 16931", "DocumentFileName": FILE_NAME, "DocumentType": "INVOICE", "Version": "1.0"},
    type="Text",
    category="external",
)


def claim(document: object, pdf: pydyf.PDF) -> None:
    """Declare the attached e-invoice in the metadata, if there is one."""
    if any(_is_e_invoice(each) for each in pdf.objects):
        xmp.add_properties(pdf, XMP_PROPERTIES)


def _is_e_invoice(each: object) -> bool:
    return isinstance(each, pydyf.Dictionary) and each.get("Type") == "/Filespec" and each["UF"].string == FILE_NAME
