"""Completes imported records from other objects: prices of lines, coupons of discounts, parties of documents.

What can only be judged with those is refused here. Each look reads all that a batch needs at once.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.billing.ledger import parties
from portal.db import rows_by_id, scope_of
from portal.models import Coupon, Customer, Invoice, Price, SubscriptionSchedule, TaxId, TaxRate
from portal.objects.catalogue import frozen_price, frozen_tax_rate
from portal.objects.discounts import frozen_coupon
from portal.objects.kinds import group_by
from portal.transfer.records import Row, TransferRecord
from portal.transfer.subscriptions import refuse_mixed_prices
from portal.transfer.tables import RefusedObject

Records = Sequence[TransferRecord]


def complete_records(db: Session, found: Records) -> list[TransferRecord]:
    """The records, completed with values that are stored on other rows. Raises `RefusedObject`."""
    by_type: dict[str, list[TransferRecord]] = {}
    for each in found:
        by_type.setdefault(each.type, []).append(each)
    _fill_prices(db, [*by_type.get("invoice", []), *by_type.get("quote", [])])
    _fill_rates(db, by_type.get("invoice", []))
    _fill_coupons(db, list(_rows_with_coupons(by_type)))
    _check_prices(db, list(_sold_prices(by_type)))
    _check_schedules(db, by_type)
    _judge_by_customers(db, [each for type in _BILLED_TYPES for each in by_type.get(type, [])])
    _fill_buyers(db, by_type.get("quote", []))
    return _with_parties(db, found)


def _fill_prices(db: Session, found: Records) -> None:
    """Set the whole price on lines; the newer wire gives only its id."""
    lines = [line for each in found for line in each.parts if line.get("price_id") and not _has_whole_price(each, line)]
    prices = rows_by_id(db, Price, sorted({line["price_id"] for line in lines}))
    for line in lines:
        if line["price_id"] in prices:
            line["price"] = frozen_price(prices[line["price_id"]], scope_of(db).livemode)


def _has_whole_price(record: TransferRecord, line: Mapping[str, Any]) -> bool:
    """Whether a line has a copy of its price already; a quote that can be accepted takes the one that is stored."""
    price = line.get("price")
    if record.type == "quote" and record.brings_bills:
        return False
    return bool(price and (price["plan"] or not price["price"].get("recurring")))


def _fill_rates(db: Session, invoices: Records) -> None:
    """Set the tax rates of lines whose taxes only name them, as in the newer wire; a draft is taxed anew by them."""
    lines = [
        line for each in invoices if each.is_plain for line in each.parts if line["taxes"] and not line["tax_rates"]
    ]
    ids = {tax["tax_rate"] for line in lines for tax in line["taxes"] if tax["tax_rate"]}
    rates = {
        id: frozen_tax_rate(row, scope_of(db).livemode) for id, row in rows_by_id(db, TaxRate, sorted(ids)).items()
    }
    for line in lines:
        line["tax_rates"] = [rates[tax["tax_rate"]] for tax in line["taxes"] if tax["tax_rate"] in rates]


def _rows_with_coupons(by_type: Mapping[str, Records]) -> Iterator[Row]:
    """Rows and parts of rows that keep a copy of a coupon."""
    for type in ("discount", "promotion_code"):
        yield from (each.row for each in by_type.get(type, []))
    for quote in by_type.get("quote", []):
        yield from (offered for row in (quote.row, *quote.parts) for offered in row["discounts"])


def _fill_coupons(db: Session, rows: Sequence[Row]) -> None:
    """Copy the coupons of which only the id was there, and the products of those that didn't say for which they are."""
    wanted = [row for row in rows if "applies_to" not in (row["coupon"] or {})]
    ids = {id: row.get("coupon_id") or row["coupon"]["id"] for id, row in enumerate(wanted)}
    stored = rows_by_id(db, Coupon, sorted(set(ids.values())))
    for at, row in enumerate(wanted):
        coupon = stored.get(ids[at])
        whole = frozen_coupon(coupon, scope_of(db).livemode) if coupon else {"applies_to": None}
        row["coupon"] = {**whole, **(row["coupon"] or {})}
        if "source" in row:  # what a quote offers has no column for it
            row.pop("coupon_id", None)


def _sold_prices(by_type: Mapping[str, Records]) -> Iterator[tuple[str, Any, list[str]]]:
    """(id of the object, currency, ids of prices) of what is billed together."""
    for each in by_type.get("subscription", []):
        if each.brings_bills:
            yield each.id, each.row["currency"], [part["price_id"] for part in each.parts]
    for each in by_type.get("subscription_schedule", []):
        for phase in each.row["phases"][each.row.get("phase") or 0 :] if each.brings_bills else []:
            yield each.id, phase["currency"], [item["price"] for item in phase["items"]]


