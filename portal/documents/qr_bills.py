"""The Swiss QR-bill of an invoice: what its payment slip says, and its code.

Swiss Implementation Guidelines QR-bill, version 2.3: data of version 0200, addresses of type S, no alternative
procedures. The slip itself is `templates/documents/_qr_bill.html`.
"""

import io
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple

import segno
from stdnum import iban as iban_numbers
from stdnum import iso11649

from portal import i18n
from portal.documents.parts import Party
from portal.documents.values import DocumentBase, InvoiceDocument
from portal.rules.qr_references import compact_qr_reference, group_reference, is_qr_iban

#: The words of a slip, which the standard has in four languages.
WORDS = {
    "de": {
        "payment": "Zahlteil",
        "receipt": "Empfangsschein",
        "account": "Konto / Zahlbar an",
        "reference": "Referenz",
        "message": "Zusätzliche Informationen",
        "debtor": "Zahlbar durch",
        "no_debtor": "Zahlbar durch (Name/Adresse)",
        "currency": "Währung",
        "amount": "Betrag",
        "acceptance": "Annahmestelle",
        "separate": "Vor der Einzahlung abzutrennen",
    },
    "fr": {
        "payment": "Section paiement",
        "receipt": "Récépissé",
        "account": "Compte / Payable à",
        "reference": "Référence",
        "message": "Informations supplémentaires",
        "debtor": "Payable par",
        "no_debtor": "Payable par (nom/adresse)",
        "currency": "Monnaie",
        "amount": "Montant",
        "acceptance": "Point de dépôt",
        "separate": "A détacher avant le versement",
    },
    "it": {
        "payment": "Sezione pagamento",
        "receipt": "Ricevuta",
        "account": "Conto / Pagabile a",
        "reference": "Riferimento",
        "message": "Informazioni supplementari",
        "debtor": "Pagabile da",
        "no_debtor": "Pagabile da (nome/indirizzo)",
        "currency": "Valuta",
        "amount": "Importo",
        "acceptance": "Punto di accettazione",
        "separate": "Da staccare prima del versamento",
    },
    "en": {
        "payment": "Payment part",
        "receipt": "Receipt",
        "account": "Account / Payable to",
        "reference": "Reference",
        "message": "Additional information",
        "debtor": "Payable by",
        "no_debtor": "Payable by (name/address)",
        "currency": "Currency",
        "amount": "Amount",
        "acceptance": "Acceptance point",
        "separate": "Separate before paying in",
    },
}
CURRENCIES = frozenset({"chf", "eur"})
#: Minor units: the standard's most.
MOST_AMOUNT = 99_999_999_999
#: Characters of a name or a street, of a postal code or a house number, of a town, and of a message.
_LONGEST_NAME, _LONGEST_CODE, _LONGEST_TOWN, _LONGEST_MESSAGE = 70, 16, 35, 140
#: A longer name takes a second line of the receipt, which then has no room for a street.
_LINE_OF_RECEIPT = 35
#: What the standard has instead of all of Unicode: Latin letters as most of Europe writes them.
_WRITABLE = re.compile(r"[ -~\u00a0-\u017f\u0218-\u021b\u20ac]+")
_PLAIN_SIGNS = str.maketrans("‘’‚“”„–—\n", "''," + '"""' + "-- ")
_HOUSE_NUMBER = re.compile(r"(.*[^\d\s,]),?\s+(\d+\s?[A-Za-z]?(?:\s?[-/+]\s?\d*[A-Za-z]?)?)")
#: Millimetres: the code, the cross within it with its margin, its black square, and its bars.
_CODE, _CROSS, _SQUARE, _BAR_LENGTH, _BAR_WIDTH = 46.0, 7.0, 6.0, 3.89, 1.17

ReferenceType = Literal["QRR", "SCOR", "NON"]


class SlipAddress(NamedTuple):
    """A structured address in the order of the code's lines, which begin with its type."""

    type: str
    name: str
    street: str
    house_number: str
    postal_code: str
    town: str
    country: str

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines that people read."""
        street = f"{self.street} {self.house_number}".strip()
        place = f"{self.postal_code} {self.town}"
        return tuple(filter(None, (self.name, street, place if self.country == "CH" else f"{self.country}-{place}")))

    @property
    def short_lines(self) -> tuple[str, ...]:
        """The same for the receipt, where the street may be left out for want of room."""
        return self.lines if len(self.name) <= _LINE_OF_RECEIPT else (self.lines[0], self.lines[-1])


@dataclass(frozen=True, slots=True)
class QrBill:
    """What a payment slip says. Without a `debtor` people write their name on it."""

    iban: str
    creditor: SlipAddress
    amount: str
    currency: str
    debtor: SlipAddress | None
    reference_type: ReferenceType
    reference: str
    message: str
    language: str

    @property
    def words(self) -> dict[str, str]:
        """The headings of the slip, in its language."""
        return WORDS[self.language]

    @property
    def printed_iban(self) -> str:
        """The account in groups of four."""
        return str(iban_numbers.format(self.iban))

    @property
    def printed_reference(self) -> str:
        """The reference in groups."""
        return group_reference(self.reference)

    @property
    def printed_amount(self) -> str:
        """The amount with blanks between the thousands."""
        return f"{int(self.amount[:-3]):,}".replace(",", "\u00a0") + self.amount[-3:]

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines of the code."""
        nobody = ("",) * len(SlipAddress._fields)
        return (
            *("SPC", "0200", "1", self.iban, *self.creditor, *nobody),
            *(self.amount, self.currency, *(self.debtor or nobody)),
            *(self.reference_type, self.reference, self.message, "EPD"),
        )


