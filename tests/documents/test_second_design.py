"""The second design: where things stand on the page, and that page, PDF and e-invoice say the same."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from portal.documents import render
from portal.documents.designs import Design
from portal.documents.parts import Party
from portal.documents.values import DocumentBase
from tests.clients import Api
from tests.conftest import NOON
from tests.documents import samples
from tests.documents.conftest import read
from tests.factories import Factories

MILLIMETRE = 72 / 25.4
FIRST_EDGE, SECOND_EDGE = 25.0, 118.0
MONTH = (date(2026, 3, 1), date(2026, 4, 1))
ISSUED = samples.invoice(1).effective_at


def second(**changes: Any) -> DocumentBase:
    return samples.invoice(1, **{"version": "v2", "supplied": MONTH, **changes})


def seller(country: str | None) -> Party:
    return replace(samples.SELLER, country=country)


def places(document: DocumentBase) -> dict[str, tuple[float, float]]:
    """Where each run of text of the first page begins, in millimetres from the left and from the top."""
    page = read(render.pdf(document)).pages[0]
    height, found = float(page.mediabox.height), {}

    def note(text: str, cm: list[float], tm: list[float], _font: Any, _size: float) -> None:
        x, y = tm[4] * cm[0] + tm[5] * cm[2] + cm[4], tm[4] * cm[1] + tm[5] * cm[3] + cm[5]
        found.setdefault(text.strip(), (x / MILLIMETRE, (height - y) / MILLIMETRE))

    page.extract_text(visitor_text=note)
    return found


@pytest.mark.parametrize("page_size", ["A4", "Letter"])
@pytest.mark.parametrize(
    ("country", "locale", "edge"),
    [
        ("DE", "de", FIRST_EDGE),
        ("AT", "de", FIRST_EDGE),
        ("GB", "en", FIRST_EDGE),
        ("US", "en", FIRST_EDGE),
        ("FR", "fr", SECOND_EDGE),
        ("CH", "de", SECOND_EDGE),
        ("ES", "en", FIRST_EDGE),
        (None, "en", FIRST_EDGE),
    ],
)
def test_the_buyer_stands_in_the_window_of_an_envelope(country: str, locale: str, edge: float, page_size: str) -> None:
    found = places(second(seller=seller(country), locale=locale, page_size=page_size))
    for text in ("Ada Lovelace Ltd", "12 St James's Square", "Second floor", "London", "SW1Y 4LB"):
        x, y = found[text]
        assert x == pytest.approx(edge, abs=0.3)
        assert 63 < y < 90


def test_a_german_window_is_on_the_left_in_arabic_too() -> None:
    arabic = render.html(second(locale="ar"))
    assert arabic.index("<h1>") < arabic.index('class="address"'), "the first cell is on the right"
    at_home = render.html(second(locale="ar", seller=seller("AE")))
    assert at_home.index("<h1>") > at_home.index('class="address"')


@pytest.mark.parametrize(("country", "times"), [("DE", 1), ("AT", 1), ("FR", 0), ("GB", 0)])
def test_the_sender_stands_above_the_address_where_it_is_the_custom(country: str, times: int) -> None:
    page = render.html(second(seller=seller(country)))
    assert page.count("Nordlicht Software GmbH · Torstraße 12") == times


def test_title_parties_and_totals_have_one_edge() -> None:
    found = places(second())
    edges = {text: round(found[text][0]) for text in ("Invoice", "From", "Subtotal", "Total", "Amount due")}
    assert edges.pop("Amount due") == FIRST_EDGE  # the large one on top
    assert set(edges.values()) == {SECOND_EDGE}


#: 34 characters, the longest that the standard allows, and the longest of a real country.
@pytest.mark.parametrize("iban", ["MT84MALT011000012345MTLCAST001S", "LC07HEMM000100010012001200013015AB"])
@pytest.mark.parametrize("locale", ["de", "fr", "ar"])
def test_an_iban_keeps_its_line(iban: str, locale: str) -> None:
    document = second(iban=iban, currency="eur", transfer_code=True, locale=locale, seller=seller("FR"))
    groups = " ".join(iban[at : at + 4] for at in range(0, len(iban), 4))
    lines = read(render.pdf(document)).pages[0].extract_text().splitlines()
    assert any(groups in line for line in lines), lines


@pytest.mark.parametrize("locale", ["de", "fr"])
def test_no_label_breaks_within_a_word(locale: str) -> None:
    text = read(render.pdf(second(locale=locale))).pages[0].extract_text()
    for label in {"de": ("Verwendungszweck", "Ausstellungsdatum"), "fr": ("Titulaire du compte", "Numéro de facture")}[
        locale
    ]:
        assert label in text


@pytest.mark.parametrize(
    ("supplied", "locale", "words"),
    [
        (MONTH, "en", "Period of supply Mar 1, 2026 – Apr 1, 2026"),
        (MONTH, "de", "Leistungszeitraum 01.03.2026 – 01.04.2026"),
        ((ISSUED, ISSUED), "de", "Leistungsdatum wie Ausstellungsdatum"),
        ((MONTH[0], MONTH[0]), "en_GB", "Date of supply 1 March 2026"),
    ],
)
def test_the_day_of_supply_is_said(supplied: tuple[date, date], locale: str, words: str) -> None:
    assert words in visible(render.html(second(supplied=supplied, locale=locale)))


def visible(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page[page.index("<body") :]).split())


def test_a_period_that_is_everybodys_stands_once() -> None:
    page = visible(render.html(second()))
    assert page.count("Mar 1, 2026") == 1
    other = replace(samples.lines(1)[0], period_start=date(2026, 3, 9))
    mixed = visible(render.html(second(lines=(*samples.lines(1), other))))
    assert "Mar 1, 2026 – Apr 1, 2026 Gold plan" not in mixed
    assert mixed.count("Mar 1, 2026") == 2
    assert "Mar 9, 2026 – Apr 1, 2026" in mixed


def test_mail_and_web_addresses_are_links_and_nothing_else_is() -> None:
    party = replace(samples.SELLER, email="a+b@nordlicht.example", url="https://nordlicht.example/help?a=1")
    links = linked_addresses(
        second(seller=party, hosted_invoice_url=None, buyer=Party(name="B", url="javascript:alert(1)"))
    )
    assert links == ["https://nordlicht.example/help?a=1", "mailto:a+b@nordlicht.example"]
    assert linked_addresses(
        second(seller=replace(party, email="<script>@x y", url="nordlicht.example"), hosted_invoice_url=None)
    ) == [
        "https://nordlicht.example",
        "mailto:%3Cscript%3E@x%20y",
        "mailto:accounts@lovelace.example",
    ]


def linked_addresses(document: DocumentBase) -> list[str]:
    annotations = (each.get_object() for page in read(render.pdf(document)).pages for each in page.get("/Annots", ()))
    return sorted(str(each["/A"]["/URI"]) for each in annotations)


def test_an_address_that_stands_in_for_a_name_stands_once() -> None:
    buyer = Party(name="a@b.example", email="a@b.example", unnamed=True)
    assert visible(render.html(second(buyer=buyer))).count("a@b.example") == 1


def test_a_template_of_the_first_version_keeps_its_style_on_new_documents() -> None:
    own = b'{% extends "invoice/v1.html" %}'
    as_then = samples.invoice(1, own=Design("x", (("invoice.html", own),)))
    assert places(replace(as_then, version="v2")) == places(as_then)
    assert places(as_then) == places(samples.invoice(1))


def test_the_number_stands_on_every_page() -> None:
    for page in read(render.pdf(samples.invoice(60, version="v2"))).pages:
        assert "Invoice NORD-0042 · Nordlicht Software GmbH" in page.extract_text()


@pytest.fixture
def german(api: Api) -> None:
    """A German seller whose e-invoices lack nothing."""
    api.post("tax_ids", type="eu_vat", value="DE136695976")
    address = {"line1": "Torstraße 12", "city": "Berlin", "postal_code": "10119", "country": "DE"}
    terms = {"register_number": "HRB 12345 B", "contact": "Greta Sommer", "untaxed": "exempt"}
    api.post(
        "account",
        country="DE",
        company={"name": "Nordlicht", "address": address},
        settings={"invoices": {"e_invoices": terms}},
    )


def forms(api: Api, document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What page and PDF of an invoice say, each as text without blanks."""
    pdf = read(api.client.get(document["invoice_pdf"]).data)
    yield "pdf", "".join("".join(page.extract_text().split()) for page in pdf.pages)
    yield "page", "".join(visible(api.client.get(document["hosted_invoice_url"]).text).split())