def _check_prices(db: Session, sold: Sequence[tuple[str, Any, list[str]]]) -> None:
    """Raises `RefusedObject` for prices in another currency than what is billed, or of different intervals."""
    prices = rows_by_id(db, Price, sorted({id for _, _, ids in sold for id in ids}))
    for owner, currency, ids in sold:
        # in a dry run not every price was kept
        known = [prices[id] for id in ids if id in prices]
        try:
            refuse_mixed_prices(currency, [(row.id, row.currency, row.interval, row.interval_count) for row in known])
        except RefusedObject as error:
            raise RefusedObject(str(error), owner) from None


def _check_schedules(db: Session, by_type: Mapping[str, Records]) -> None:
    """Raises `RefusedObject` for a subscription that names the schedule of another one, which would change it never."""
    naming = [each for each in by_type.get("subscription", []) if each.brings_bills and each.row.get("schedule_id")]
    here = {each.id: each.row["subscription_id"] for each in by_type.get("subscription_schedule", [])}
    stored = rows_by_id(db, SubscriptionSchedule, sorted({each.row["schedule_id"] for each in naming} - set(here)))
    owners = here | {id: row.subscription_id for id, row in stored.items()}
    for each in naming:
        schedule = each.row["schedule_id"]
        # in a dry run not every schedule was kept
        if owners.get(schedule, each.id) != each.id:
            raise RefusedObject(
                f"schedule: '{schedule}' is not of this subscription, but of '{owners[schedule]}'", each.id
            )


#: What leads to bills, or waits to stand on one.
_BILLED_TYPES = ("subscription", "invoice", "invoiceitem")


def _judge_by_customers(db: Session, found: Records) -> None:
    """Judge what brings bills by its customers. Raises `RefusedObject` for another currency than the customer's."""
    bringing = [each for each in found if each.brings_bills and each.is_plain]
    customers = rows_by_id(db, Customer, sorted({each.row["customer_id"] for each in bringing}))
    for each in bringing:
        if customer := customers.get(each.row["customer_id"]):
            _refuse_other_currency(each.row, customer)
            if each.type == "subscription":
                _bill_paid_trial(each.row, customer)


def _refuse_other_currency(row: Row, customer: Customer) -> None:
    """A customer is billed in one currency: a bill in another one could never be finalized."""
    if customer.currency not in {None, row["currency"]}:
        raise RefusedObject(
            f"currency: it is billed in {row['currency']}, and its customer in {customer.currency}", row["id"]
        )


def _bill_paid_trial(row: Row, customer: Customer) -> None:
    """Have a trial end with a bill where the customer has a payment method in the other system."""
    ends_early = row["status"] == "trialing" and row.get("trial_ends_in") in {"cancel", "pause"}
    if ends_early and customer.invoice_settings.get("default_payment_method"):
        row["trial_ends_in"] = "create_invoice"


def _fill_buyers(db: Session, quotes: Records) -> None:
    """Set the buyers of quotes that were finalized: the customers as they are in the file."""
    rows = [each.row for each in quotes if each.row["seller"] and not each.row.get("buyer")]
    ids = sorted({row["customer_id"] for row in rows if row.get("customer_id")})
    customers = rows_by_id(db, Customer, ids)
    own = select(TaxId).where(TaxId.customer_id.in_(ids)).order_by(TaxId.created, TaxId.id)
    tax_ids = group_by(db.scalars(own), "customer_id") if ids else {}
    for row in rows:
        customer = customers.get(row.get("customer_id") or "")
        row["buyer"] = parties.describe_buyer(db, customer, tax_ids.get(customer.id, [])) if customer else {}


def _with_parties(db: Session, found: Records) -> list[TransferRecord]:
    """Set each credit note's seller and buyer from its invoice, which may be in the same batch."""
    notes = [each for each in found if each.type == "credit_note" and not each.row.get("buyer")]
    if not notes:
        return list(found)
    known = {each.id: (each.row["seller"], each.row["buyer"]) for each in found if each.type == "invoice"}
    stored = rows_by_id(db, Invoice, sorted({each.row["invoice_id"] for each in notes} - set(known)))
    known |= {id: (row.seller, row.buyer) for id, row in stored.items()}
    ids = {each.id for each in notes}
    # in a dry run the invoice itself was not kept
    return [
        _replace_parties(each, *known.get(each.row["invoice_id"], ({}, {}))) if each.id in ids else each
        for each in found
    ]


def _replace_parties(note: TransferRecord, seller: object, buyer: object) -> TransferRecord:
    return replace(note, row={**note.row, "seller": seller, "buyer": buyer})
