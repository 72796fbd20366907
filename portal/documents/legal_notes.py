"""The texts that the law requires on a document: why there is no tax, and what late payment costs.

Documents of the first version say them as they did then: late payment in the language of its law, to businesses.
"""

from collections.abc import Sequence
from dataclasses import replace

from portal.documents.values import FIRST_VERSION, Bill, InvoiceDocument
from portal.rules import tax_notes
from portal.rules.tax_notes import LateNote


def with_notes(document: Bill, reasons: tuple[str, ...]) -> Bill:
    """The document with its notes; `reasons` say why there is no tax."""
    if not document.e_invoice_terms.legal_notes:
        return document
    late = tuple(note.text for note in late_payment_notes(document))
    if document.version == FIRST_VERSION:
        return replace(document, legal_notes=tuple(filter(None, (*reasons, " ".join(late)))))
    return replace(document, legal_notes=reasons, late_notes=late)


def page_notes(document: Bill, reasons: tuple[str, ...]) -> tuple[str, ...]:
    """What a page says: late payment is a matter of what is still to be paid."""
    if not document.e_invoice_terms.legal_notes:
        return ()
    owed = isinstance(document, InvoiceDocument) and document.is_to_be_paid
    late = late_payment_notes(document) if owed else ()
    return (*reasons, *(note.text for note in late))


def reason_locale(document: Bill) -> str:
    """The locale for the reasons of the law; the first version had no Arabic ones."""
    is_arabic = document.locale.split("_")[0] == "ar"
    return "en" if is_arabic and document.version == FIRST_VERSION else document.locale


def late_payment_notes(document: Bill) -> Sequence[LateNote]:
    """The notes on late payment that the law of the seller's country asks for.

    France: on every invoice to a business, and on credit notes as BR-FR-05 asks all types for them. Who is a business
    is not always known, so the words say it. Germany: on invoices to consumers, as long as there is something to pay.
    """
    terms, is_invoice = document.e_invoice_terms, isinstance(document, InvoiceDocument)
    if not terms.legal_notes:
        return ()
    if document.version == FIRST_VERSION:
        said = document.buyer.tax_ids and (is_invoice or terms.seller_country == "FR")
        return tax_notes.first_late_notes(terms.seller_country, document.buyer.country) if said else ()
    if terms.seller_country == "FR":
        return tax_notes.french_late_notes(document.locale)
    is_business = bool(document.buyer.tax_ids or document.buyer.register_number)
    in_germany = terms.seller_country == "DE" and document.buyer.country in {"DE", None}
    owed = isinstance(document, InvoiceDocument) and document.is_to_be_paid
    return tax_notes.german_late_notes(document.locale) if in_germany and owed and not is_business else ()
