"""Further recipients of documents on pages: the form of one, and how the billing information lists them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField
from wtforms.validators import DataRequired

from portal.hosted.forms import LoginForm, text_field
from portal.models import Customer
from portal.rules.mail_recipients import MOST_RECIPIENTS, address_key

#: What a recipient can get, in the order of the page.
DOCUMENT_NAMES = {
    "invoice": _l("Invoices"),
    "reminder": _l("Payment reminders"),
    "receipt": _l("Receipts"),
    "credit_note": _l("Credit notes"),
}


class RecipientForm(LoginForm):
    """An address, and which documents it gets."""

    email = text_field(_l("Email address"), 254, DataRequired(_l("Enter the email address.")))
    invoice = BooleanField(DOCUMENT_NAMES["invoice"])
    reminder = BooleanField(DOCUMENT_NAMES["reminder"])
    receipt = BooleanField(DOCUMENT_NAMES["receipt"])
    credit_note = BooleanField(DOCUMENT_NAMES["credit_note"])

    @property
    def documents(self) -> list[str]:
        """The names of what was chosen."""
        return [name for name in DOCUMENT_NAMES if self[name].data]

    def validate(self, extra_validators: Any = None) -> bool:
        """Each field by itself, and that something was chosen."""
        valid = super().validate(extra_validators)
        if not self.documents:
            self.invoice.errors = [_("Choose at least one kind of document.")]
        return bool(valid and self.documents)


@dataclass(frozen=True)
class ShownRecipients:
    """The recipients as rows (`email`, `key`, `failed`, names of `documents`), and how many there can be."""

    rows: list[dict[str, Any]]
    most: int = MOST_RECIPIENTS


def show_recipients(customer: Customer) -> ShownRecipients:
    """The recipients of a customer as the billing information lists them."""
    return ShownRecipients(
        [
            {
                "email": each["email"],
                "key": address_key(each["email"]),
                "failed": each["failure"] is not None,
                "documents": _name_documents(each["documents"]),
            }
            for each in customer.email_recipients
        ]
    )


def _name_documents(documents: Sequence[str]) -> list[str]:
    if len(documents) == len(DOCUMENT_NAMES):
        return [_("All documents")]
    return [str(name) for document, name in DOCUMENT_NAMES.items() if document in documents]
