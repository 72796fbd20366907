"""Sellers of fifteen kinds and buyers of twenty-one before every judge that is at hand: no fatal finding anywhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from lxml import etree
from sqlalchemy.orm import Session

from portal import clock
from portal.billing.accounts import account_updates, accounts
from portal.billing.accounts.account_updates import UpdateAccount
from portal.billing.credit_notes import credit_notes
from portal.billing.credit_notes.params import CreateCreditNote
from portal.billing.customers import customers
from portal.billing.customers.params import CreateCustomer
from portal.billing.invoices import finalization, invoiceitems, invoices, payments, statuses
from portal.billing.invoices.item_params import CreateInvoiceItem
from portal.billing.invoices.params import CreateInvoice, FinalizeInvoice, PayInvoice
from portal.billing.ledger import tax_ids, totals
from portal.db import scope_of
from portal.documents import build
from portal.documents.xml import offers
from portal.models import CreditNote, Customer, Invoice
from portal.wire.commands import parse_command
from tests import debits
from tests.conftest import NOON
from tests.documents import judges, national_rules, oracles
from tests.factories import Factories

FORMATS = ("factur_x", "peppol", "xrechnung")
UNION = frozenset("AT BE DE DK ES FR GR IE IT NL PL SE".split())


@dataclass(frozen=True)
class Merchant:
    """A seller: where, by which numbers, with which rate; `untaxed` is what its lines are without a rate."""

    name: str
    country: str
    place: tuple[str, str]
    tax_id: tuple[str, str]
    rate: str | None = None
    currency: str = "eur"
    untaxed: str = "export"
    register_number: str = ""
    endpoint: str = ""


@dataclass(frozen=True)
class Client:
    """A buyer; a consumer has no `tax_id`."""

    name: str
    country: str
    place: tuple[str, str]
    tax_id: tuple[str, str] | None = None
    endpoint: str = ""
    register_number: str = ""


SELLERS = (
    Merchant("DE", "DE", ("Berlin", "10119"), ("eu_vat", "DE136695976"), "19", register_number="HRB 12345 B"),
    Merchant("DE small", "DE", ("Köln", "50667"), ("eu_vat", "DE136695976"), untaxed="small_business"),
    Merchant("DE mail", "DE", ("Kiel", "24103"), ("eu_vat", "DE136695976"), "7", endpoint="9930:DE136695976"),
    Merchant("FR", "FR", ("Lyon", "69001"), ("eu_vat", "FR40303265045"), "20", register_number="RCS Lyon 303 265 045"),
    Merchant("IT", "IT", ("Milano", "20121"), ("eu_vat", "IT00743110157"), "22"),
    Merchant("ES", "ES", ("Madrid", "28001"), ("eu_vat", "ESA13585625"), "21"),
    Merchant("NL", "NL", ("Utrecht", "3511 AB"), ("eu_vat", "NL123456782B90"), "21", register_number="KvK 12345678"),
    Merchant("BE", "BE", ("Gent", "9000"), ("eu_vat", "BE0428759497"), "21", register_number="0428.759.497"),
    Merchant("AT", "AT", ("Wien", "1010"), ("eu_vat", "ATU13585627"), "20", register_number="FN 123456 a"),
    Merchant("GB", "GB", ("London", "SW1Y 4LB"), ("gb_vat", "GB980780684"), "20", "gbp"),
    Merchant(
        "CH", "CH", ("Zürich", "8001"), ("ch_vat", "CHE-100.155.212 MWST"), "8.1", "chf", endpoint="0183:CHE100155212"
    ),
    Merchant(
        "US", "US", ("Austin", "73301"), ("us_ein", "91-1144442"), None, "usd", "not_subject", "TX 801234567",
        "0060:123456789",
    ),
    Merchant(
        "NO", "NO", ("Oslo", "0150"), ("no_vat", "923609016MVA"), "25", "nok",
        register_number="Foretaksregisteret 923 609 016", endpoint="0192:923609016",
    ),
    Merchant("DK", "DK", ("Aarhus", "8000"), ("eu_vat", "DK13585628"), "25", "dkk", endpoint="0184:13585628"),
    Merchant(
        "SE", "SE", ("Malmö", "211 20"), ("eu_vat", "SE556036079301"), "25", "sek",
        register_number="556036-0793", endpoint="0007:5560360793",
    ),
)  # fmt: skip
BUYERS = (
    Client("DE", "DE", ("Leipzig", "04109"), ("eu_vat", "DE129273398")),
    Client("DE authority", "DE", ("Bonn", "53113"), None, "0204:04011000-12345-03"),
    Client("DE consumer", "DE", ("Jena", "07743"), None, "0204:jena-1"),
    Client("FR", "FR", ("Paris", "75006"), ("eu_vat", "FR83404833048"), "", "404 833 048"),
    Client("FR consumer", "FR", ("Nice", "06000"), None, "0225:303265045"),
    Client("IT", "IT", ("Roma", "00118"), ("eu_vat", "IT00743110157")),
    Client("ES", "ES", ("Sevilla", "41001"), ("eu_vat", "ESA13585625")),
    Client("NL", "NL", ("Delft", "2611 AA"), ("eu_vat", "NL123456782B90"), "0106:12345678", "12345678"),
    Client("BE", "BE", ("Brugge", "8000"), ("eu_vat", "BE0428759497"), "0208:0428759497"),
    Client("AT", "AT", ("Graz", "8010"), ("eu_vat", "ATU13585627")),
    Client("GB", "GB", ("Leeds", "LS1 1UR"), ("gb_vat", "GB980780684")),
    Client("CH", "CH", ("Bern", "3011"), ("ch_vat", "CHE-100.155.212 MWST"), "0183:CHE100155212"),
    Client("US", "US", ("Boston", "02108"), None, "0060:123456789"),
    Client("NO", "NO", ("Bergen", "5003"), ("no_vat", "923609016MVA"), "0192:923609016", "923609016"),
    Client("DK", "DK", ("Odense", "5000"), ("eu_vat", "DK13585628"), "0184:13585628", "13585628"),
    Client("SE", "SE", ("Lund", "222 22"), ("eu_vat", "SE556036079301"), "0007:5560360793", "556036-0793"),
    Client("PL", "PL", ("Kraków", "30-001"), ("eu_vat", "PL8567346215")),
    Client("GR", "GR", ("Αθήνα", "10431"), ("eu_vat", "EL094259216")),
    Client("IE", "IE", ("Dublin", "D02 X285"), ("eu_vat", "IE6433435F")),
    Client("JP", "JP", ("東京", "100-0001"), None, "0188:1234567890123"),
    Client("IN", "IN", ("मुंबई", "400001"), None, "0060:987654321"),
)


@pytest.mark.parametrize("seller", SELLERS, ids=lambda seller: seller.name)
def test_no_judge_has_anything_against_a_document(make: Factories, seller: Merchant) -> None:
    """Each seller with buyers at home and a third of the others, so that each buyer comes five times or more."""
    begin = SELLERS.index(seller)
    home = [buyer for buyer in BUYERS if buyer.country == seller.country]
    others = [buyer for number, buyer in enumerate(BUYERS) if (number + begin) % 3 == 0 and buyer not in home]
    sell(make, seller)
    judged = [
        (kind, finding)
        for buyer in (*home, *others)
        for row in billed_and_credited(make, seller, buyer)
        for kind, finding in findings(make, seller, buyer, row)
    ]
    assert judged == []


def billed_and_credited(make: Factories, seller: Merchant, buyer: Client) -> tuple[Invoice, CreditNote]:
    invoice = bill(make, seller, buyer)
    return invoice, credit(make, invoice)


def findings(make: Factories, seller: Merchant, buyer: Client, row: Invoice | CreditNote) -> Iterator[tuple[str, str]]:
    """What judges say of each file of a document, and the names of what would be missing for one."""
    with make.database.reading(make.scope) as db:
        offered = offers.list_offers(*build.describe(db, row))
        files = {format: content.encode() for format, content in offers.write_files(db, row).items()}
    pair = f"{seller.name} to {buyer.name}, {'credit note' if isinstance(row, CreditNote) else 'invoice'}"
    yield from ((pair, f"{each.format} lacks {gap}") for each in offered for gap in each.missing)
    for kind, content in files.items():
        for finding in verdict(kind, content, seller, buyer, credit=isinstance(row, CreditNote)):
            yield f"{pair}, {kind}", finding


def verdict(kind: str, content: bytes, seller: Merchant, buyer: Client, *, credit: bool) -> list[str]:
    """The findings of every judge of this kind of file."""
    found = judges.violations(content, kind)
    if kind == "factur_x":
        found += oracles.complaints(content, oracles.FACTUR_X)
        french = seller.country == buyer.country == "FR" and buyer.tax_id
        return found + (oracles.complaints(content, oracles.FRENCH) if french else [])
    found += oracles.complaints(content, oracles.CREDIT_NOTE if credit else oracles.INVOICE)
    if kind == "xrechnung":
        return found + oracles.complaints(content, oracles.XRECHNUNG_CREDIT_NOTE if credit else oracles.XRECHNUNG)
    return found + national_rules.broken_rules(content)


def sell(make: Factories, seller: Merchant) -> None:
    """The account becomes this seller."""
    with make.database.writing(make.scope) as db:
        for row in tax_ids.list_for_account(db, None):
            db.delete(row)
        db.flush()
        type, value = seller.tax_id
        tax_ids.create(db, parse_command(tax_ids.CreateTaxId, {"type": type, "value": value}), now=NOON)
        city, postal_code = seller.place
        address = {"line1": "Main Street 12", "city": city, "postal_code": postal_code, "country": seller.country}
        formats = FORMATS
        terms = {"contact": "Greta Sommer", "untaxed": seller.untaxed, "formats": formats}
        terms |= {"register_number": seller.register_number, "endpoint": seller.endpoint}
        bank = {"iban": "DE89370400440532013000", "bic": "COBADEFFXXX", "holder": "Northern Light"}
        sent = {
            "country": seller.country,
            "company": {"name": "Northern Light", "address": address},
            "business_profile": {"support_email": "billing@light.example", "support_phone": "+49 30 1234567"},
            "settings": {"invoices": {"bank_transfer": bank, "e_invoices": terms}},
        }
        account = accounts.find_account(db, scope_of(db).account_id)
        account_updates.update_account(db, account, parse_command(UpdateAccount, sent))


def bill(make: Factories, seller: Merchant, buyer: Client) -> Invoice:
    """A finalized invoice of two lines: taxed at home and to consumers, by reverse charge within the Union."""
    reverse = bool(buyer.tax_id) and buyer.country != seller.country and {buyer.country, seller.country} <= UNION
    taxed = seller.rate and (reverse or buyer.country in {seller.country, *UNION})
    rates = [make.tax_rate(percentage=seller.rate, country=seller.country).id] if taxed else []
    with make.database.writing(make.scope) as db:
        customer = customers.create(db, parse_command(CreateCustomer, customer_params(buyer, reverse)), now=NOON)
        if buyer.tax_id:
            type, value = buyer.tax_id
            sent = {"customer": customer.id, "type": type, "value": value}
            tax_ids.create(db, parse_command(tax_ids.CreateTaxId, sent), now=NOON)
        return bill_lines(db, customer.id, seller.currency, rates)


def customer_params(buyer: Client, reverse: bool) -> dict[str, Any]:
    city, postal_code = buyer.place
    metadata = {"buyer_reference": "04011000-12345-03", "purchase_order": "PO-117"}
    named = {"endpoint": buyer.endpoint, "register_number": buyer.register_number}
    return {
        "name": f"Buyer {buyer.name}",
        "email": "accounts@buyer.example",
        "address": {"line1": "Side Street 3", "city": city, "postal_code": postal_code, "country": buyer.country},
        "tax_exempt": "reverse" if reverse else "none",
        "metadata": metadata | {key: value for key, value in named.items() if value},
    }


def bill_lines(db: Session, customer: str, currency: str, rates: list[str]) -> Invoice:
    draft = invoices.create(db, parse_command(CreateInvoice, {"customer": customer, "currency": currency}), now=NOON)
    shared = {"customer": customer, "invoice": draft.id, "currency": currency, "tax_rates": rates}
    for item in (
        {"description": "Consulting", "amount": 100_000},
        {"description": "Plan", "quantity": 3, "unit_amount": 850, "period": {"start": NOON, "end": NOON + 2_592_000}},
    ):
        invoiceitems.create(db, parse_command(CreateInvoiceItem, shared | item), now=NOON)
    return finalization.finalize(db, draft, parse_command(FinalizeInvoice, {}), now=NOON)


def credit(make: Factories, invoice: Invoice) -> CreditNote:
    """A credit note over a tenth of the first line."""
    with make.database.writing(make.scope) as db:
        line = totals.list_lines(db, invoice.id)[0]
        taken = {"type": "invoice_line_item", "invoice_line_item": line.id, "amount": 1000}
        command = parse_command(CreateCreditNote, {"invoice": invoice.id, "lines": [taken]})
        return credit_notes.create(db, command, now=NOON)


#: What is done to a good file, and the rule that has to notice it.
FAULTS = (
    (
        "factur_x",
        "FR",
        b"<ram:SubjectCode>PMT</ram:SubjectCode>",
        b"<ram:SubjectCode>AAI</ram:SubjectCode>",
        "BR-FR-05",
    ),
    ("factur_x", "FR", b"<ram:ID>S1</ram:ID>", b"<ram:ID>X1</ram:ID>", "BR-FR-08"),
    ("factur_x", "FR", b'schemeID="0002"', b'schemeID="0009"', "BR-FR-10"),
    ("factur_x", "FR", b'schemeID="9957"', b'schemeID="9999"', "BR-CL-25"),
    ("xrechnung", "DE", b"<cbc:Telephone>+49 30 1234567</cbc:Telephone>", b"", "BR-DE-6"),
    ("xrechnung", "DE", b"<cbc:CityName>Leipzig</cbc:CityName>", b"", "BR-DE-8"),
    ("peppol", "DE", b"<cbc:CityName>Leipzig</cbc:CityName>", b"", "DE-R-008"),
    ("peppol", "NL", b' schemeID="0106"', b"", "NL-R-003"),
    ("peppol", "NL", b">58<", b">1<", "NL-R-008"),
    ("peppol", "DK", b">31<", b">30<", "DK-R-005"),
    ("peppol", "DK", b' schemeID="0184"', b' schemeID="0002"', "DK-R-014"),
    ("peppol", "NO", b"Foretaksregisteret", b"Merverdiavgift", "NO-R-002"),
    ("peppol", "SE", b">5560360793<", b">556036-0793<", "SE-R-004"),
)


@pytest.mark.parametrize(("kind", "country", "good", "bad", "rule"), FAULTS)
def test_judges_notice_faults(make: Factories, kind: str, country: str, good: bytes, bad: bytes, rule: str) -> None:
    seller = next(each for each in SELLERS if each.country == country)
    buyer = next(each for each in BUYERS if each.country == country)
    sell(make, seller)
    content = file_of(make, bill(make, seller, buyer), kind)
    assert verdict(kind, content, seller, buyer, credit=False) == []
    assert good in content
    found = verdict(kind, content.replace(good, bad), seller, buyer, credit=False)
    assert any(each.startswith(rule) for each in found), found


def file_of(make: Factories, row: Invoice | CreditNote, kind: str) -> bytes:
    with make.database.reading(make.scope) as db:
        return offers.write_files(db, row)[kind].encode()


@pytest.mark.parametrize("seller", SELLERS[:4], ids=lambda seller: seller.name)
def test_another_program_reads_what_was_written(make: Factories, seller: Merchant) -> None:
    sell(make, seller)
    invoice = bill(make, seller, BUYERS[0])
    read = judges.read_by_drafthorse(file_of(make, invoice, "factur_x"))
    assert str(read.header.id) == invoice.number
    assert str(read.trade.agreement.seller.name) == "Northern Light"
    means = read.trade.settlement.payment_means.children[0]
    assert str(means.payee_account.iban) == "DE89370400440532013000"
    due = read.trade.settlement.monetary_summation.due_amount._value
    assert due == Decimal(invoice.amount_remaining) / 100


@pytest.mark.parametrize(
    ("country", "changes", "gaps"),
    [
        ("NL", {"register_number": "HRB 12345 B"}, ["seller.register_number"]),
        ("NL", {"register_number": ""}, []),
        ("DK", {"tax_id": ("eu_vat", "ATU13585627")}, ["seller.register_number"]),
        ("SE", {"register_number": "12345"}, ["seller.register_number"]),
        ("IT", {"country": "GR", "tax_id": ("eu_vat", "EL094259216")}, ["seller.not_greek"]),
    ],
)
def test_what_countries_want_on_peppol_is_named(
    make: Factories, country: str, changes: dict[str, Any], gaps: list[str]
) -> None:
    seller = replace(next(each for each in SELLERS if each.country == country), **changes)
    sell(make, seller)
    invoice = bill(make, seller, BUYERS[9])
    with make.database.reading(make.scope) as db:
        offered = {each.format: list(each.missing) for each in offers.list_offers(*build.describe(db, invoice))}
    assert offered == {"factur_x": [], "peppol": gaps, "xrechnung": []}


def test_a_dutch_bill_says_how_to_pay(make: Factories) -> None:
    seller = next(each for each in SELLERS if each.country == "NL")
    sell(make, seller)
    with make.database.writing(make.scope) as db:
        cleared = parse_command(UpdateAccount, {"settings": {"invoices": {"bank_transfer": ""}}})
        account_updates.update_account(db, accounts.find_account(db, scope_of(db).account_id), cleared)
    rows = billed_and_credited(make, seller, next(each for each in BUYERS if each.country == "NL"))
    with make.database.reading(make.scope) as db:
        missing = [offers.list_offers(*build.describe(db, row))[1].missing for row in rows]
    assert missing == [("seller.bank_transfer",), ()]


@pytest.mark.parametrize(
    ("register_number", "tax_id", "gaps"),
    [("303265045", ("eu_vat", "FR40303265045"), []), ("", ("eu_vat", "ATU13585627"), ["seller.register_number"])],
)
def test_french_businesses_need_a_siren_among_themselves(
    make: Factories, register_number: str, tax_id: tuple[str, str], gaps: list[str]
) -> None:
    seller = replace(SELLERS[3], register_number=register_number, tax_id=tax_id)
    sell(make, seller)
    found = []
    for buyer in BUYERS[3], BUYERS[0]:
        invoice = bill(make, seller, buyer)
        with make.database.reading(make.scope) as db:
            found.append(list(offers.list_offers(*build.describe(db, invoice))[0].missing))
    assert found == [gaps, []]


@pytest.mark.parametrize(
    ("changes", "gaps"),
    [({"rate": "19"}, ["lines.french_tax_rates"]), ({"rate": "8.5"}, []), ({"currency": "usd"}, ["tax_exchange_rate"])],
)
def test_french_businesses_need_rates_and_sums_of_france(
    make: Factories, changes: dict[str, Any], gaps: list[str]
) -> None:
    """BR-FR-16 and BR-FR-CO-12; elsewhere such bills are fine."""
    seller = replace(SELLERS[3], **changes)
    sell(make, seller)
    found = []
    for buyer in BUYERS[3], BUYERS[0]:
        invoice = bill(make, seller, buyer)
        with make.database.reading(make.scope) as db:
            found.append(list(offers.list_offers(*build.describe(db, invoice))[0].missing))
    assert found == [gaps, []]


def test_a_seller_with_a_tax_number_alone_is_identified_by_it(make: Factories) -> None:
    """BR-CO-26: a tax number (BT-32) does not identify a seller, so it stands as identifier (BT-29) too."""
    seller = replace(SELLERS[1], tax_id=("de_stn", "1121081508150"), endpoint="EM:bills@light.example")
    sell(make, seller)
    consumer = replace(BUYERS[0], tax_id=None, endpoint="0204:leipzig-1")
    invoice = bill(make, seller, consumer)
    assert [each for each in findings(make, seller, consumer, invoice) if "peppol lacks" not in each[1]] == []
    content = file_of(make, invoice, "factur_x").decode()
    assert re.search(r"<ram:SellerTradeParty>\s*<ram:ID>1121081508150</ram:ID>", content), content


@pytest.mark.parametrize("address", [{"country": "DE"}, {"country": "DE", "city": "Kiel", "postal_code": "24103"}])
def test_a_place_of_delivery_is_whole_for_xrechnung(make: Factories, address: dict[str, str]) -> None:
    """BR-DE-10 and BR-DE-11; the standard alone takes a country."""
    sell(make, SELLERS[0])
    customer, rate = {"name": "Store", "address": address}, make.tax_rate(percentage="19").id
    with make.database.writing(make.scope) as db:
        sent = customer_params(BUYERS[0], reverse=False) | {"shipping": customer}
        row = customers.create(db, parse_command(CreateCustomer, sent), now=NOON)
        type, value = ("eu_vat", "DE129273398")
        named = {"customer": row.id, "type": type, "value": value}
        tax_ids.create(db, parse_command(tax_ids.CreateTaxId, named), now=NOON)
        invoice = bill_lines(db, row.id, "eur", [rate])
    with make.database.reading(make.scope) as db:
        offered = {each.format: list(each.missing) for each in offers.list_offers(*build.describe(db, invoice))}
    gaps = [] if "city" in address else ["delivery.address.city", "delivery.address.postal_code"]
    assert offered == {"factur_x": [], "peppol": gaps, "xrechnung": gaps}


def test_no_element_is_empty(make: Factories) -> None:
    """Factur-X warns of empty ones, and will refuse them."""
    sell(make, SELLERS[0])
    root = etree.fromstring(file_of(make, bill(make, SELLERS[0], BUYERS[0]), "factur_x"))
    assert [each.tag for each in root.iter() if len(each) == 0 and not (each.text or "").strip()] == []


COLLECTING = tuple(each for each in SELLERS if each.currency == "eur")


@pytest.mark.parametrize("seller", COLLECTING, ids=lambda seller: seller.name)
def test_no_judge_has_anything_against_a_collected_invoice(app: Flask, make: Factories, seller: Merchant) -> None:
    """BG-19 instead of BG-17: the mandate, the creditor and the masked account, in every kind of file."""
    sell(make, seller)
    home = [buyer for buyer in BUYERS if buyer.country == seller.country]
    for buyer in (*home, BUYERS[0], BUYERS[3]):
        invoice = collected(app, make, bill(make, seller, buyer))
        assert list(findings(make, seller, buyer, invoice)) == []
        for kind in FORMATS:
            content = file_of(make, invoice, kind).decode()
            assert re.search(r"(PaymentMeansCode>|PaymentMeans>\s*<ram:TypeCode>)59<", content), kind
            for said in (invoice.debit["mandate"], "DE98ZZZ09999999999", "DE****3000", "We collect €"):
                assert said in content, (kind, said)
            assert "DE89370400440532013000" not in content, kind


@pytest.mark.parametrize("seller", COLLECTING, ids=lambda seller: seller.name)
def test_no_judge_has_anything_against_instalments(make: Factories, seller: Merchant) -> None:
    """BT-9 is the first date, BT-20 tells of all of them, in every kind of file."""
    sell(make, seller)
    home = [buyer for buyer in BUYERS if buyer.country == seller.country]
    for buyer in (*home, BUYERS[0], BUYERS[3]):
        invoice = in_instalments(make, bill(make, seller, buyer))
        assert list(findings(make, seller, buyer, invoice)) == []
        for kind in FORMATS:
            content = file_of(make, invoice, kind).decode()
            assert content.count("#1 of the offer") == 1, kind
            assert re.search(r"(DueDate>|format=\"102\">)(2026-12-11|20261211)<", content), kind


def in_instalments(make: Factories, invoice: Invoice) -> Invoice:
    """The same bill once more, to be paid in two parts."""
    with make.database.writing(make.scope) as db:
        row = db.get_one(Invoice, (invoice.tenant_id, invoice.id))
        first = row.total // 3
        part = {"days_until_due": None, "fell_due": False, "paid_at": None}
        row.amounts_due = [
            {**part, "amount": first, "description": "#1 of the offer", "due_date": NOON + 20 * clock.DAY},
            {**part, "amount": row.total - first, "description": "Rest", "due_date": NOON + 50 * clock.DAY},
        ]
        statuses.settle_parts(row, None, now=NOON)
    return row


def collected(app: Flask, make: Factories, invoice: Invoice) -> Invoice:
    """An invoice that is collected by a mandate from now on."""
    debits.begin_collecting(make)
    with make.database.reading(make.scope) as db:
        customer = db.get_one(Customer, (invoice.tenant_id, invoice.customer_id))
    debits.sign(make, app.extensions["portal"].seal, customer, now=NOON)
    return make.run(payments.pay, PayInvoice, invoice, now=NOON)


def test_judges_notice_a_debit_without_its_account(app: Flask, make: Factories) -> None:
    sell(make, SELLERS[0])
    content = file_of(make, collected(app, make, bill(make, SELLERS[0], BUYERS[0])), "xrechnung")
    bad = re.sub(rb"<cac:PayerFinancialAccount>.*?</cac:PayerFinancialAccount>", b"", content, flags=re.DOTALL)
    found = verdict("xrechnung", bad, SELLERS[0], BUYERS[0], credit=False)
    assert any(each.startswith("BR-DE-31") for each in found), found