def factur_x(api: Api, document: dict[str, Any]) -> str:
    content = str(api.client.get(document["invoice_pdf"].removesuffix("pdf") + "factur_x.xml").text)
    return re.sub(r">\s+<", "><", content)


@pytest.mark.usefixtures("german", "held_clock")
def test_page_pdf_and_file_say_the_same(api: Api, make: Factories) -> None:
    metadata = {"buyer_reference": "04011000-12345", "purchase_order": "PO-117", "register_number": "HRA 99"}
    customer = make.customer(preferred_locales=["de"], metadata=metadata)
    invoice = api.get(f"invoices/{make.invoice(customer).id}")
    written = factur_x(api, invoice)
    for said in ("04011000-12345", "PO-117", "HRA 99", "HRB 12345 B", "Greta Sommer"):
        assert said in written
        for form, text in forms(api, invoice):
            assert said.replace(" ", "") in text, (form, said)
    for form, text in forms(api, invoice):
        assert "LeistungsdatumwieAusstellungsdatum" in text, form
    assert '<ram:OccurrenceDateTime><udt:DateTimeString format="102">20261121<' in written
    assert "ApplicableHeaderTradeDelivery />" not in written


@pytest.mark.usefixtures("german", "held_clock")
def test_a_span_of_days_is_the_same_everywhere_and_a_credit_note_has_that_of_its_invoice(
    api: Api, make: Factories
) -> None:
    draft = make.draft(make.customer(preferred_locales=["de"]))
    period = {"start": NOON, "end": NOON + 30 * 86400}
    api.post("invoiceitems", customer=draft.customer_id, invoice=draft.id, amount=500, currency="eur", period=period)
    invoice = api.post(f"invoices/{draft.id}/finalize")
    written = factur_x(api, invoice)
    for form, text in forms(api, invoice):
        assert "Leistungszeitraum21.11.2026–21.12.2026" in text, form
    assert "ActualDeliverySupplyChainEvent" not in written
    assert "<ram:ShipToTradeParty><ram:PostalTradeAddress><ram:CountryID>DE<" in written
    assert '<ram:BillingSpecifiedPeriod><ram:StartDateTime><udt:DateTimeString format="102">20261121<' in written
    note = api.post("credit_notes", invoice=invoice["id"], amount=100)
    (page,) = read(api.client.get(note["pdf"]).data).pages
    text = "".join(page.extract_text().split())
    assert "Leistungszeitraum21.11.2026–21.12.2026" in text
    assert "Rechnungskorrektur" in text
    assert "Gutschrift" not in text


