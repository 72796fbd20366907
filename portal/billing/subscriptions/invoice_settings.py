"""Invoice settings of a subscription, which replace the customer's own settings on its invoices."""

from typing import Any

from sqlalchemy.orm import Session

from portal.billing.invoices import changes
from portal.billing.invoices.unsupported import TaxOptions
from portal.errors import InvalidRequest
from portal.wire.commands import Clearable, Command, CustomField, Id, ListOf, Text

MOST_CUSTOM_FIELDS = 4


class InvoiceSettings(Command):
    account_tax_ids: ListOf[Id] = []
    custom_fields: Clearable[ListOf[CustomField]] = None
    description: Clearable[Text] = None
    footer: Clearable[Text] = None


class InvoiceOptions(TaxOptions):
    """Parameters of both creating and updating a subscription."""

    invoice_settings: Clearable[InvoiceSettings] = None


def merge_settings(db: Session, stored: dict[str, Any] | None, sent: InvoiceSettings | None) -> dict[str, Any] | None:
    """The stored settings with the sent ones on top; cleared ones fall back to the customer's.

    Raises `ResourceMissing` for a tax ID that is not the account's, `InvalidRequest` for too many fields.
    """
    if sent is None:
        return None
    if sent.custom_fields and len(sent.custom_fields) > MOST_CUSTOM_FIELDS:
        raise InvalidRequest("You can have up to 4 custom fields.", param="invoice_settings[custom_fields]")
    changes.refuse_foreign_tax_ids(db, sent.account_tax_ids, "invoice_settings[account_tax_ids]")
    merged = {**(stored or {}), **sent.model_dump(exclude_unset=True)}
    return {key: value for key, value in merged.items() if value} or None
