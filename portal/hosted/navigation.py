"""The navigation at the top of a visit's pages. A page that belongs there gets one row in `ENTRIES`."""

from dataclasses import dataclass
from functools import lru_cache

from flask_babel import lazy_gettext as _l

from portal.hosted import languages
from portal.hosted.visits import Visit
from portal.rules import permissions
from portal.rules.permissions import FeatureCheck

#: In this order: the name of a page, its path below the visit's, and whether a configuration's features allow it.
ENTRIES: tuple[tuple[str, str, FeatureCheck], ...] = (
    (_l("Home"), "", permissions.may_act),
    (_l("Invoices"), "invoices", permissions.may_see_invoices),
    (_l("Billing information"), "details", permissions.may_see_details),
    (_l("People"), "contacts", permissions.may_manage_contacts),
    (_l("Devices"), "sessions", permissions.may_see_visits),
)
#: Where pages belong that are not below their entry, by the first part of their path.
_INSIDE = {
    "balance": "",
    "calendar": "",
    "collect": "",
    "credit-notes": "invoices",
    "downloads": "invoices",
    "payment-methods": "",
    "plans": "",
    "quotes": "",
    "spending": "invoices",
    "statements": "invoices",
    "subscriptions": "",
}


@dataclass(frozen=True)
class NavigationEntry:
    """An entry of the navigation as it is shown: its path below the visit's path, and its name."""

    path: str
    name: str

    def current(self, below: str) -> str | None:
        """`aria-current` where `below` is the path of the page shown: this one, or one inside it."""
        if below == self.path:
            return "page"
        first = below.partition("/")[0]
        return "true" if below and _INSIDE.get(first, first) == self.path else None


def entries_of_visit(visit: Visit) -> tuple[NavigationEntry, ...]:
    """The entries that this visit may open, in the language of this answer; none in a flow, or where one part shows."""
    if visit.in_flow or (visit.embed and visit.embed.section):
        return ()
    return _named_entries(languages.locale(), tuple(allows(visit.features) for _name, _path, allows in ENTRIES))


@lru_cache(maxsize=1024)
def _named_entries(locale: str, allowed: tuple[bool, ...]) -> tuple[NavigationEntry, ...]:
    """The allowed entries; `locale` is only a part of the cache's key."""
    rows = zip(ENTRIES, allowed, strict=True)
    return tuple(NavigationEntry(path, str(name)) for (name, path, _allows), shows in rows if shows)
