"""An invoice with a Swiss payment slip, from its page to the transfer that pays it."""

from __future__ import annotations

import io
from typing import Any

import pytest
from pypdf import PdfReader

from portal.rules.qr_references import group_reference, make_qr_reference
from tests.statements_of_banks import Transfer, camt

QR_IBAN, PLAIN_IBAN = "CH4431999123000889012", "CH5800791123000889012"
ADDRESS = {"line1": "Rue du Lac 1268", "city": "Biel", "postal_code": "2501", "country": "CH"}


@pytest.fixture
def billed(api: Any, make: Any, opened: Any) -> Any:
    """`billed(iban)` is an open invoice in francs of a Swiss merchant with that account."""

    def bill(iban: str, **sent: Any) -> Any:
        settings = {"invoices": {"bank_transfer": {"iban": iban, "holder": "Robert Schneider AG"}}}
        api.post("account", country="CH", default_currency="chf", company={"address": ADDRESS}, settings=settings)
        return opened(11900, customer=make.customer(name="Pia", address=ADDRESS).id, **{"currency": "chf", **sent})

    return bill


@pytest.fixture
def shown(client: Any) -> Any:
    """`shown(invoice)` is its hosted page, the picture of its code if there is one, and the text of its PDF."""

    def show(invoice: Any) -> tuple[str, Any, str]:
        path = invoice["hosted_invoice_url"].removeprefix("http://localhost")
        pdf = PdfReader(io.BytesIO(client.get(f"{path}/pdf").data))
        text = " ".join(" ".join(page.extract_text() for page in pdf.pages).split())
        return client.get(path).get_data(as_text=True), client.get(f"{path}/transfer.svg"), text

    return show


def test_an_invoice_is_paid_with_a_qr_reference(billed, shown) -> None:
    invoice = billed(QR_IBAN)
    reference = make_qr_reference(invoice["number"]) or ""
    page, code, text = shown(invoice)
    assert f'<bdi class="code">{group_reference(reference)}</bdi>' in page
    assert f'data-copy="{reference}"' in page
    assert code.status_code == 200
    assert code.data.count(b"<rect") == 4
    assert text.count(group_reference(reference)) == 3
    assert "Payment part" in text
    assert "QR code for banking apps" not in text


@pytest.mark.parametrize("place", ["typed", "untyped", "words"])
def test_a_qr_reference_on_a_statement_pays(api, billed, place: str) -> None:
    invoice = billed(QR_IBAN)
    reference = make_qr_reference(invoice["number"]) or ""
    if place == "words":
        take_in(api, Transfer(11900, f"QRR {group_reference(reference)}", currency="CHF"))
    else:
        told = "QRR" if place == "typed" else None
        take_in(api, Transfer(11900, currency="CHF", reference=reference, reference_type=told))
    (transfer,) = api.get("bank_transactions")["data"]
    assert (transfer["status"], transfer["matched_by"]) == ("assigned", "reference")
    assert api.get(f"invoices/{invoice['id']}")["status"] == "paid"


def take_in(api: Any, *transfers: Transfer) -> None:
    file = camt(*transfers, iban=QR_IBAN, currency="CHF", version="camt.054.001.08")
    api.post("bank_statements", upload=("statement.xml", file))


def test_an_ordinary_account_has_a_creditor_reference_on_its_slip(billed, shown) -> None:
    page, code, text = shown(billed(PLAIN_IBAN))
    assert code.status_code == 200
    assert code.data.count(b"<rect") == 4
    assert '<bdi class="code">RF' in page
    assert "Payment part" in text


def test_euros_to_a_swiss_account_have_the_slip_alone(billed, shown) -> None:
    _, code, text = shown(billed(PLAIN_IBAN, currency="eur"))
    assert code.data.count(b"<rect") == 4
    assert "Payment part" in text
    assert "Scan with your banking app" not in text


def test_other_accounts_and_currencies_have_no_slip(billed, shown) -> None:
    _, code, text = shown(billed("DE02120300000000202051", currency="eur"))
    assert b"<rect" not in code.data
    assert "Payment part" not in text
    assert "Scan with your banking app" in text
    _, code, text = shown(billed(PLAIN_IBAN, currency="usd"))
    assert (code.status_code, "Payment part" in text) == (404, False)


def test_a_reference_of_the_merchants_own_is_kept(billed, shown) -> None:
    own = "210000000003139471430009017"
    page, _, text = shown(billed(QR_IBAN, metadata={"creditor_reference": group_reference(own)}))
    assert group_reference(own) in page
    assert group_reference(own) in text
