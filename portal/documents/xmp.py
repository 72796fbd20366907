"""Adds properties to a PDF's XMP metadata beyond those that WeasyPrint writes.

PDF/A (ISO 19005-3, 6.6.2.3) requires an extension schema for every property it does not define itself. Readers look
only at the first `rdf:RDF`, where each property may occur once, so all schemas share one bag.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pydyf  # type: ignore[import-untyped]

_RDF_END = b"</rdf:RDF>"
_SCHEMAS_END = b"</rdf:Bag></pdfaExtension:schemas></rdf:Description>"
_EMPTY_SCHEMAS = (
    b'<rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/" '
    b'xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#" '
    b'xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#"><pdfaExtension:schemas><rdf:Bag>' + _SCHEMAS_END
)
_SCHEMA_TEMPLATE = """<rdf:li rdf:parseType="Resource"><pdfaSchema:schema>{0.title}</pdfaSchema:schema>\
<pdfaSchema:namespaceURI>{0.namespace}</pdfaSchema:namespaceURI><pdfaSchema:prefix>{0.prefix}</pdfaSchema:prefix>\
<pdfaSchema:property><rdf:Seq>{properties}</rdf:Seq></pdfaSchema:property></rdf:li>"""
_PROPERTY_TEMPLATE = """<rdf:li rdf:parseType="Resource"><pdfaProperty:name>{name}</pdfaProperty:name>\
<pdfaProperty:valueType>{claim.type}</pdfaProperty:valueType>\
<pdfaProperty:category>{claim.category}</pdfaProperty:category>\
<pdfaProperty:description>{claim.title}: {name}</pdfaProperty:description></rdf:li>"""


@dataclass(frozen=True, kw_only=True)
class XmpProperties:
    """Properties of one namespace with their values; `type` and `category` are PDF/A's terms, of all of them."""

    title: str
    namespace: str
    prefix: str
    said: Mapping[str, str]
    type: str
    category: str

    def render_values(self) -> bytes:
        """The values, as a description within `rdf:RDF`."""
        values = "".join(f"<{self.prefix}:{key}>{value}</{self.prefix}:{key}>" for key, value in self.said.items())
        return (
            f'<rdf:Description rdf:about="" xmlns:{self.prefix}="{self.namespace}">{values}</rdf:Description>'.encode()
        )

    def render_schema(self) -> bytes:
        """The description of the properties, within the bag of schemas."""
        properties = "".join(_PROPERTY_TEMPLATE.format(claim=self, name=name) for name in self.said)
        return _SCHEMA_TEMPLATE.format(self, properties=properties).encode()


def add_properties(pdf: pydyf.PDF, claim: XmpProperties) -> None:
    """Add the properties and their schema to the metadata of the PDF."""
    stream = pdf.objects[int(pdf.catalog["Metadata"].split()[0])]
    content = b"".join(stream.stream)
    if _SCHEMAS_END not in content:
        content = content.replace(_RDF_END, _EMPTY_SCHEMAS + _RDF_END)
    content = content.replace(_SCHEMAS_END, claim.render_schema() + _SCHEMAS_END)
    stream.stream = [content.replace(_RDF_END, claim.render_values() + _RDF_END)]
