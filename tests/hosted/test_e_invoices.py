"""E-invoices on the pages, behind signed links, and as the API lists them."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from pypdf import PdfReader

from portal.billing.invoices import finalization, invoiceitems, invoices
from portal.billing.invoices.item_params import CreateInvoiceItem
from portal.billing.invoices.params import CreateInvoice, FinalizeInvoice
from portal.billing.ledger import tax_ids
from portal.documents import transfer_code
from portal.models import Customer, Invoice
from portal.rules.creditor_references import make_reference
from portal.rules.qr_references import group_reference
from tests.clients import Api, Portal
from tests.documents import oracles
from tests.factories import Factories

pytestmark = pytest.mark.usefixtures("held_clock")
ADDRESS = {"line1": "Torstraße 12", "city": "Berlin", "postal_code": "10119", "country": "DE"}
EVERY = ("factur_x", "peppol", "xrechnung")


@pytest.fixture
def merchant_of_all(api: Api, make: Factories) -> None:
    """A German seller with everything that every format asks for."""
    make.run(tax_ids.create, tax_ids.CreateTaxId, type="eu_vat", value="DE136695976")
    e_invoices = {"formats": EVERY, "contact": "Greta Sommer", "endpoint": "0204:991-1"}
    profile = {"support_email": "billing@rocket.example", "support_phone": "+49 30 1234567"}
    sent = {"company": {"name": "Rocket GmbH", "address": ADDRESS}, "business_profile": profile}
    api.post("account", country="DE", settings={"invoices": {"e_invoices": e_invoices}}, **sent)


def billed(make: Factories, customer: Customer, **sent: Any) -> Invoice:
    """An open invoice of 100.00 euros and 19 %."""
    draft = make.run(invoices.create, CreateInvoice, customer=customer.id, **{"currency": "eur", **sent})
    item = {"customer": customer.id, "invoice": draft.id, "amount": 10000, "currency": draft.currency}
    rates = [make.tax_rate().id]
    make.run(invoiceitems.create, CreateInvoiceItem, tax_rates=rates, description="Plan", **item)
    return make.run(finalization.finalize, FinalizeInvoice, draft)


def documents(api: Api, row: Any, noun: str = "invoices") -> dict[str, Any]:
    return {each["kind"]: each for each in api.get(f"{noun}/{row.id}", expand=["documents"])["documents"]}


@pytest.mark.usefixtures("merchant_of_all")
def test_every_format_is_a_link_away(api: Api, make: Factories, client: FlaskClient) -> None:
    customer = make.customer(metadata={"buyer_reference": "04011000-12345-03", "endpoint": "0204:04011000-12345-03"})
    invoice = billed(make, customer)
    note = make.credit_note(invoice, 1000)
    found = documents(api, invoice)
    assert list(found) == ["pdf", *EVERY]
    for kind in EVERY:
        answer = client.get(found[kind]["url"].removeprefix("http://localhost"))
        assert (answer.status_code, answer.mimetype) == (200, "application/xml")
        assert "04011000-12345-03" in answer.get_data(as_text=True)
        assert f"{invoice.number}-{kind}.xml".replace("_", "-") in answer.headers["Content-Disposition"]
    assert documents(api, note, "credit_notes")["factur_x"]["missing"] == ["lines.tax_rates"]


@pytest.mark.usefixtures("merchant_of_all")
def test_what_a_format_lacks_is_named(api: Api, make: Factories, portal: Callable[..., Portal]) -> None:
    customer = make.customer()
    invoice = billed(make, customer)
    found = documents(api, invoice)
    assert found["factur_x"]["missing"] == []
    assert found["peppol"] == {
        "kind": "peppol",
        "media_type": "application/xml",
        "missing": ["buyer_reference", "buyer.endpoint"],
        "url": None,
    }
    html = portal(customer, make.configuration()).get(f"invoices/{invoice.id}").get_data(as_text=True)
    assert f'href="{invoice.id}/factur_x.xml"' in html
    assert "peppol.xml" not in html
    assert "this is missing: <bdi>your reference</bdi> and <bdi>your electronic address</bdi>." in html


def test_a_merchant_who_said_nothing_hears_what_is_missing(api: Api, make: Factories, client: FlaskClient) -> None:
    invoice = make.invoice(make.customer(address=""))
    gaps = documents(api, invoice)["factur_x"]["missing"]
    assert {"buyer.address.country", "seller.address.line1", "lines.tax_rates"} <= set(gaps)
    page = api.get(f"invoices/{invoice.id}")["hosted_invoice_url"].removeprefix("http://localhost")
    assert "electronic invoice" not in client.get(page).get_data(as_text=True)
    assert client.get(f"{page}/factur_x.xml").status_code == 404


def test_drafts_have_no_documents(api: Api, make: Factories) -> None:
    assert documents(api, make.draft()) == {}


@pytest.mark.usefixtures("merchant_of_all")
def test_files_are_limited_as_the_pages_are(make: Factories, portal: Callable[..., Portal]) -> None:
    customer, stranger = make.customer(), make.customer(email="other@example.com")
    invoice, other = billed(make, customer), billed(make, stranger)
    visit = portal(customer, make.configuration())
    assert visit.get(f"invoices/{invoice.id}/factur_x.xml").mimetype == "application/xml"
    assert visit.get(f"invoices/{other.id}/factur_x.xml").status_code == 404
    assert visit.get(f"invoices/{invoice.id}/zugferd.xml").status_code == 404
    closed = portal(customer, make.configuration(invoice_history={"enabled": False}))
    assert closed.get(f"invoices/{invoice.id}/factur_x.xml").status_code == 404


def test_a_banking_app_reads_what_is_to_be_paid(
    api: Api, make: Factories, client: FlaskClient, portal: Callable[..., Portal]
) -> None:
    bank = {"iban": "DE89370400440532013000", "bic": "COBADEFFXXX", "holder": "Rocket Payments"}
    api.post("account", settings={"invoices": {"bank_transfer": bank}})
    customer = make.customer()
    invoice, paid = make.invoice(customer, 1234), make.paid_invoice(customer)
    page = api.get(f"invoices/{invoice.id}")["hosted_invoice_url"].removeprefix("http://localhost")
    assert 'transfer.svg" width="164"' in client.get(page).get_data(as_text=True)
    answer = client.get(f"{page}/transfer.svg")
    assert (answer.mimetype, answer.data[:4]) == ("image/svg+xml", b"<svg")
    visit = portal(customer, make.configuration())
    assert visit.get(f"invoices/{invoice.id}/transfer.svg").data == answer.data
    assert "Rocket Payments" in visit.get(f"invoices/{invoice.id}").get_data(as_text=True)
    assert visit.get(f"invoices/{paid.id}/transfer.svg").status_code == 404
    assert "transfer.svg" not in visit.get(f"invoices/{paid.id}").get_data(as_text=True)


@pytest.mark.usefixtures("merchant_of_all")
def test_the_pdf_carries_the_e_invoice(api: Api, make: Factories, client: FlaskClient) -> None:
    invoice = billed(make, make.customer())
    found = documents(api, invoice)
    pdf = client.get(found["pdf"]["url"].removeprefix("http://localhost")).data
    xml = client.get(found["factur_x"]["url"].removeprefix("http://localhost")).data
    assert PdfReader(io.BytesIO(pdf)).attachments == {"factur-x.xml": [xml]}


@pytest.mark.usefixtures("merchant_of_all")
def test_the_law_has_its_say_on_page_and_paper(api: Api, make: Factories, portal: Callable[..., Portal]) -> None:
    customer = make.customer(tax_exempt="reverse", preferred_locales=["de"])
    make.run(tax_ids.create, tax_ids.CreateTaxId, customer=customer.id, type="eu_vat", value="DE136695976")
    invoice = billed(make, customer)
    visit = portal(customer, make.configuration())
    html = visit.get(f"invoices/{invoice.id}").get_data(as_text=True)
    text = PdfReader(io.BytesIO(visit.get(f"invoices/{invoice.id}/pdf").data)).pages[0].extract_text()
    for form in (html, " ".join(text.split())):
        assert "Steuerschuldnerschaft des Leistungsempfängers" in form
        assert "BGB" not in form  # which speaks to consumers
    xml = visit.get(f"invoices/{invoice.id}/factur_x.xml").get_data(as_text=True)
    assert "VATEX-EU-AE" in xml


@pytest.mark.usefixtures("merchant_of_all")
def test_metadata_changed_later_change_no_document(api: Api, make: Factories, client: FlaskClient) -> None:
    customer = make.customer(metadata={"buyer_reference": "of-the-customer", "endpoint": "0204:first-1"})
    invoice = billed(make, customer, metadata={"buyer_reference": "of-the-invoice", "purchase_order": "PO-1"})
    line = api.get(f"invoices/{invoice.id}")["lines"]["data"][0]
    credited = [{"type": "invoice_line_item", "invoice_line_item": line["id"], "amount": 1000}]
    note = api.post("credit_notes", invoice=invoice.id, lines=credited)
    rows = (("invoices", invoice.id), ("credit_notes", note["id"]))
    before = [contents(api, client, *row) for row in rows]
    for noun, id in (*rows, ("customers", customer.id)):
        api.post(f"{noun}/{id}", metadata={"buyer_reference": "later", "purchase_order": "", "endpoint": "0204:later"})
    assert [contents(api, client, *row) for row in rows] == before
    for files in before:
        assert all("of-the-invoice" in files[kind] and "PO-1" in files[kind] for kind in EVERY)
        assert "first-1" in files["peppol"]


def contents(api: Api, client: FlaskClient, noun: str, id: str) -> dict[str, str]:
    found = api.get(f"{noun}/{id}", expand=["documents"])["documents"]
    links = {each["kind"]: each["url"] for each in found if each["kind"] in EVERY}
    return {
        kind: client.get(url.removeprefix("http://localhost")).get_data(as_text=True) for kind, url in links.items()
    }


@pytest.mark.usefixtures("merchant_of_all")
@pytest.mark.parametrize(
    ("changes", "gaps"),
    [
        ({}, []),
        ({"amount": 191}, []),
        ({"amount": 260}, ["lines.tax_amounts"]),
        ({"taxable_amount": 500}, ["lines.tax_amounts"]),
        ({"taxability_reason": "reduced_rated"}, []),
        ({"taxability_reason": "reverse_charge"}, ["lines.tax_amounts"]),
        ({"taxability_reason": "portion_standard_rated"}, ["lines.tax_rates"]),
    ],
)
def test_taxes_given_by_hand_are_only_what_the_standard_knows(
    api: Api, make: Factories, changes: dict[str, Any], gaps: list[str]
) -> None:
    invoice = make.run(invoices.create, CreateInvoice, customer=make.customer().id, currency="eur")
    rate = {"display_name": "VAT", "percentage": "19", "inclusive": False}
    given = {"amount": 190, "taxable_amount": 1000, "tax_rate_data": rate, **changes}
    api.post(f"invoices/{invoice.id}/add_lines", lines=[{"amount": 1000, "tax_amounts": [given]}])
    api.post(f"invoices/{invoice.id}/finalize")
    assert documents(api, invoice)["factur_x"]["missing"] == gaps


@pytest.mark.usefixtures("merchant_of_all")
def test_the_tax_is_said_in_the_currency_of_the_sellers_state(
    api: Api, make: Factories, client: FlaskClient, portal: Callable[..., Portal]
) -> None:
    customer = make.customer(metadata={"buyer_reference": "R-1", "endpoint": "0204:buyer-1"})
    invoice = billed(make, customer, currency="usd", metadata={"tax_exchange_rate": "0.918234"})
    line = api.get(f"invoices/{invoice.id}")["lines"]["data"][0]["id"]
    credited = [{"type": "invoice_line_item", "invoice_line_item": line, "amount": 5000}]
    note = api.post("credit_notes", invoice=invoice.id, lines=credited)
    before = contents(api, client, "invoices", invoice.id)
    api.post(f"invoices/{invoice.id}", metadata={"tax_exchange_rate": "2"})
    api.post("account", settings={"invoices": {"e_invoices": {"tax_currency": "sek"}}})
    assert contents(api, client, "invoices", invoice.id) == before
    assert '<ram:TaxTotalAmount currencyID="EUR">17.45</ram:TaxTotalAmount>' in before["factur_x"]
    for kind in ("peppol", "xrechnung"):
        assert '<cbc:TaxAmount currencyID="EUR">17.45</cbc:TaxAmount>' in before[kind]
        assert oracles.complaints(before[kind].encode(), oracles.INVOICE) == []
    assert oracles.complaints(before["factur_x"].encode(), oracles.FACTUR_X) == []
    visit = portal(customer, make.configuration())
    words = "Tax in EUR: €17.45 (1 USD = 0.918234 EUR)"
    html = visit.get(f"invoices/{invoice.id}").get_data(as_text=True)
    assert words in html.replace("\u2066", "").replace("\u2069", "")
    text = PdfReader(io.BytesIO(visit.get(f"invoices/{invoice.id}/pdf").data)).pages[0].extract_text()
    assert words in " ".join(text.split())
    half = contents(api, client, "credit_notes", note["id"])["peppol"]
    assert '<cbc:TaxAmount currencyID="EUR">8.72</cbc:TaxAmount>' in half
    assert oracles.complaints(half.encode(), oracles.CREDIT_NOTE) == []
    assert "Tax in EUR: €8.72" in visit.get(f"credit-notes/{note['id']}").get_data(as_text=True)


@pytest.mark.usefixtures("merchant_of_all")
@pytest.mark.parametrize(
    ("said", "gaps"), [("0.92", []), ("0,92", ["tax_exchange_rate"]), ("0", ["tax_exchange_rate"])]
)
def test_a_tax_currency_wants_a_rate(api: Api, make: Factories, said: str, gaps: list[str]) -> None:
    api.post("account", settings={"invoices": {"e_invoices": {"tax_currency": "eur"}}})
    usd = billed(make, make.customer(), currency="usd", metadata={"tax_exchange_rate": said})
    assert documents(api, usd)["factur_x"]["missing"] == gaps
    unsaid, euros = billed(make, make.customer(), currency="usd"), billed(make, make.customer())
    assert documents(api, unsaid)["factur_x"]["missing"] == ["tax_exchange_rate"]
    assert documents(api, euros)["factur_x"]["missing"] == []


@pytest.mark.usefixtures("merchant_of_all")
@pytest.mark.parametrize(("said", "stands"), [("RF18 5390 0754 7034", "RF18539007547034"), ("RF19539007547034", None)])
def test_a_creditor_reference_is_what_to_write_on_a_transfer(
    api: Api, make: Factories, client: FlaskClient, said: str, stands: str | None
) -> None:
    bank = {"iban": "DE89370400440532013000", "holder": "Rocket Payments"}
    api.post("account", settings={"invoices": {"bank_transfer": bank}})
    customer = make.customer(metadata={"buyer_reference": "R-1", "endpoint": "0204:buyer-1"})
    invoice = billed(make, customer, metadata={"creditor_reference": said})
    reference = stands or str(make_reference(str(invoice.number)))
    files = contents(api, client, "invoices", invoice.id)
    assert f"<ram:PaymentReference>{reference}</ram:PaymentReference>" in files["factur_x"]
    assert f"<cbc:PaymentID>{reference}</cbc:PaymentID>" in files["peppol"]
    assert oracles.complaints(files["peppol"].encode(), oracles.INVOICE) == []
    page = api.get(f"invoices/{invoice.id}")["hosted_invoice_url"].removeprefix("http://localhost")
    shown = client.get(page).get_data(as_text=True)
    assert f'<bdi class="code">{group_reference(reference)}</bdi>' in shown
    assert f'data-copy="{reference}"' in shown
    text = PdfReader(io.BytesIO(client.get(f"{page}/pdf").data)).pages[0].extract_text()
    assert f"Reference {group_reference(reference)}" in " ".join(text.split())
    code = transfer_code.svg(
        holder="Rocket Payments", iban=bank["iban"], bic=None, currency="eur", amount=11900, reference=reference
    )
    assert client.get(f"{page}/transfer.svg").data == code


@pytest.mark.usefixtures("merchant_of_all")
@pytest.mark.parametrize(
    ("endpoint", "peppol", "xrechnung"),
    [
        ("0204:04011000-12345-03", [], []),
        ("EM:invoices@buyer.example", ["buyer.endpoint"], []),
        ("9999:abc", ["buyer.endpoint"], ["buyer.endpoint"]),
        ("0208:0428759498", ["buyer.endpoint"], ["buyer.endpoint"]),
    ],
)
def test_a_customers_electronic_address_is_judged(
    api: Api, make: Factories, endpoint: str, peppol: list[str], xrechnung: list[str]
) -> None:
    invoice = billed(make, make.customer(metadata={"buyer_reference": "R-1", "endpoint": endpoint}))
    found = documents(api, invoice)
    assert [found[kind]["missing"] for kind in EVERY] == [[], peppol, xrechnung]


@pytest.mark.usefixtures("merchant_of_all")
@pytest.mark.parametrize("country", ["UK", "EL", "JA", "ZZ"])
def test_what_is_no_country_makes_no_e_invoice(api: Api, make: Factories, country: str) -> None:
    customer = make.customer(
        address={**ADDRESS, "country": country}, metadata={"buyer_reference": "R-1", "endpoint": "0204:buyer-1"}
    )
    found = documents(api, billed(make, customer))
    assert [found[kind]["missing"] for kind in EVERY] == [["buyer.address.country"]] * 3


@pytest.mark.usefixtures("merchant_of_all")
def test_two_germans_need_on_peppol_what_xrechnung_needs(api: Api, make: Factories) -> None:
    api.post("account", settings={"invoices": {"e_invoices": {"contact": ""}}})
    sent = {"buyer_reference": "R-1", "endpoint": "0204:buyer-1"}
    german = make.customer(address={"line1": "Lindenstraße 3", "country": "DE"}, metadata=sent)
    austrian = make.customer(address={"line1": "Ring 3", "country": "AT"}, metadata=sent)
    gaps = ["seller.contact", "buyer.address.city", "buyer.address.postal_code"]
    found = documents(api, billed(make, german))
    assert (found["peppol"]["missing"], found["xrechnung"]["missing"]) == (gaps, gaps)
    assert documents(api, billed(make, austrian))["peppol"]["missing"] == []
