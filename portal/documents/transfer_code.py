"""The code of a bank transfer; a banking app that scans it fills in the transfer form.

For accounts in Switzerland and Liechtenstein that is the one of the QR-bill, for others the EPC QR code, in euros.

EPC069-12, version 002, as German GiroCodes and others. Drawn by segno, which refuses more than 331 bytes.
"""

import io
from functools import lru_cache

from segno import QRCode
from segno.helpers import make_epc_qr
from stdnum import bic as bic_numbers
from stdnum import iban as iban_numbers
from stdnum import iso11649

from portal import i18n
from portal.documents.qr_bills import QrBill, build_qr_bill, draw_code
from portal.documents.values import DocumentBase, InvoiceDocument
from portal.rules.qr_references import is_qr_iban

#: Characters of a holder's name and of a reference that banks take.
LONGEST_NAME, LONGEST_TEXT = 70, 140
#: Minor units: the scheme's least and most.
LEAST_AMOUNT, MOST_AMOUNT = 1, 99_999_999_999
#: Modules that stay white around a code.
_BORDER = 4


def draw_transfer_code(document: DocumentBase) -> bytes | None:
    """The code of a document as SVG; None unless it is an invoice that is to be paid to an account, and has a code."""
    if not isinstance(document, InvoiceDocument) or not document.awaits_transfer:
        return None
    if bill := build_qr_bill(document):
        return draw_code(bill, border=_BORDER)
    # no bank outside takes a QR-IBAN
    if not document.transfer_code or (document.qr_bill and is_qr_iban(document.iban)):
        return None
    return svg(
        holder=document.account_holder or document.seller.name,
        iban=document.iban,
        bic=document.bic,
        currency=document.currency,
        amount=document.to_transfer,
        reference=document.reference,
    )


def draw_printed_code(document: DocumentBase) -> tuple[QrBill | None, bytes | None]:
    """The payment slip of a document and its code, which has its place there; else the code for beside the account."""
    bill = build_qr_bill(document)
    return bill, draw_code(bill) if bill else draw_transfer_code(document)


def svg(*, holder: str, iban: str | None, bic: str | None, currency: str, amount: int, reference: str) -> bytes | None:
    """The code as an SVG with its quiet zone, black on white; None when no banking app could use it.

    `amount` is in minor units of `currency`; a currency other than the euro has no code.
    """
    if not iban or currency != "eur" or not LEAST_AMOUNT <= amount <= MOST_AMOUNT:
        return None
    if not iban_numbers.is_valid(iban, check_country=False):
        return None
    known = bic if bic and bic_numbers.is_valid(bic) else None
    return _draw_code(holder[:LONGEST_NAME], iban, known, amount, reference[:LONGEST_TEXT])


@lru_cache(maxsize=1024)
def _draw_code(holder: str, iban: str, bic: str | None, amount: int, reference: str) -> bytes | None:
    code = _build_code(holder, iban, bic, amount, reference)
    if code is None:
        return None
    out = io.BytesIO()
    code.save(out, kind="svg", border=_BORDER, scale=4, light="white", xmldecl=False, nl=False)
    return out.getvalue()


def _build_code(holder: str, iban: str, bic: str | None, amount: int, reference: str) -> QRCode | None:
    structured = iso11649.is_valid(reference)
    try:
        return make_epc_qr(
            name=holder,
            iban=iban,
            amount=i18n.decimal_amount(amount, "eur"),
            text=None if structured else reference,
            reference=reference if structured else None,
            bic=bic,
            encoding="utf-8",
        )
    except ValueError:
        # too long in UTF-8, as names of other scripts are
        return None
