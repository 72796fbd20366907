"""The words for what bank transfers paid, which are recorded in English, in the language of a document."""

import re
from datetime import date

from portal import i18n
from portal.rules.bank_matching import TRANSFER_NAME, WRITE_OFF_NAME
from portal.rules.payouts import BACK_WORDS, PAYOUT_WORDS

_ON_BALANCE = re.compile(rf"{TRANSFER_NAME} of (\d{{4}}-\d\d-\d\d)(, taken back)?")


def payment_words(words: str, locale: str) -> str:
    """The way in which something was paid; what a merchant wrote stays as it is."""
    _ = i18n.load_translations(locale).gettext
    known = {
        BACK_WORDS: _("Not paid out after all"),
        PAYOUT_WORDS: _("Paid out"),
        TRANSFER_NAME: _("Bank transfer"),
        WRITE_OFF_NAME: _("Written off as tolerated"),
    }
    if found := _ON_BALANCE.fullmatch(words):
        text = _("Bank transfer of %(date)s, taken back") if found[2] else _("Bank transfer of %(date)s")
        return text % {"date": i18n.format_day(date.fromisoformat(found[1]), locale, "medium")}
    return known.get(words, words)
