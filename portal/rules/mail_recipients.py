"""Who gets the documents of a customer by mail beside the customer: which addresses, which documents, to or cc.

A recipient is a dict as it is stored and shown: `email`, `kind` (`to` or `cc`), `documents` (names of
`mails.DOCUMENTS_BY_MAIL`), and `failure`, the last mail to it that didn't arrive.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from portal.rules.mails import DOCUMENTS_BY_MAIL

#: How many further recipients a customer can have.
MOST_RECIPIENTS = 10

RecipientKind = Literal["cc", "to"]
RecipientDocument = Literal["credit_note", "invoice", "receipt", "reminder"]

Recipient = Mapping[str, Any]


@dataclass(frozen=True)
class Addressees:
    """Everybody who gets one document, as its mail names them: the customer first, then further recipients."""

    to: tuple[str, ...]
    cc: tuple[str, ...]

    @property
    def everybody(self) -> tuple[str, ...]:
        """The addresses, each of which gets a message of its own."""
        return (*self.to, *self.cc)


def addressees(main: str | None, recipients: Sequence[Recipient], mail: str) -> Addressees:
    """Who gets the mail `mail`; nobody twice, though the customer's address may be among the recipients too."""
    document = DOCUMENTS_BY_MAIL.get(mail)
    wanted = [each for each in recipients if document in each["documents"] and not is_same(each["email"], main)]
    to, cc = (tuple(each["email"] for each in wanted if each["kind"] == kind) for kind in ("to", "cc"))
    return Addressees((main, *to) if main else to, cc)


def is_same(one: str, other: str | None) -> bool:
    """Whether two addresses are the same one, whatever their case."""
    return other is not None and one.casefold() == other.casefold()


def address_key(email: str) -> str:
    """A short name of an address that does not tell it: for addresses of pages, links and the keys of mails."""
    return hashlib.sha256(email.casefold().encode()).hexdigest()[:16]
