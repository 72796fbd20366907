"""What each resource looks like on the wire; importing this package makes every kind known."""

from portal.objects import accounts, catalogue, credit_notes, customers, invoices, portals, subscriptions
from portal.objects.kinds import KINDS, Kind, expanded, one, render

__all__ = [
    "KINDS",
    "Kind",
    "accounts",
    "catalogue",
    "credit_notes",
    "customers",
    "expanded",
    "invoices",
    "one",
    "portals",
    "render",
    "subscriptions",
]
