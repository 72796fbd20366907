"""The names of a business and of a person on documents: page, PDF and e-invoice say both."""

from __future__ import annotations

from typing import Any

import pytest

from portal.documents import build
from portal.documents.xml import traders
from portal.models import Invoice
from tests.clients import Api
from tests.factories import Factories

BUSINESS, PERSON = "Rosen Räder GmbH", "Jenny Rosen"


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        ({"name": "Rosen"}, ("Rosen", None)),
        ({"name": "Rosen", "business_name": BUSINESS, "individual_name": PERSON}, (BUSINESS, PERSON)),
        ({"name": PERSON, "business_name": BUSINESS}, (BUSINESS, PERSON)),
        ({"name": BUSINESS, "business_name": BUSINESS}, (BUSINESS, None)),
        ({"name": BUSINESS, "individual_name": PERSON}, (BUSINESS, PERSON)),
        ({"name": PERSON, "individual_name": PERSON}, (PERSON, None)),
        ({"name": "", "business_name": BUSINESS, "individual_name": PERSON}, (BUSINESS, PERSON)),
        ({"name": "", "individual_name": PERSON}, (PERSON, None)),
    ],
)
def test_a_document_is_addressed_to_the_business_and_names_the_person(
    make: Factories, names: dict[str, Any], shown: tuple[str, str | None]
) -> None:
    invoice = make.invoice(make.customer(**names))
    with make.database.reading(make.scope) as db:
        buyer = build.invoice(db, db.get_one(Invoice, (make.scope.tenant_id, invoice.id))).buyer
    trader = traders.build_trader(buyer, taxed=True)
    assert (buyer.name, buyer.contact) == (trader.name, trader.contact) == shown


def test_the_page_says_both_as_they_were_then(make: Factories, api: Api, portal: Any) -> None:
    address = {"line1": "Lindenstraße 3", "city": "Berlin", "postal_code": "10969", "country": "DE"}
    customer = make.customer(name="Rosen", business_name=BUSINESS, individual_name=PERSON, address=address)
    invoice = make.invoice(customer)
    page = portal(customer, make.configuration()).get(f"invoices/{invoice.id}").text
    assert (BUSINESS in page, PERSON in page) == (True, True)
    assert api.get(f"invoices/{invoice.id}")["customer_name"] == "Rosen"
    api.post(f"customers/{customer.id}", business_name="Another one")
    assert BUSINESS in portal(customer, make.configuration()).get(f"invoices/{invoice.id}").text
