"""The sentence that says of an invoice that it is collected, in the language of the document."""

from portal import i18n
from portal.documents.values import InvoiceDocument


def sentence(document: InvoiceDocument) -> str:
    """How much is collected when, from which account and by which mandate; empty where nothing is collected."""
    debit = document.debit
    if debit is None:
        return ""
    _ = i18n.load_translations(document.locale).gettext
    words = _(
        "We collect %(amount)s on %(date)s from your bank account %(account)s, mandate reference %(mandate)s, creditor"
        " identifier %(creditor)s."
    )
    return words % {
        "amount": i18n.format_money(debit.amount, document.currency, document.locale),
        "date": i18n.format_day(debit.collect_on, document.locale),
        "account": f"•••• {debit.last4}",
        "mandate": debit.mandate,
        "creditor": debit.creditor_id,
    }
