"""The table of readers: what turns an object of each type, in either generation of the wire, into columns of rows."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from portal.objects import OBJECT_TYPES
from portal.transfer import (
    catalogue,
    customers,
    discounts,
    invoices,
    payments,
    portals,
    quotes,
    schedules,
    subscriptions,
)

Object = Mapping[str, Any]
Columns = dict[str, Any]


@dataclass(frozen=True)
class SublistSpec:
    """Rows that are created and deleted with an object: its sublist's key, their type, and their link to it.

    `positioned` says whether they have an order of their own.
    """

    key: str
    type: str
    parent: str
    positioned: bool


@dataclass(frozen=True)
class Reader:
    """How a type is read: its parts, what it refers to, and columns that have another form on the wire.

    These are made of the object and the account's `SellerDefaults`.
    """

    columns: Callable[[Object, Any], Columns] = lambda object, origin: {}
    #: key of the list whose objects are created and deleted with the object
    parts_key: str | None = None
    #: (row, whether it brings bills) -> by table and id, the objects that have to be there beside those of foreign keys
    links: Callable[[Object, bool], Iterable[tuple[str, str]]] = lambda row, brings_bills: ()
    #: keys of sublists whose objects are read as objects of their own
    unpacked: tuple[str, ...] = ()
    #: keys that the reference gives only where they are expanded, and without which the object is not whole
    required: tuple[str, ...] = ()
    #: keys that the reference gives only where they are expanded -> what is taken without them
    noted: Mapping[str, str] = field(default_factory=dict)
    #: (row, parts): what the parts tell of the object, and the object of them
    relate: Callable[[Columns, list[Columns]], None] = lambda row, parts: None


READERS: dict[str, Reader] = {
    "billing.feedback_option": Reader(portals.feedback_option_columns),
    "billing_portal.configuration": Reader(portals.configuration_columns),
    "contact": Reader(customers.contact_columns),
    "coupon": Reader(
        discounts.coupon_columns, noted={"applies_to": "taken as valid for every product, as applies_to is not there"}
    ),
    "credit_note": Reader(invoices.credit_note_columns, "lines"),
    "credit_note_line_item": Reader(invoices.credit_note_line_columns),
    "customer": Reader(customers.customer_columns, None, customers.customer_links, ("tax_ids", "subscriptions")),
    "discount": Reader(discounts.discount_columns, None, discounts.coupon_links),
    "invoice": Reader(invoices.invoice_columns, "lines", invoices.invoice_links),
    "invoice_payment": Reader(payments.invoice_payment_columns),
    "invoiceitem": Reader(invoices.invoice_item_columns, None, invoices.invoice_item_links),
    "item": Reader(quotes.quote_line_columns, None, quotes.quote_line_links),
    "line_item": Reader(invoices.invoice_line_columns, None, invoices.invoice_line_links),
    "payment_record": Reader(payments.payment_record_columns),
    "price": Reader(catalogue.price_columns),
    "product": Reader(catalogue.product_columns),
    "promotion_code": Reader(discounts.promotion_code_columns, None, discounts.coupon_links),
    "quote": Reader(
        quotes.quote_columns, "line_items", quotes.quote_links, required=("line_items",), relate=quotes.set_upfront
    ),
    "shipping_rate": Reader(catalogue.shipping_rate_columns),
    "subscription": Reader(subscriptions.subscription_columns, "items", subscriptions.subscription_links),
    "subscription_item": Reader(subscriptions.subscription_item_columns, None, subscriptions.item_links),
    "subscription_schedule": Reader(schedules.schedule_columns, None, schedules.schedule_links),
    "tax_id": Reader(customers.tax_id_columns),
    "tax_rate": Reader(catalogue.tax_rate_columns),
}


def reader_for(type: str) -> Reader:
    """The reader of a type; most types give every column under its own name."""
    return READERS.get(type, _PLAIN_READER)


_PLAIN_READER = Reader()


@cache
def parts_of(type: str) -> SublistSpec | None:
    """The parts that are read with an object of a type; None where it has none, or they are objects of their own."""
    key = reader_for(type).parts_key
    if key is None:
        return None
    kinds = OBJECT_TYPES.values()
    part, parent = next((each, each.part_of[1]) for each in kinds if each.part_of and each.part_of[0] == type)
    return SublistSpec(key, part.shape.type, parent, positioned=hasattr(part.model, "position"))
