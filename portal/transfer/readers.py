"""The table of readers: what turns an object of each type, in either generation of the wire, into columns of rows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from portal.objects import OBJECT_TYPES
from portal.transfer import catalogue, customers, invoices, payments, portals, subscriptions
from portal.transfer.origin import SellerDefaults

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
    """How a type is read: columns that have another form on the wire, the list of its parts, and links in lists."""

    columns: Callable[[Object, SellerDefaults], Columns] = lambda object, origin: {}
    #: key of the sublist whose objects are created and deleted with the object
    parts_key: str | None = None
    #: attribute that holds ids -> table; unknown ones are refused as unknown links are
    lists: Mapping[str, str] = field(default_factory=dict)
    #: keys of sublists whose objects are read as objects of their own
    unpacked: tuple[str, ...] = ()


READERS: dict[str, Reader] = {
    "billing.feedback_option": Reader(portals.feedback_option_columns),
    "billing_portal.configuration": Reader(portals.configuration_columns),
    "credit_note": Reader(invoices.credit_note_columns, "lines"),
    "credit_note_line_item": Reader(invoices.credit_note_line_columns),
    "customer": Reader(customers.customer_columns, unpacked=("tax_ids", "subscriptions")),
    "invoice": Reader(invoices.invoice_columns, "lines"),
    "invoice_payment": Reader(payments.invoice_payment_columns),
    "invoiceitem": Reader(invoices.invoice_item_columns, lists={"tax_rates": "tax_rates"}),
    "line_item": Reader(invoices.invoice_line_columns),
    "payment_record": Reader(payments.payment_record_columns),
    "price": Reader(catalogue.price_columns),
    "product": Reader(catalogue.product_columns),
    "subscription": Reader(subscriptions.subscription_columns, "items", lists={"default_tax_rates": "tax_rates"}),
    "subscription_item": Reader(subscriptions.subscription_item_columns, lists={"tax_rates": "tax_rates"}),
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
