"""Contacts on pages: how they are listed, the names of their roles, and why something can't be done with them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal import i18n
from portal.billing.customers.contacts import LastOwner
from portal.billing.customers.recipients import TooManyRecipients
from portal.errors import InvalidRequest
from portal.models import Contact
from portal.rules.contacts import MOST_CONTACTS, status
from portal.rules.mail_recipients import MOST_RECIPIENTS

ROLE_NAMES = {
    "owner": _l("Owner"),
    "billing_manager": _l("Billing manager"),
    "accountant": _l("Accounting"),
    "recipient": _l("Mails only"),
}


@dataclass(frozen=True)
class ShownContacts:
    """Contacts as rows (`row`, `status`, `lapsed`), the names of their roles, and how many there can be."""

    rows: list[dict[str, Any]]
    names: dict[str, Any] = field(default_factory=lambda: ROLE_NAMES)
    most: int = MOST_CONTACTS


def show_contacts(contacts: Sequence[Contact], *, now: int) -> ShownContacts:
    """Contacts as the page lists them; `lapsed` is an invitation that nobody accepted in time."""
    return ShownContacts(
        [
            {"row": each, "status": status(each), "lapsed": bool(each.expires_at and each.expires_at <= now)}
            for each in contacts
        ]
    )


def invited_words(email: str, role: str) -> str:
    """What is said once somebody was added."""
    shown = i18n.isolate_text(email)
    if role == "recipient":
        return str(_("%(email)s gets copies from now on.", email=shown))
    return str(_("An invitation is on its way to %(email)s.", email=shown))


def why_not(error: InvalidRequest) -> str:
    """Why a use case has refused, in the page's language."""
    if isinstance(error, LastOwner):
        return str(_("This is the last owner. Make somebody else an owner first."))
    if isinstance(error, TooManyRecipients):
        words = _("There can be at most %(most)s further recipients. Remove one first.", most=MOST_RECIPIENTS)
        return str(words)
    texts = {
        "contact_active": _("This person has joined already."),
        "contacts_limit_reached": _("There can be at most %(most)s people. Remove one first.", most=MOST_CONTACTS),
        "invitations_limit_reached": _("Too many invitations were sent today. Please try again tomorrow."),
    }
    return str(texts.get(error.code or "", _("There are characters in it that can't be used.")))
