"""What the values of each object are, beside what its columns say: tables of JSON schema by type and key.

Columns of numbers, words and flags, links and constants describe themselves (`answers`); what is computed or kept
as JSON is described here, in a module per noun.
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

TYPES: dict[str, dict[str, Schema]] = {
    **accounts.TYPES,
    **catalogue.TYPES,
    **credit_notes.TYPES,
    **customers.TYPES,
    **discounts.TYPES,
    **events.TYPES,
    **files.TYPES,
    **invoices.TYPES,
    **payments.TYPES,
    **portals.TYPES,
    **quotes.TYPES,
    **subscriptions.TYPES,
    **webhooks.TYPES,
}
#: Objects that have no table of their own: they stand inside of others, or are made of them.
PARTS: dict[str, Schema] = {**catalogue.PARTS, **customers.PARTS}

__all__ = ["PARTS", "TYPES"]
