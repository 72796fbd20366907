"""The EPC QR code of a bank transfer in euros: a banking app that reads it fills in the form.

EPC069-12, version 002, as German GiroCodes and others; drawn by segno, which refuses more than 331 bytes.
"""

from __future__ import annotations

import io
from functools import lru_cache

from segno import QRCode
from segno.helpers import make_epc_qr
from stdnum import bic as bic_numbers
from stdnum import iban as iban_numbers
from stdnum import iso11649

from portal import i18n

#: Characters of a holder's name and of a reference that banks take.
LONGEST_NAME, LONGEST_TEXT = 70, 140
#: Minor units: the scheme's least and most.
LEAST, MOST = 1, 99_999_999_999


def svg(*, holder: str, iban: str | None, bic: str | None, currency: str, amount: int, reference: str) -> bytes | None:
    """The code as a picture with its quiet zone, black on white; None where no banking app could use one.

    `amount` is in minor units of `currency`, which is the euro or there is no code.
    """
    if not iban or currency != "eur" or not LEAST <= amount <= MOST or not iban_numbers.is_valid(iban):
        return None
    known = bic if bic and bic_numbers.is_valid(bic) else None
    return _drawn(holder[:LONGEST_NAME], iban, known, amount, reference[:LONGEST_TEXT])


@lru_cache(maxsize=1024)
def _drawn(holder: str, iban: str, bic: str | None, amount: int, reference: str) -> bytes | None:
    code = _code(holder, iban, bic, amount, reference)
    if code is None:
        return None
    out = io.BytesIO()
    code.save(out, kind="svg", border=4, scale=4, light="white", xmldecl=False, nl=False)
    return out.getvalue()


def _code(holder: str, iban: str, bic: str | None, amount: int, reference: str) -> QRCode | None:
    structured = iso11649.is_valid(reference)
    try:
        return make_epc_qr(
            name=holder,
            iban=iban,
            amount=i18n.decimal(amount, "eur"),
            text=None if structured else reference,
            reference=reference if structured else None,
            bic=bic,
            encoding="utf-8",
        )
    except ValueError:
        # too long in UTF-8, as names of other scripts are
        return None
