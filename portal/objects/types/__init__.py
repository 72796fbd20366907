"""Hand-written JSON schemas of object values, by type and key, in one module per noun.

Numbers, strings, flags, links and constants get their schema from their columns (`json_schemas`); values that are
computed or stored as JSON are described here.
"""

from portal.objects.types import (
    accounts,
    catalogue,
    credit_notes,
    customers,
    discounts,
    events,
    files,
    invoices,
    payments,
    portals,
    quotes,
    subscriptions,
    webhooks,
)
from portal.wire.schemas import Schema

VALUE_SCHEMAS: dict[str, dict[str, Schema]] = {
    **accounts.VALUE_SCHEMAS,
    **catalogue.VALUE_SCHEMAS,
    **credit_notes.VALUE_SCHEMAS,
    **customers.VALUE_SCHEMAS,
    **discounts.VALUE_SCHEMAS,
    **events.VALUE_SCHEMAS,
    **files.VALUE_SCHEMAS,
    **invoices.VALUE_SCHEMAS,
    **payments.VALUE_SCHEMAS,
    **portals.VALUE_SCHEMAS,
    **quotes.VALUE_SCHEMAS,
    **subscriptions.VALUE_SCHEMAS,
    **webhooks.VALUE_SCHEMAS,
}
#: Objects that have no table of their own: they stand inside of others, or are made of them.
PART_SCHEMAS: dict[str, Schema] = {**catalogue.PART_SCHEMAS, **customers.PART_SCHEMAS}

__all__ = ["PART_SCHEMAS", "VALUE_SCHEMAS"]
