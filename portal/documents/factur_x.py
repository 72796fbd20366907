"""`factur-x.xml` inside a PDF: the file, and what the document's metadata say of it.

Factur-X 1.09 (ZUGFeRD 2.5): the file is an alternative to what is printed, its media type is `text/xml`, and the
XMP names file, profile and version in an extension schema, within the one `rdf:RDF` that readers look at.
"""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any

import pydyf  # type: ignore[import-untyped]
import weasyprint

from portal.documents.values import Document

NAME = "factur-x.xml"
VARIANT = "pdf/a-3a"
_SPACE = "urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#"
_SAID = {"ConformanceLevel": "EN 16931", "DocumentFileName": NAME, "DocumentType": "INVOICE", "Version": "1.0"}
_PROPERTY = """<rdf:li rdf:parseType="Resource"><pdfaProperty:name>{0}</pdfaProperty:name>\
<pdfaProperty:valueType>Text</pdfaProperty:valueType><pdfaProperty:category>external</pdfaProperty:category>\
<pdfaProperty:description>{0} of the attached e-invoice</pdfaProperty:description></rdf:li>"""
_XMP = f"""<rdf:Description rdf:about="" xmlns:fx="{_SPACE}">\
{"".join(f"<fx:{key}>{value}</fx:{key}>" for key, value in _SAID.items())}</rdf:Description>
<rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/" \
xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#" xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">\
<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">\
<pdfaSchema:schema>Factur-X PDFA Extension Schema</pdfaSchema:schema>\
<pdfaSchema:namespaceURI>{_SPACE}</pdfaSchema:namespaceURI><pdfaSchema:prefix>fx</pdfaSchema:prefix>\
<pdfaSchema:property><rdf:Seq>{"".join(_PROPERTY.format(key) for key in _SAID)}</rdf:Seq></pdfaSchema:property>\
</rdf:li></rdf:Bag></pdfaExtension:schemas></rdf:Description>"""


def options(document: Document) -> dict[str, Any]:
    """What a rendering with this document's e-invoice needs; nothing where it has none."""
    if document.e_invoice is None:
        return {}
    # dated as the document is, so that the same document is the same bytes
    at = datetime.combine(document.effective_at, time(), UTC)
    content = document.e_invoice.encode()
    attachment = weasyprint.Attachment(
        string=content, name=NAME, description="E-invoice", created=at, modified=at, relationship="Alternative"
    )
    return {"attachments": [attachment], "pdf_variant": VARIANT, "finisher": claim}


def claim(document: object, pdf: pydyf.PDF) -> None:
    """Say in the metadata what is attached, and name each attachment once."""
    metadata = pdf.objects[_number(pdf.catalog["Metadata"])]
    metadata.stream = [metadata.stream[0].replace(b"</rdf:RDF>", _XMP.encode() + b"</rdf:RDF>")]
    pdf.catalog["AF"] = pydyf.Array(dict.fromkeys(pdf.catalog["AF"]))


def _number(reference: Any) -> int:
    return int(str(reference.decode() if isinstance(reference, bytes) else reference).split()[0])
