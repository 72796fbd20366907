"""The e-invoice inside the PDF, as other programs find it."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal

import facturx
import pikepdf
import pytest

from portal.documents import render
from portal.documents.xml import cii
from portal.documents.xml.trade import Trade, TradeAddress, TradeItem, Trader, TradeTax, VatCategory
from tests.documents import oracles, samples
from tests.documents.conftest import read

S = VatCategory(code="S", rate=Decimal(19))
TRADE = Trade(
    credit=False,
    number="NORD-0042",
    issued=date(2026, 3, 3),
    currency="EUR",
    exponent=2,
    seller=Trader(name="Nordlicht", address=TradeAddress(city="Berlin", country="DE"), vat_id="DE136695976"),
    buyer=Trader(name="Ada", address=TradeAddress(country="GB")),
    items=(TradeItem(name="Plan", quantity=1, unit="C62", price=Decimal(49), allowance=0, net=4900, category=S),),
    taxes=(TradeTax(category=S, taxable=4900, amount=931),),
    delivered=date(2026, 3, 3),
    due=date(2026, 3, 17),
    tax_total=931,
    total=5831,
    remaining=5831,
)
XML = cii.xml(TRADE)


@pytest.fixture(scope="module")
def pdf() -> bytes:
    return render.pdf(samples.invoice(1, e_invoice=XML.decode()))


def test_the_file_is_good() -> None:
    assert oracles.complaints(XML, oracles.FACTUR_X) == []


def test_other_programs_read_the_file_back(pdf: bytes) -> None:
    name, content = facturx.get_xml_from_pdf(pdf, check_xsd=True, check_schematron=False)
    assert (name, content) == ("factur-x.xml", XML)
    assert read(pdf).attachments["factur-x.xml"] == [XML]


def test_the_attachment_is_described_as_the_standard_asks(pdf: bytes) -> None:
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        (attached,) = opened.Root.AF
        assert attached.AFRelationship == "/Alternative"
        assert attached.EF.F.Subtype == "/text/xml"
        metadata = opened.Root.Metadata.read_bytes().decode()
        assert metadata.count("<rdf:RDF") == 1
        with opened.open_metadata() as xmp:
            assert xmp["{urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#}ConformanceLevel"] == "EN 16931"
            assert xmp["{urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#}DocumentFileName"] == "factur-x.xml"
            assert xmp.pdfa_status == "3A"


def test_the_same_document_is_the_same_bytes(pdf: bytes) -> None:
    assert render.pdf(samples.invoice(1, e_invoice=XML.decode())) == pdf


def test_documents_without_one_carry_nothing() -> None:
    assert read(render.pdf(samples.invoice(1))).attachments == {}
