"""What each resource looks like on the wire; importing this package makes every kind known."""

from portal.objects import (
    accounts,
    catalogue,
    credit_notes,
    customers,
    discounts,
    events,
    invoiceitems,
    invoices,
    kept,
    portals,
    quotes,
    schedules,
    subscriptions,
    test_clocks,
)
from portal.objects.kinds import KINDS, Kind, deleted, expanded, one, render, selected

__all__ = [
    "KINDS",
    "Kind",
    "accounts",
    "catalogue",
    "credit_notes",
    "customers",
    "deleted",
    "discounts",
    "events",
    "expanded",
    "invoiceitems",
    "invoices",
    "kept",
    "one",
    "portals",
    "quotes",
    "render",
    "schedules",
    "selected",
    "subscriptions",
    "test_clocks",
]
