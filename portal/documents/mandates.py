"""The document value of a mandate: whom a customer has allowed to collect from which account, in the words shown."""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from portal.documents.values import DocumentBase


@dataclass(frozen=True, slots=True, kw_only=True)
class MandateDocument(DocumentBase):
    """A SEPA mandate; `number` is its reference, `effective_at` and `agreed_at` (with the zone) when it was given.

    `words` are the paragraphs that the customer read, empty where the portal has not shown them. Of the account number
    there are the last four characters. `ended_on` is None as long as the mandate is valid.
    """

    kind: ClassVar[str] = "mandate"

    creditor_name: str
    creditor_id: str
    last4: str
    agreed_at: str
    account_holder: str | None = None
    recurring: bool = True
    words: tuple[str, ...] = ()
    ended_on: date | None = None
