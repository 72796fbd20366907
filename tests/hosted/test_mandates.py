"""The document of a mandate: beside its account, behind a link, and in the words that were agreed to."""

from __future__ import annotations

import io
import re

import pypdf
import pytest

from portal import clock
from portal.models import Mandate
from tests.clients import Api, Portal
from tests.documents import archival_checks
from tests.factories import Factories
from tests.hosted.test_payment_methods import CREDITOR, ENABLED, IBAN


@pytest.fixture
def visit(make: Factories, api: Api, portal, held_clock) -> Portal:
    """A customer whose account was added in the portal."""
    api.post("account", settings={"direct_debit": CREDITOR})
    visit: Portal = portal(make.customer(name="Jenny Rosen"), make.configuration(**ENABLED))
    form = visit.get("payment-methods/add").get_data(as_text=True)
    reference = re.search(r'name="reference"[^>]*value="([^"]+)"', form)
    assert reference
    visit.post("payment-methods/add", name="J. Rosen", iban=IBAN, agree="y", reference=reference[1])
    return visit


def mandate(make: Factories) -> Mandate:
    with make.database.reading(make.scope) as db:
        return db.query(Mandate).one()


def text(content: bytes) -> str:
    assert archival_checks.complaints(content) == []
    pages = pypdf.PdfReader(io.BytesIO(content)).pages
    said = " ".join(" ".join(page.extract_text() for page in pages).split())
    return said.replace("\u2068", "").replace("\u2069", "")


def test_the_list_of_accounts_leads_to_the_mandate(visit: Portal, make: Factories) -> None:
    path = re.search(
        r'href="(payment-methods/[^"]+/mandate\.pdf)"', visit.get("payment-methods").get_data(as_text=True)
    )
    assert path
    answer = visit.get(path[1])
    assert answer.mimetype == "application/pdf"
    said, row = text(answer.get_data()), mandate(make)
    assert row.text
    assert re.sub(r"\s", "", row.reference) in re.sub(r"\s", "", said)
    for fact in (CREDITOR["creditor_id"], "Rocket Rides", "J. Rosen", "•••• 3000", "November 21, 2026", "12:00:00"):
        assert fact in said
    assert "By signing this mandate form, you authorise (A) Rocket Rides to send instructions" in said
    assert "A refund must be claimed within 8 weeks" in said
    assert IBAN not in said
    assert IBAN.replace(" ", "") not in said


def test_the_wire_links_to_it_until_the_link_expires(visit: Portal, make: Factories, api: Api, client) -> None:
    url = api.get(f"mandates/{mandate(make).id}")["payment_method_details"]["sepa_debit"]["url"]
    path = re.sub(r"^https?://[^/]+", "", url)
    assert mandate(make).reference[-10:] in text(client.get(path).get_data())
    with clock.hold_at(clock.now() + 12 * clock.DAY):
        assert client.get(path).status_code == 410
    assert client.get(path.replace("/m/", "/i/")).status_code == 404


def test_nobody_else_sees_it(visit: Portal, make: Factories, portal) -> None:
    other = portal(make.customer(), make.configuration(**ENABLED))
    assert other.get(f"payment-methods/{mandate(make).payment_method_id}/mandate.pdf").status_code == 404
    assert other.get("payment-methods/pm_unknown/mandate.pdf").status_code == 404


def test_a_mandate_given_elsewhere_says_so(make: Factories, api: Api, client) -> None:
    api.post("account", settings={"direct_debit": CREDITOR})
    customer = make.customer()
    account = {"type": "sepa_debit", "sepa_debit": {"iban": IBAN}, "billing_details": {"name": "Jenny Rosen"}}
    method = api.post("payment_methods", **account)["id"]
    accepted = {"customer_acceptance": {"type": "offline", "accepted_at": 1_700_000_000}}
    sent = {"customer": customer.id, "payment_method": method, "confirm": True, "mandate_data": accepted}
    api.post("setup_intents", payment_method_types=["sepa_debit"], **sent)
    url = api.get(f"mandates/{mandate(make).id}")["payment_method_details"]["sepa_debit"]["url"]
    said = text(client.get(re.sub(r"^https?://[^/]+", "", url)).get_data())
    assert "outside of this portal" in said
    assert "November 14, 2023" in said
