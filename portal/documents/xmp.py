"""What a PDF says of itself in its XMP metadata beyond what WeasyPrint writes.

PDF/A (ISO 19005-3, 6.6.2.3) wants every property that it does not know itself described in an extension schema.
Readers look at the first `rdf:RDF` alone, and a property may stand in it once: so all schemas share one bag.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pydyf  # type: ignore[import-untyped]

_END = b"</rdf:RDF>"
_END_OF_SCHEMAS = b"</rdf:Bag></pdfaExtension:schemas></rdf:Description>"
_SCHEMAS = (
    b'<rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/" '
    b'xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#" '
    b'xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#"><pdfaExtension:schemas><rdf:Bag>' + _END_OF_SCHEMAS
)
_SCHEMA = """<rdf:li rdf:parseType="Resource"><pdfaSchema:schema>{0.title}</pdfaSchema:schema>\
<pdfaSchema:namespaceURI>{0.namespace}</pdfaSchema:namespaceURI><pdfaSchema:prefix>{0.prefix}</pdfaSchema:prefix>\
<pdfaSchema:property><rdf:Seq>{properties}</rdf:Seq></pdfaSchema:property></rdf:li>"""
_PROPERTY = """<rdf:li rdf:parseType="Resource"><pdfaProperty:name>{name}</pdfaProperty:name>\
<pdfaProperty:valueType>{claim.type}</pdfaProperty:valueType>\
<pdfaProperty:category>{claim.category}</pdfaProperty:category>\
<pdfaProperty:description>{claim.title}: {name}</pdfaProperty:description></rdf:li>"""


@dataclass(frozen=True, kw_only=True)
class Claim:
    """Properties of one namespace with their values; `type` and `category` are PDF/A's words for all of them."""

    title: str
    namespace: str
    prefix: str
    said: Mapping[str, str]
    type: str
    category: str

    def properties(self) -> bytes:
        """The values, as a description within `rdf:RDF`."""
        values = "".join(f"<{self.prefix}:{key}>{value}</{self.prefix}:{key}>" for key, value in self.said.items())
        return (
            f'<rdf:Description rdf:about="" xmlns:{self.prefix}="{self.namespace}">{values}</rdf:Description>'.encode()
        )

    def schema(self) -> bytes:
        """The description of the properties, within the bag of schemas."""
        properties = "".join(_PROPERTY.format(claim=self, name=name) for name in self.said)
        return _SCHEMA.format(self, properties=properties).encode()


def add(pdf: pydyf.PDF, claim: Claim) -> None:
    """Say what `claim` holds in the metadata that the PDF has."""
    stream = pdf.objects[int(pdf.catalog["Metadata"].split()[0])]
    content = b"".join(stream.stream)
    if _END_OF_SCHEMAS not in content:
        content = content.replace(_END, _SCHEMAS + _END)
    content = content.replace(_END_OF_SCHEMAS, claim.schema() + _END_OF_SCHEMAS)
    stream.stream = [content.replace(_END, claim.properties() + _END)]