def build_qr_bill(document: DocumentBase) -> QrBill | None:
    """The payment slip of a document; None unless it is an invoice to be paid to an account that takes such slips.

    None also where the standard has no room for what it would have to say, such as a seller without a town.
    """
    if not isinstance(document, InvoiceDocument) or not document.qr_bill or not document.awaits_transfer:
        return None
    iban = iban_numbers.compact(document.iban or "")
    if iban[:2] not in {"CH", "LI"} or not iban_numbers.is_valid(iban) or document.currency not in CURRENCIES:
        return None
    kind = _reference_type(iban, document.reference)
    creditor = _slip_address(document.account_holder or document.seller.name, document.seller)
    message = _written(document.number, _LONGEST_MESSAGE) or ""
    # without a reference, the message alone says what is paid
    if not (kind and creditor and (message or kind != "NON")) or document.to_transfer > MOST_AMOUNT:
        return None
    language = document.locale.split("_")[0].split("-")[0]
    return QrBill(
        iban=iban,
        creditor=creditor,
        amount=str(i18n.decimal_amount(document.to_transfer, document.currency)),
        currency=document.currency.upper(),
        debtor=_slip_address(document.buyer.name, document.buyer),
        reference_type=kind,
        reference="" if kind == "NON" else document.reference,
        message=message,
        language=language if language in WORDS else "en",
    )


def _reference_type(iban: str, reference: str) -> ReferenceType | None:
    if is_qr_iban(iban):
        return "QRR" if compact_qr_reference(reference) == reference else None
    return "SCOR" if iso11649.is_valid(reference) else "NON"


def _slip_address(name: str, party: Party) -> SlipAddress | None:
    """An address of type S; None where the standard has no place for it, or a part that it needs is not known."""
    found = _HOUSE_NUMBER.fullmatch((party.line1 or party.line2 or "").strip())
    street, number = found.groups() if found else (party.line1 or party.line2 or "", "")
    fields = (
        _written(name[:_LONGEST_NAME], _LONGEST_NAME),
        _written(street[:_LONGEST_NAME], _LONGEST_NAME) if street.strip() else "",
        _written(number, _LONGEST_CODE) if number else "",
        _written(party.postal_code or "", _LONGEST_CODE),
        _written(party.city or "", _LONGEST_TOWN),
        party.country if re.fullmatch("[A-Z]{2}", party.country or "") else None,
    )
    if None in fields:
        return None
    return SlipAddress("S", *(field or "" for field in fields))


def _written(text: str, most: int) -> str | None:
    """A text as the standard writes it; None where it has no letters for it, or no room."""
    plain = text.translate(_PLAIN_SIGNS).strip()
    return plain if len(plain) <= most and _WRITABLE.fullmatch(plain) else None


@lru_cache(maxsize=1024)
def draw_code(bill: QrBill, border: int = 0) -> bytes:
    """The code of a slip as SVG, 46 mm wide without its border of so many modules, with the cross in its middle."""
    code = segno.make("\n".join(bill.lines), error="m", encoding="utf-8", eci=False, boost_error=False, micro=False)
    out = io.BytesIO()
    code.save(out, kind="svg", border=border, scale=4, light="white", xmldecl=False, nl=False)
    modules = code.symbol_size(scale=1, border=0)[0]
    # the drawing's units are quarters of a module
    return out.getvalue().removesuffix(b"</svg>") + _cross(4 * border, 4 * modules / _CODE).encode() + b"</svg>"


def _cross(offset: int, scale: float) -> str:
    def bar(width: float, height: float, colour: str) -> str:
        x, y = (_CODE - width) / 2, (_CODE - height) / 2
        return f'<rect x="{x:.3f}" y="{y:.3f}" width="{width}" height="{height}" fill="{colour}"/>'

    parts = (
        bar(_CROSS, _CROSS, "#fff"),
        bar(_SQUARE, _SQUARE, "#000"),
        bar(_BAR_WIDTH, _BAR_LENGTH, "#fff"),
        bar(_BAR_LENGTH, _BAR_WIDTH, "#fff"),
    )
    return f'<g transform="translate({offset} {offset}) scale({scale:.6f})">{"".join(parts)}</g>'