@pytest.mark.usefixtures("german", "held_clock")
@pytest.mark.parametrize(
    ("locale", "words"), [("de", "in Verzug"), ("fr", "en demeure"), ("ar", "التأخر"), ("es", "mora")]
)
def test_consumers_of_a_german_seller_read_of_default_while_they_owe(
    api: Api, make: Factories, locale: str, words: str
) -> None:
    customer = make.customer(preferred_locales=[locale])
    business = make.customer(preferred_locales=[locale])
    api.post(f"customers/{business.id}/tax_ids", type="eu_vat", value="DE129273398")
    invoice = api.get(f"invoices/{make.invoice(customer).id}")
    for form, text in forms(api, invoice):
        assert words.replace(" ", "") in text, form
    for other in (
        api.get(f"invoices/{make.invoice(business).id}"),
        api.post(f"invoices/{invoice['id']}/pay", paid_out_of_band=True),
    ):
        for form, text in forms(api, other):
            assert "286" not in text, form


@pytest.mark.usefixtures("german", "held_clock")
def test_french_invoices_speak_of_late_payment_always_and_pages_while_something_is_owed(
    api: Api, make: Factories
) -> None:
    api.post("account", country="FR")
    invoice = api.get(f"invoices/{make.invoice(make.customer(preferred_locales=['fr'])).id}")
    for form, text in forms(api, invoice):
        assert "indemnitéforfaitairede40€" in text, form
    paid = dict(forms(api, api.post(f"invoices/{invoice['id']}/pay", paid_out_of_band=True)))
    assert "indemnitéforfaitairede40€" in paid["pdf"]
    assert "indemnitéforfaitairede40€" not in paid["page"]


