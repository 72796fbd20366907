"""What the files of e-invoices say of sellers, sums, days, places and quantities, read from the files themselves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from flask.testing import FlaskClient
from lxml import etree as ET

from portal.billing.ledger import tax_ids
from tests.clients import Api
from tests.documents import oracles
from tests.factories import Factories

ADDRESS = {"line1": "Torstraße 12", "city": "Berlin", "postal_code": "10119", "country": "DE"}
BUYER = {"buyer_reference": "R-1", "endpoint": "0204:buyer-1"}
NAMES = {
    "cac": "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2",
    "cbc": "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2",
    "ram": "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100",
}
TOTALS = "cac:LegalMonetaryTotal/cbc:"


@pytest.fixture
def sell(api: Api, make: Factories) -> Callable[..., None]:
    """Makes the account a German seller with the given kind of tax ID and settings."""

    def become(kind: str = "eu_vat", number: str = "DE136695976", **settings: Any) -> None:
        make.run(tax_ids.create, tax_ids.CreateTaxId, type=kind, value=number)
        chosen = {"contact": "Greta Sommer", "endpoint": "0204:991-1", **settings}
        chosen["formats"] = ("factur_x", "peppol", "xrechnung")
        profile = {"support_email": "billing@rocket.example", "support_phone": "+49 30 1234567"}
        sent = {"company": {"name": "Rocket GmbH", "address": ADDRESS}, "business_profile": profile}
        api.post("account", country="DE", settings={"invoices": {"e_invoices": chosen}}, **sent)

    return become


def bill(api: Api, customer: Any, *lines: dict[str, Any], **sent: Any) -> dict[str, Any]:
    draft = api.post("invoices", customer=customer.id, currency="eur", **sent)
    for line in lines:
        api.post("invoiceitems", customer=customer.id, invoice=draft["id"], description="Plan", currency="eur", **line)
    return api.post(f"invoices/{draft['id']}/finalize")


def gaps(api: Api, id: str) -> dict[str, list[str]]:
    found = api.get(f"invoices/{id}", expand=["documents"])["documents"]
    return {each["kind"]: each["missing"] for each in found if each["kind"] != "pdf"}


def read(api: Api, client: FlaskClient, id: str) -> tuple[Any, Any]:
    """The CII and the UBL tree of an invoice, both judged."""
    found = api.get(f"invoices/{id}", expand=["documents"])["documents"]
    links = {each["kind"]: each["url"].removeprefix("http://localhost") for each in found}
    cii, ubl = (client.get(links[kind]).data for kind in ("factur_x", "xrechnung"))
    assert oracles.complaints(cii, oracles.FACTUR_X) == []
    assert oracles.complaints(ubl, oracles.INVOICE) == []
    return ET.fromstring(cii), ET.fromstring(ubl)


def words(tree: Any, path: str) -> list[str]:
    return [each.text for each in tree.findall(f".//{path}", NAMES)]


@pytest.mark.parametrize(
    ("kind", "number", "untaxed"),
    [("de_stn", "1121081508150", "small_business"), ("de_stn", "1121081508150", "not_subject")],
)
def test_a_tax_number_alone_identifies_a_seller(
    api: Api, make: Factories, client: FlaskClient, sell: Callable[..., None], kind: str, number: str, untaxed: str
) -> None:
    sell(kind, number, untaxed=untaxed)
    invoice = bill(api, make.customer(metadata=BUYER), {"amount": 10000})
    cii, ubl = read(api, client, invoice["id"])
    said = api.get("tax_ids", owner={"type": "self"})["data"][0]["value"]
    assert words(cii, "ram:SellerTradeParty/ram:ID") == [said]
    assert words(ubl, "cac:AccountingSupplierParty/cac:Party/cac:PartyIdentification/cbc:ID") == [said]
    assert words(ubl, "cac:TaxSubtotal/cac:TaxCategory/cbc:Percent") == ["0"]
    assert words(ubl, "cac:ClassifiedTaxCategory/cbc:Percent") == ([] if untaxed == "not_subject" else ["0"])


def test_only_what_was_paid_is_prepaid(
    api: Api, make: Factories, client: FlaskClient, sell: Callable[..., None]
) -> None:
    sell()
    customer = make.customer(metadata=BUYER)
    api.post(f"customers/{customer.id}/balance_transactions", amount=2500, currency="eur")
    invoice = bill(api, customer, {"amount": 10000, "tax_rates": [make.tax_rate().id]})
    assert invoice["amount_due"] == 14400
    api.post("credit_notes", invoice=invoice["id"], amount=1000)
    cii, ubl = read(api, client, invoice["id"])
    sums = [words(ubl, TOTALS + name) for name in ("TaxInclusiveAmount", "PrepaidAmount", "PayableAmount")]
    assert sums == [["119.00"], ["0.00"], ["119.00"]]
    assert words(cii, "ram:DuePayableAmount") == ["119.00"]


def test_payments_and_credit_are_prepaid(
    api: Api, make: Factories, client: FlaskClient, sell: Callable[..., None]
) -> None:
    sell()
    customer = make.customer(metadata=BUYER)
    api.post(f"customers/{customer.id}/balance_transactions", amount=-1900, currency="eur")
    invoice = bill(api, customer, {"amount": 10000, "tax_rates": [make.tax_rate().id]})
    api.post(f"invoices/{invoice['id']}/pay", paid_out_of_band=True)
    _cii, ubl = read(api, client, invoice["id"])
    assert [words(ubl, TOTALS + name) for name in ("PrepaidAmount", "PayableAmount")] == [["119.00"], ["0.00"]]


def test_days_are_those_of_the_page(api: Api, make: Factories, client: FlaskClient, sell: Callable[..., None]) -> None:
    sell()
    customer, rates = make.customer(metadata=BUYER), [make.tax_rate().id]
    served = int(datetime(2026, 1, 5, 8, tzinfo=UTC).timestamp())
    moment = {"amount": 10000, "tax_rates": rates, "period": {"start": served, "end": served}}
    cii, ubl = read(api, client, bill(api, customer, moment)["id"])
    assert words(ubl, "cbc:ActualDeliveryDate") == ["2026-01-05"]
    assert words(ubl, "cbc:StartDate") == words(ubl, "cbc:EndDate") == ["2026-01-05"]
    assert words(cii, "ram:OccurrenceDateTime/{*}DateTimeString") == ["20260105"]
    invoice = bill(api, customer, {"amount": 10000, "tax_rates": rates})
    cii, ubl = read(api, client, invoice["id"])
    assert words(ubl, "cbc:ActualDeliveryDate") == words(ubl, "cbc:IssueDate")
    assert words(ubl, "cbc:StartDate") == words(ubl, "cbc:DueDate") == []
    assert len(cii.findall(".//ram:OccurrenceDateTime", NAMES)) == 1
    assert cii.findall(".//ram:DueDateDateTime", NAMES) == []


def test_a_day_of_service_is_printed_once(api: Api, make: Factories, client: FlaskClient) -> None:
    served = int(datetime(2026, 1, 5, 8, tzinfo=UTC).timestamp())
    invoice = bill(api, make.customer(), {"amount": 10000, "period": {"start": served, "end": served + 3600}})
    page = client.get(invoice["hosted_invoice_url"].removeprefix("http://localhost")).get_data(as_text=True)
    assert (page.count("January 5, 2026"), page.count("Jan 5, 2026")) == (1, 0)


def test_a_place_of_delivery_is_complete_or_named(api: Api, make: Factories, sell: Callable[..., None]) -> None:
    sell()
    place = {"name": "Depot", "address": {"country": "DE", "line1": "Hafen 1"}}
    line = {"amount": 10000, "tax_rates": [make.tax_rate().id]}
    customer = make.customer(metadata=BUYER, address=ADDRESS)
    found = gaps(api, bill(api, customer, line, shipping_details=place)["id"])
    assert found["xrechnung"] == ["delivery.address.city", "delivery.address.postal_code"]
    assert (found["factur_x"], found["peppol"]) == ([], found["xrechnung"])  # two Germans follow the same rules there
    place["address"] |= {"city": "Hamburg", "postal_code": "20457"}
    assert gaps(api, bill(api, customer, line, shipping_details=place)["id"])["xrechnung"] == []


@pytest.mark.parametrize(
    ("price", "quantity", "percentage", "inclusive", "net"),
    [
        ("1295", 8, "21", True, "10.7025"),
        ("1000", 3, "19", True, "8.403333"),
        ("999", 7, "7", True, "9.337143"),
        ("0.0125", 33, "19", False, "0.000125"),
        ("1295", 8, "21", False, "12.95"),
    ],
)
def test_a_line_keeps_its_quantity(
    api: Api,
    make: Factories,
    client: FlaskClient,
    sell: Callable[..., None],
    price: str,
    quantity: int,
    percentage: str,
    inclusive: bool,
    net: str,
) -> None:
    sell()
    rate = make.tax_rate(percentage=percentage, inclusive=inclusive).id
    line = {"unit_amount_decimal": price, "quantity": quantity, "tax_rates": [rate]}
    _cii, ubl = read(api, client, bill(api, make.customer(metadata=BUYER), line)["id"])
    assert words(ubl, "cbc:InvoicedQuantity") == [str(quantity)]
    assert words(ubl, "cac:Price/cbc:PriceAmount") == [net]
    (amount,) = words(ubl, "cac:InvoiceLine/cbc:LineExtensionAmount")
    assert round(Decimal(net) * quantity, 2) == Decimal(amount)


@pytest.mark.parametrize(("known", "missing"), [({"register_number": "HRB 12345"}, []), ({}, ["buyer.vat_id"])])
def test_reverse_charge_goes_by_a_register_number_too(
    api: Api, make: Factories, sell: Callable[..., None], known: dict[str, str], missing: list[str]
) -> None:
    sell()
    customer = make.customer(metadata=BUYER | known, address=ADDRESS, tax_exempt="reverse")
    invoice = bill(api, customer, {"amount": 10000, "tax_rates": [make.tax_rate().id]})
    assert gaps(api, invoice["id"])["peppol"] == missing


def test_a_company_number_among_the_tax_ids_is_the_register_number(
    api: Api, make: Factories, client: FlaskClient, sell: Callable[..., None]
) -> None:
    sell()
    customer = make.customer(metadata=BUYER, address=ADDRESS | {"country": "FR"})
    api.post(f"customers/{customer.id}/tax_ids", type="fr_siret", value="732 829 320 00074")
    _cii, ubl = read(api, client, bill(api, customer, {"amount": 10000, "tax_rates": [make.tax_rate().id]})["id"])
    path = "cac:AccountingCustomerParty/cac:Party/cac:PartyLegalEntity/cbc:CompanyID"
    (number,) = ubl.findall(path, NAMES)
    assert (number.text, number.get("schemeID")) == ("732829320", "0002")
