"""The terms of payment of an e-invoice (BT-20), in the document's language: its instalments, and how it is collected.

EN 16931 has one due date (BT-9), which of several is the first; the others are told in words.
"""

from portal import i18n
from portal.documents import debit_words
from portal.documents.parts import Instalment
from portal.documents.values import InvoiceDocument


def sentences(document: InvoiceDocument) -> str | None:
    """A line for each part that is still to be paid, and one for the debit; None where neither is known.

    No line begins with what a merchant wrote: of those with a `#` XRechnung expects a cash discount (BR-DE-18).
    """
    lines = [_describe(document, each) for each in document.instalments if each.amount_remaining]
    if document.is_collected:
        lines.append(debit_words.sentence(document))
    return "\n".join(lines) or None


def _describe(document: InvoiceDocument, part: Instalment) -> str:
    _ = i18n.load_translations(document.locale).gettext
    words = _("%(amount)s to pay by %(date)s.") % {
        "amount": i18n.format_money(part.amount_remaining, document.currency, document.locale),
        "date": i18n.format_day(part.due_date, document.locale),
    }
    return " ".join([words, *part.description.split()])
