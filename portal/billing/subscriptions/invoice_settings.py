"""What a subscription puts on its invoices in place of the customer's own settings."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from portal.billing.invoices import changes
from portal.billing.invoices.unsupported import Issued
from portal.errors import InvalidRequest
from portal.wire.commands import Clearable, Command, CustomField, Id, ListOf, Text

MOST_FIELDS = 4


class InvoiceSettings(Command):
    account_tax_ids: ListOf[Id] = []
    custom_fields: Clearable[ListOf[CustomField]] = None
    description: Clearable[Text] = None
    footer: Clearable[Text] = None


class Invoiced(Issued):
    """What both creating and changing a subscription take."""

    invoice_settings: Clearable[InvoiceSettings] = None


def changed(db: Session, stored: dict[str, Any] | None, sent: InvoiceSettings | None) -> dict[str, Any] | None:
    """The settings with those that were sent on top; cleared ones fall back to the customer's.

    Raises `ResourceMissing` for a tax ID that is none of the account's, `InvalidRequest` for too many fields.
    """
    if sent is None:
        return None
    if sent.custom_fields and len(sent.custom_fields) > MOST_FIELDS:
        raise InvalidRequest("You can have up to 4 custom fields.", param="invoice_settings[custom_fields]")
    changes.refuse_foreign_tax_ids(db, sent.account_tax_ids, "invoice_settings[account_tax_ids]")
    merged = {**(stored or {}), **sent.model_dump(exclude_unset=True)}
    return {key: value for key, value in merged.items() if value} or None
