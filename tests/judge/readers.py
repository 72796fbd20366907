"""Judges and readers that Python runs: the newest rules of KoSIT and of France, and programs that read documents back.

Each yields verdicts: the name of a file, of a judge, and what it has against the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pikepdf

from tests.documents import judges, oracles, pdf_pictures

Verdict = tuple[str, str, list[str]]
#: What a document says in each of its files.
_SHARED = ("type", "number", "issue_date", "due_date", "currency", "buyer_reference", "order_reference", "period")
_TOTALS = ("tax_exclusive", "tax_total", "tax_inclusive", "prepaid", "payable")


def verdicts(folder: Path) -> Iterator[Verdict]:
    """Every file of data before each reader, and the codes of what is between countries."""
    for file in sorted(folder.glob("*.xml")):
        yield from _verdicts_of_file(file)
    for file in sorted(folder.glob("traded-*-bill.factur-x.pdf")):
        if (code := _wanted_code(folder / file.name.replace("factur-x.pdf", "factur_x.xml"))) is not None:
            yield file.name, "zxing-cpp", _wrong_code(file, code)


def _verdicts_of_file(file: Path) -> Iterator[Verdict]:
    content, format = file.read_bytes(), file.name.split(".")[-2]
    if format == "xrechnung":
        rules = oracles.XRECHNUNG_CREDIT_NOTE if b"</cac:CreditNoteLine>" in content else oracles.XRECHNUNG
        yield file.name, "XRechnung", oracles.complaints(content, rules)
    if format == "factur_x":
        yield file.name, "drafthorse", _refusals(content)
        if _is_french(content):
            yield file.name, "France", oracles.complaints(content, oracles.FRENCH)
    if not file.name.startswith("fault-"):
        first = file.with_name(f"{file.name.rsplit('.', 2)[0]}.factur_x.xml")
        yield file.name, "eu-einvoice", _differences(content, first.read_bytes() if first.exists() else content)


def _refusals(content: bytes) -> list[str]:
    try:
        judges.read_by_drafthorse(content)
    except Exception as refusal:
        return [f"{type(refusal).__name__}: {refusal}"]
    return []


def _differences(content: bytes, other: bytes) -> list[str]:
    """What the reader can't make out, and where two files of one document differ for it."""
    (said, issues), (twin, _) = judges.read_by_eu_einvoice(content), judges.read_by_eu_einvoice(other)
    facts, expected = _facts(said), _facts(twin)
    return [
        *map(str, issues),
        *(f"{key}: {facts[key]} is not {expected[key]}" for key in facts if facts[key] != expected[key]),
    ]


def _facts(said: dict[str, Any]) -> dict[str, Any]:
    facts = {key: said.get(key) for key in _SHARED} | {key: said["totals"].get(key) for key in _TOTALS}
    for side in ("seller", "buyer"):
        facts |= {f"{side}.{key}": said[side].get(key) for key in ("name", "vat_id", "address", "legal_id")}
    facts["transfers"] = said.get("payment", {}).get("credit_transfers")
    facts["lines"] = [(line["name"], line["net_amount"], line.get("vat_rate")) for line in said["lines"]]
    return facts


def _is_french(content: bytes) -> bool:
    said, _ = judges.read_by_eu_einvoice(content)
    countries = {said[side]["address"]["country"] for side in ("seller", "buyer")}
    return countries == {"FR"} and "vat_id" in said["buyer"]


def _wanted_code(file: Path) -> tuple[str, str, str] | None:
    """IBAN, amount and reference of the code for banking apps that a document has; None for one without."""
    said, _ = judges.read_by_eu_einvoice(file.read_bytes())
    payment, payable = said.get("payment", {}), said["totals"]["payable"]
    if said["currency"] != "EUR" or "credit_transfers" not in payment or Decimal(payable) <= 0:
        return None
    return payment["credit_transfers"][0]["iban"], f"EUR{Decimal(payable).normalize():f}", payment["remittance_info"]


def _wrong_code(file: Path, wanted: tuple[str, str, str]) -> list[str]:
    with pikepdf.open(file) as pdf:
        found = [text.split("\n") for page in pdf.pages for text in judges.read_codes(pdf_pictures.draw_page(page))]
    said = [(lines[6], lines[7], lines[9] or lines[10]) for lines in found if lines[0] == "BCD"]
    return [] if said == [wanted] else [f"says {said}, not {wanted}"]
