"""Invoices and credit notes of every kind there is, made by the use cases: countries, taxes, currencies, scripts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

from sqlalchemy.orm import Session

from portal.billing.accounts import account_updates, accounts
from portal.billing.accounts.account_updates import UpdateAccount
from portal.billing.credit_notes import credit_notes
from portal.billing.credit_notes.params import CreateCreditNote
from portal.billing.customers import customers
from portal.billing.customers.params import CreateCustomer
from portal.billing.invoices import finalization, invoiceitems, invoices
from portal.billing.invoices.item_params import CreateInvoiceItem
from portal.billing.invoices.params import CreateInvoice, FinalizeInvoice
from portal.billing.ledger import balances, tax_ids, totals
from portal.db import scope_of
from portal.models import CreditNote, Customer, Invoice
from portal.wire.commands import parse_command
from tests.conftest import NOON
from tests.factories import Factories

#: Country, city, postal code, VAT identifier, and a name in the country's script.
BUYERS = (
    ("DE", "Leipzig", "04109", "DE136695976", "Bäckerei Müller & Söhne OHG"),
    ("FR", "Paris", "75006", "FR40303265045", "Société Générale d'Exemples SA"),
    ("GR", "Αθήνα", "10431", "EL094259216", "Ελληνικά Παραδείγματα ΑΕ"),
    ("BG", "София", "1000", "BG175074752", "Примери ООД"),
    ("GB", "London", "SW1Y 4LB", "GB980780684", "Ada <Lovelace> & Co"),
    ("JP", "東京", "100-0001", None, "株式会社サンプル"),
    ("AE", "دبي", "00000", None, "مؤسسة الأمل"),
    ("TH", "กรุงเทพ", "10110", None, "บริษัทตัวอย่าง"),
    ("IN", "मुंबई", "400001", None, "उदाहरण लिमिटेड"),
    ("US", "Springfield", "62701", None, "Example, Inc."),
)
SELLERS = (
    ("DE", "Berlin", "10119", "DE136695976"),
    ("FR", "Lyon", "69001", "FR40303265045"),
    ("NL", "Utrecht", "3511", "NL123456782B90"),
)
CURRENCIES = ("eur", "eur", "eur", "sek", "usd", "jpy", "gbp")
CASES = (
    "standard",
    "mixed",
    "inclusive",
    "reverse",
    "goods",
    "customer_exempt",
    "exempt",
    "export",
    "zero_rated",
    "not_subject",
    "small_business",
)
_UNTAXED = {"exempt", "export", "zero_rated", "not_subject", "small_business"}
NAMES = ("Gold plan", "Beratung & <Konzept>", "التدريب", "コンサルティング", "Обучение " * 12, "Storage, per 100 GB")


@dataclass(frozen=True)
class Example:
    """A document, and of a credit note what it corrects."""

    case: str
    row: Invoice | CreditNote
    original: Invoice | None = None


def examples(make: Factories, count: int, seed: int = 16931) -> Iterator[Example]:
    """`count` finalized invoices and a credit note for every third; the same ones for the same seed."""
    chance = Random(seed)
    standard, reduced, inclusive = (
        make.tax_rate(percentage=percentage, inclusive=within).id
        for percentage, within in (("19", False), ("5.5", False), ("19", True))
    )
    rates = {"standard": [standard], "mixed": [standard, reduced], "inclusive": [inclusive]}
    coupon = make.coupon().id
    for number in range(count):
        case = CASES[number % len(CASES)]
        with make.database.writing(make.scope) as db:
            _sell(db, chance.choice(SELLERS), case)
            customer = _buyer(db, chance, case)
            invoice = _invoice(db, chance, customer, rates.get(case, rates["standard"]), case, coupon)
        yield Example(case, invoice)
        note = _credited(make, invoice) if number % 3 == 0 else None
        if note:
            yield Example(case, note, invoice)


def _sell(db: Session, seller: tuple[str, str, str, str], case: str) -> None:
    country, city, postal_code, vat_id = seller
    for row in tax_ids.list_for_account(db, None):
        db.delete(row)
    db.flush()
    tax_ids.create(db, parse_command(tax_ids.CreateTaxId, {"type": "eu_vat", "value": vat_id}), now=NOON)
    address = {"line1": "Torstraße 12", "city": city, "postal_code": postal_code, "country": country}
    e_invoices = {
        "formats": ("factur_x", "peppol", "xrechnung"),
        "contact": "Greta Sommer",
        "register_number": "12345678" if country == "NL" else "HRB 12345 B",
        "untaxed": case if case in _UNTAXED else "",
        "reverse_charge": "goods" if case == "goods" else "services",
    }
    bank = {"iban": "DE89370400440532013000", "bic": "COBADEFFXXX", "holder": "Nordlicht Software GmbH"}
    command = {
        "country": country,
        "company": {"name": "Nordlicht Software GmbH", "address": address},
        "business_profile": {"support_email": "billing@nordlicht.example", "support_phone": "+49 30 1234567"},
        "settings": {"invoices": {"bank_transfer": bank, "e_invoices": e_invoices}},
    }
    account_updates.update_account(
        db, accounts.find_account(db, scope_of(db).account_id), parse_command(UpdateAccount, command)
    )


def _buyer(db: Session, chance: Random, case: str) -> Customer:
    reversed_ = case in {"reverse", "goods"}
    country, city, postal_code, vat_id, name = chance.choice(BUYERS[:5] if reversed_ else BUYERS)
    exempt = "reverse" if reversed_ else "exempt" if case == "customer_exempt" else "none"
    sent: dict[str, Any] = {
        "name": name,
        "email": "accounts@buyer.example",
        "address": {
            "line1": f"{chance.randint(1, 99)} Main St",
            "city": city,
            "postal_code": postal_code,
            "country": country,
        },
        "tax_exempt": exempt,
        "preferred_locales": [chance.choice(("de", "fr", "en", "ja", "ar", "bg"))],
        "metadata": {"buyer_reference": "04011000-12345-03", "purchase_order": "PO-117"}
        | ({} if vat_id else {"endpoint": "0060:123456789"}),
    }
    customer = customers.create(db, parse_command(CreateCustomer, sent), now=NOON)
    if vat_id:
        kind = "gb_vat" if country == "GB" else "eu_vat"
        command = {"customer": customer.id, "type": kind, "value": vat_id}
        tax_ids.create(db, parse_command(tax_ids.CreateTaxId, command), now=NOON)
    return customer


def _invoice(db: Session, chance: Random, customer: Customer, rates: list[str], case: str, coupon: str) -> Invoice:
    currency = chance.choice(CURRENCIES)
    sent: dict[str, Any] = {"customer": customer.id, "currency": currency, "description": "Thank you & <until> soon."}
    if chance.random() < 0.3:
        sent |= {"discounts": [{"coupon": coupon}]}
    if currency == "eur" and chance.random() < 0.3:
        cost: dict[str, Any] = {"display_name": "Ground", "type": "fixed_amount"}
        cost |= {"fixed_amount": {"amount": 500, "currency": "eur"}}
        sent |= {"shipping_cost": {"shipping_rate_data": cost}}
    invoice = invoices.create(db, parse_command(CreateInvoice, sent), now=NOON)
    for number in range(chance.choice((1, 2, 3, 8, 40))):
        item = _item(chance, case, rates, number) | {"customer": customer.id, "currency": currency}
        command = parse_command(CreateInvoiceItem, item | {"invoice": invoice.id})
        invoiceitems.create(db, command, now=NOON)
    if chance.random() < 0.3:
        sums = {"amount": -chance.randint(1, 5000), "currency": currency}
        balances.create(db, customer, parse_command(balances.CreateTransaction, sums), now=NOON)
    return finalization.finalize(db, invoice, parse_command(FinalizeInvoice, {}), now=NOON)


def _item(chance: Random, case: str, rates: list[str], number: int) -> dict[str, Any]:
    """A charge by amount, by price per unit (also a very fine one), or a credit for unused time."""
    taxed = case not in _UNTAXED
    sent: dict[str, Any] = {"description": chance.choice(NAMES)[:500]}
    sent |= {"tax_rates": [rates[number % len(rates)]]} if taxed else {}
    kind = chance.random()
    if kind < 0.4:
        return sent | {"amount": chance.randint(100, 500_000)}
    if kind < 0.5 and number:
        return sent | {"amount": -chance.randint(1, 900)}
    if kind < 0.6:
        return sent | {"quantity": chance.randint(1, 100_000), "unit_amount_decimal": "0.0125"}
    period = {"start": NOON, "end": NOON + chance.randint(1, 365) * 86400}
    return sent | {"quantity": chance.randint(1, 20), "unit_amount": chance.randint(1, 99_999), "period": period}


def _credited(make: Factories, invoice: Invoice) -> CreditNote | None:
    """Half of the smallest line, where that lowers what is still to be paid."""
    with make.database.writing(make.scope) as db:
        lines = [line for line in totals.list_lines(db, invoice.id) if line.amount > 10]
        line = min(lines, key=lambda each: each.amount)
        if 2 * line.amount > invoice.amount_remaining:
            return None
        taken = {"type": "invoice_line_item", "invoice_line_item": line.id, "amount": line.amount // 2}
        command = parse_command(CreateCreditNote, {"invoice": invoice.id, "lines": [taken]})
        return credit_notes.create(db, command, now=NOON)