@pytest.mark.usefixtures("german", "held_clock")
@pytest.mark.parametrize(
    ("country", "locale", "day"),
    [
        ("GB", "en", "21 November 2026"),
        ("US", "en", "November 21, 2026"),
        ("AU", None, "21 November 2026"),
        ("GB", "en-US", "November 21, 2026"),
    ],
)
def test_plain_english_is_that_of_the_customers_country(
    api: Api, make: Factories, country: str, locale: str | None, day: str
) -> None:
    customer = make.customer(address={"city": "X", "country": country}, preferred_locales=[locale] if locale else [])
    (_pdf, text), _page = forms(api, api.get(f"invoices/{make.invoice(customer).id}"))
    assert f"Dateofissue{day.replace(' ', '')}" in text


@pytest.mark.usefixtures("german", "held_clock")
def test_generic_names_of_taxes_and_numbers_are_in_the_documents_language(api: Api, make: Factories) -> None:
    rates = [make.tax_rate(tax_type="vat").id, make.tax_rate(display_name="Kurtaxe", percentage="2").id]
    invoice = make.invoice(make.customer(preferred_locales=["de"]), default_tax_rates=rates)
    for form, text in forms(api, api.get(f"invoices/{invoice.id}")):
        for words in ("USt.19%", "Kurtaxe2%", "USt-IdNr.DE136695976", "Registernr.HRB12345B"):
            assert words in text.replace("\u202f", "").replace("\xa0", ""), (form, words)


@pytest.mark.usefixtures("held_clock")
def test_page_and_pdf_have_the_same_words_for_balances_and_reasons(api: Api, make: Factories) -> None:
    customer = make.customer()
    api.post(f"customers/{customer.id}/balance_transactions", amount=-300, currency="eur")
    invoice = api.get(f"invoices/{make.invoice(customer, 1000).id}")
    for form, text in forms(api, invoice):
        for words in ("Creditused-€3.00", "Amountdue€7.00", "Dateofissue"):
            assert words in text, (form, words)


@pytest.mark.usefixtures("german", "held_clock")
def test_what_was_frozen_before_keeps_its_look_and_words(api: Api, make: Factories) -> None:
    invoice = make.invoice(make.customer(preferred_locales=["de"]))
    with make.database.writing(make.scope) as db:
        row = db.merge(invoice)
        row.seller = {**row.seller, "design": "v1"}
    document = api.get(f"invoices/{invoice.id}")
    (_pdf, text), _page = forms(api, document)
    assert "EUVATDE136695976" in text
    assert "Leistungsdatum" not in text
    assert "ActualDelivery" not in factur_x(api, document)


def test_no_page_holds_a_note_alone() -> None:
    """Lines are added until the notes don't fit any more: what stands before them goes along."""
    note = "Sie kommen spätestens 30 Tage nach Fälligkeit in Verzug."
    ends = []
    for count in range(6, 13):
        document = samples.invoice(count, version="v2", supplied=MONTH, late_notes=(note,), memo=None, footer=None)
        pages = [page.extract_text() for page in read(render.pdf(document)).pages]
        ends.append((len(pages), "IBAN" in pages[-1], note in pages[-1].replace("\n", " ")))
    assert set(ends) == {(1, True, True), (2, True, True)}


def test_two_rates_of_a_line_keep_one_line_and_their_distance() -> None:
    """The column of a single rate is 18 mm wide: two rates have a wider one."""
    two = samples.lines(1, percentages=("19", "7.5"))
    found = places(second(lines=two))
    start, _ = found["19% + 7.5%"]
    before, _ = found["€49.00"]
    assert start - before > 14
    assert [column for column in ("tax", "taxes") if f'<col class="{column}">' in render.html(second())] == ["tax"]


@pytest.mark.parametrize(
    ("changes", "is_said"),
    [
        ({}, True),
        ({"status": "paid", "amount_paid": 5831, "amount_remaining": 0, "paid_at": ISSUED}, True),
        ({"status": "void", "voided_at": ISSUED}, False),
        ({"status": "paid", "amount_due": 0, "amount_remaining": 0, "paid_at": ISSUED}, False),
        ({"status": "paid", "total": -5831, "amount_due": 0, "amount_remaining": 0, "paid_at": ISSUED}, False),
    ],
)
def test_a_day_to_pay_by_is_said_where_there_was_something_to_pay(changes: dict[str, Any], is_said: bool) -> None:
    document = second(due_date=date(2026, 3, 17), **changes)
    assert ("March 17, 2026" in render.html(document)) is is_said
    assert "March 17, 2026" in render.html(replace(document, version="v1")), "issued documents stay as they are"
