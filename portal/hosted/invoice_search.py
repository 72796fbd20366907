"""What customers type to find an invoice: a part of its number or of a credit note's, an amount, or what was bought."""

import re
import unicodedata
from collections.abc import Iterator
from decimal import Decimal

from sqlalchemy import ColumnElement, and_, bindparam, func, or_, select

from portal import i18n
from portal.models import CreditNote, Invoice, InvoiceLine

MOST_CHARACTERS = 100
#: More digits than any amount has.
_MOST_DIGITS = 15

_AMOUNT = re.compile(r"(?:[a-z]{3})?-?([0-9.,]+)(?:[a-z]{3})?", re.ASCII)
_INVOICES, _NOTES, _LINES = Invoice.__table__, CreditNote.__table__, InvoiceLine.__table__


def matches(typed: str) -> ColumnElement[bool]:
    """The condition on invoices that have the typed text in a number or in a line, or the typed amount.

    The statement it is put into binds `tenant_id` and `customer_id`.
    """
    pattern = f"%{re.sub('[%_/]', lambda found: '/' + found[0], typed)}%"
    noted = _note_invoices(_contains(_NOTES.c.number, pattern))
    return or_(_contains(_INVOICES.c.number, pattern), noted, *_amount_conditions(typed), _bills(pattern))


def parse_amounts(typed: str, exponent: int) -> list[tuple[int, int]]:
    """What a typed amount can mean in a currency with so many minor digits: ranges of minor units, ends included.

    A whole number stands for whatever begins with it. Point and comma may group digits or begin the fraction, so
    `1.234` is read in both ways. Empty for what is no amount.
    """
    found = _AMOUNT.fullmatch(_plain_digits(typed))
    digits = re.sub("[^0-9]", "", found[1]) if found else ""
    if not found or not digits or len(digits) > _MOST_DIGITS:
        return []
    fraction = re.search("[.,]([0-9]*)$", found[1])
    ranges = []
    if not fraction or len(fraction[1]) in {0, 3}:
        least = int(digits) * 10**exponent
        ranges.append((least, least + 10**exponent - 1))
    if fraction and 0 < len(fraction[1]) <= exponent:
        exactly = int(Decimal(digits).scaleb(exponent - len(fraction[1])))
        ranges.append((exactly, exactly))
    return ranges


def _plain_digits(typed: str) -> str:
    """Digits of any script as ASCII, without currency signs, blanks and apostrophes."""
    typed = re.sub(r"[a-z]{1,3}(?=[$\u00a3\u20ac\u00a5])", "", typed.lower())  # US$, CA$
    kept = (each for each in typed if unicodedata.category(each) != "Sc" and each not in " \u00a0\u202f'\u2019")
    text = "".join(str(unicodedata.digit(each, each)) for each in kept)
    return text.translate({ord("\u066b"): ".", ord("\u066c"): ",", ord("\u2212"): "-"})


def _note_invoices(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """The condition on invoices that one of their credit notes fulfills another one."""
    own = (_NOTES.c.tenant_id == bindparam("tenant_id"), _NOTES.c.customer_id == bindparam("customer_id"))
    return _INVOICES.c.id.in_(select(_NOTES.c.invoice_id).where(*own, condition))


def _bills(pattern: str) -> ColumnElement[bool]:
    """The condition on invoices of which a line is called so; only lines of the customer's own are looked at."""
    own = (_LINES.c.tenant_id == _INVOICES.c.tenant_id, _LINES.c.invoice_id == _INVOICES.c.id)
    return select(_LINES.c.id).where(*own, _contains(_LINES.c.description, pattern)).correlate(_INVOICES).exists()


def _contains(column: ColumnElement[str | None], pattern: str) -> ColumnElement[bool]:
    return func.lower(column).like(func.lower(pattern), escape="/")


def _amount_conditions(typed: str) -> Iterator[ColumnElement[bool]]:
    currency = _INVOICES.c.currency
    unusual = [code for codes in i18n.UNUSUAL_EXPONENTS.values() for code in codes]
    for exponent in (2, *i18n.UNUSUAL_EXPONENTS):
        codes = i18n.UNUSUAL_EXPONENTS.get(exponent)
        is_such = currency.in_(sorted(codes)) if codes else currency.not_in(sorted(unusual))
        for least, most in parse_amounts(typed, exponent):
            amounts = (func.abs(_INVOICES.c.total), _INVOICES.c.amount_due, _INVOICES.c.amount_paid)
            noted = _note_invoices(_NOTES.c.total.between(least, most))
            yield and_(is_such, or_(*(amount.between(least, most) for amount in amounts), noted))
