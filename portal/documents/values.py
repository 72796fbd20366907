"""The content of documents as frozen plain values: the renderer's only input.

Amounts are integer minor units of `currency`. Fields have the wire's names. A document is stored by its fingerprint,
which ends with the renderer's version. Fields with their default value do not count in the fingerprint, so that a
field added later keeps the fingerprint, and the stored file, of every older document.

Everything that shows a document reads its value: the page, the PDF and the e-invoice. Fields that only an e-invoice
reads say so.
"""

import hashlib
import re
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from typing import Any, ClassVar, Literal, get_args
from urllib.parse import urlsplit

import orjson

from portal.documents.designs import Design
from portal.documents.parts import (
    NO_TERMS,
    AppliedCreditNote,
    DirectDebit,
    Discount,
    DocumentLine,
    EInvoiceTerms,
    Instalment,
    Party,
    Payment,
    Shipping,
    TaxAmount,
    TaxConversion,
)
from portal.rules.qr_references import group_reference

#: Ends every fingerprint. A renderer that makes something else of the same document gets another one, and with it
#: what older ones have stored is made anew.
RENDERER_VERSION = "00000005"
#: The look of documents that were frozen before there was another, or that say nothing of it.
FIRST_VERSION = "v1"
#: Lines a document lists one by one; the others become one line with their number and sum.
MAX_LISTED_LINES = 1000

PageSize = Literal["A4", "Letter"]
InvoiceStatus = Literal["open", "paid", "uncollectible", "void"]
CreditNoteReason = Literal["duplicate", "fraudulent", "order_change", "product_unsatisfactory"]

_LOGO = re.compile(r"data:image/(?:jpeg|png);base64,[A-Za-z0-9+/]+=*\Z")
_COLOR = re.compile(r"#[0-9a-fA-F]{6}")
#: Where windows of envelopes are on a known side; elsewhere the buyer stands where lines begin.
_WINDOWS: dict[str, Literal["left", "right"]] = {
    **dict.fromkeys("AT CA DE GB IE US".split(), "left"),
    **dict.fromkeys("CH FR LI MC".split(), "right"),
}
#: Where the sender stands in the window, above the address (DIN 5008, ÖNORM A 1080).
_RETURN_LINE_COUNTRIES = frozenset({"AT", "DE"})
_LETTER_COUNTRIES = frozenset("BZ CA CL CO CR GT MX NI PA PH PR SV US VE".split())


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentBase:
    """What every rendered document has: seller, buyer, date, and the look. Dates are days of the seller's calendar.

    `locale` is a CLDR identifier, `logo` an embedded picture, as a `data:image/png;base64,…` or JPEG address.
    `version` is that of the built-in look, `own` the merchant's own files on top of it.
    Raises `ValueError` for a colour that is not `#rrggbb`, for another kind of logo and for an unknown page size.
    """

    kind: ClassVar[str]

    number: str
    currency: str
    locale: str
    effective_at: date
    seller: Party
    buyer: Party
    footer: str | None = None
    page_size: PageSize = "A4"
    brand_color: str | None = None
    logo: str | None = None
    livemode: bool = True
    version: str = FIRST_VERSION
    own: Design | None = None

    def __post_init__(self) -> None:
        if self.brand_color is not None and not _COLOR.fullmatch(self.brand_color):
            raise ValueError(f"brand_color must be like #1a2b3c, not {self.brand_color!r}")
        if self.logo is not None and not _LOGO.match(self.logo):
            raise ValueError("logo must be a PNG or JPEG picture in base64")
        if self.page_size not in get_args(PageSize):
            raise ValueError(f"page_size must be A4 or Letter, not {self.page_size!r}")

    @property
    def template(self) -> str:
        """The built-in template of the kind: `invoice/v2`."""
        return f"{self.kind}/{self.version}"

    @property
    def window(self) -> Literal["left", "right"] | None:
        """The side on which the seller's envelopes have their window; None where both are used."""
        return _WINDOWS.get(self.seller.country or "")

    @property
    def has_return_line(self) -> bool:
        """Whether the sender stands above the buyer's address too."""
        return self.seller.country in _RETURN_LINE_COUNTRIES

    @property
    def rows(self) -> int:
        """The number of rows in its table; with more of them a rendering may take longer."""
        return 0

    def fingerprint(self) -> str:
        """64 hexadecimal digits that change with the renderer, the template or any content of the document."""
        content = orjson.dumps({"template": self.template, **_changed_fields(self)}, option=orjson.OPT_SORT_KEYS)
        return hashlib.sha256(content).hexdigest()[: -len(RENDERER_VERSION)] + RENDERER_VERSION


@dataclass(frozen=True, slots=True, kw_only=True)
class Document(DocumentBase):
    """What invoices, credit notes, receipts and quotes share.

    `e_invoice` is the same document as XML, which the PDF carries along.
    `legal_notes` are the texts that the law requires: why there is no tax; in version 1 what late payment costs, too.
    Later versions have that in `late_notes`. `supplied` are the first and the last day of the supply, twice the same if
    it was a single day; None in version 1. `buyer_reference` and `purchase_order` are the buyer's words for it.

    For e-invoices only: `tax` is the whole tax.
    """

    lines: tuple[DocumentLine, ...]
    subtotal: int
    total: int
    total_excluding_tax: int | None = None
    taxes: tuple[TaxAmount, ...] = ()
    tax_conversion: TaxConversion | None = None
    discounts: tuple[Discount, ...] = ()
    shipping: Shipping | None = None
    ship_to: Party | None = None
    custom_fields: tuple[tuple[str, str], ...] = ()
    memo: str | None = None
    reverse_charge: bool = False
    e_invoice: str | None = None
    legal_notes: tuple[str, ...] = ()
    voided_at: date | None = None
    tax: int = 0
    buyer_reference: str | None = None
    purchase_order: str | None = None
    e_invoice_terms: EInvoiceTerms = NO_TERMS
    late_notes: tuple[str, ...] = ()
    supplied: tuple[date, date] | None = None

    @property
    def has_one_period(self) -> bool:
        """Whether every line is for the days that the whole document is for."""
        return all((line.period_start, line.period_end) == self.supplied for line in self.lines)

    @property
    def references(self) -> tuple[str | None, str | None]:
        """Buyer reference and purchase order, as far as no custom field says them already."""
        said = {value for _name, value in self.custom_fields}
        reference, order = (None if text in said else text for text in (self.buyer_reference, self.purchase_order))
        return reference, order

    @property
    def rows(self) -> int:
        """The lines that it lists."""
        return min(len(self.lines), MAX_LISTED_LINES)


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceDocument(Document):
    """A finalized invoice; `memo` is the wire's `description`, `applied_balance` < 0 lowers the amount due.

    The bank account is that of an open or uncollectible invoice, which documents show while it is open.
    `payment_reference` is what to write on a transfer, where it is not the number.
    With `transfer_code` the bank details come with a code for banking apps, where one can be made, or with `qr_bill`
    with a Swiss payment slip.
    `replaces` is the number and date of the invoice that this one revises.
    `debit` is the direct debit by which it is collected while it is open: then there is no bank account, unless the
    debit is for a part of it only.
    `instalments` are its parts by the dates on which they are due, of which `amount_next` is to be paid next; with
    `charged_in_parts` each is collected by itself.
    total + applied_balance - credit notes = amount_due; amount_due - amount_paid = amount_remaining.
    Raises `ValueError` also for a `hosted_invoice_url` that is no web address.
    """

    kind: ClassVar[str] = "invoice"

    status: InvoiceStatus
    amount_due: int
    amount_paid: int
    amount_remaining: int
    applied_balance: int = 0
    credit_notes: tuple[AppliedCreditNote, ...] = ()
    payments: tuple[Payment, ...] = ()
    due_date: date | None = None
    paid_at: date | None = None
    period_start: date | None = None
    period_end: date | None = None
    iban: str | None = None
    bic: str | None = None
    account_holder: str | None = None
    payment_reference: str | None = None
    transfer_code: bool = False
    qr_bill: bool = False
    hosted_invoice_url: str | None = None
    replaces: tuple[str, date] | None = None
    debit: DirectDebit | None = None
    instalments: tuple[Instalment, ...] = ()
    amount_next: int | None = None
    charged_in_parts: bool = False

    def __post_init__(self) -> None:
        DocumentBase.__post_init__(self)
        if self.hosted_invoice_url and urlsplit(self.hosted_invoice_url).scheme not in {"http", "https"}:
            raise ValueError(f"hosted_invoice_url must be a web address, not {self.hosted_invoice_url!r}")

    @property
    def reference(self) -> str:
        """What to write on a transfer, as machines read it."""
        return self.payment_reference or self.number

    @property
    def printed_reference(self) -> str:
        """The same as people read it, in groups."""
        return group_reference(self.reference)

    @property
    def payable_by(self) -> date | None:
        """The due date; None where there was nothing to pay, or no longer is because it is void."""
        return self.due_date if self.amount_due > 0 and self.status != "void" else None

    @property
    def is_to_be_paid(self) -> bool:
        """Whether anything of it is still owed."""
        return self.status in {"open", "uncollectible"} and self.amount_remaining > 0

    @property
    def is_collected(self) -> bool:
        """Whether a direct debit brings all that remains of it, or the next part of what is charged in parts."""
        return self.debit is not None and (self.charged_in_parts or self.debit.amount >= self.amount_remaining)

    @property
    def to_transfer(self) -> int:
        """What is to be transferred now: the next part, or all that remains beside a debit."""
        if self.amount_next is not None:
            return self.amount_next
        return self.amount_remaining - (self.debit.amount if self.debit else 0)

    @property
    def awaits_transfer(self) -> bool:
        """Whether it is to be paid to the bank account now."""
        return self.iban is not None and self.status == "open" and self.amount_remaining > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditNoteDocument(Document):
    """An issued credit note; all amounts are positive. The last four say where `total` went.

    `pre_payment_amount` lowered the amount due, `credit_amount` went to the customer's balance,
    `refund_amount` back to the payment method, `out_of_band_amount` was settled outside.
    """

    kind: ClassVar[str] = "credit_note"

    status: Literal["issued", "void"] = "issued"
    invoice_number: str
    invoice_effective_at: date
    reason: CreditNoteReason | None = None
    pre_payment_amount: int = 0
    credit_amount: int = 0
    refund_amount: int = 0
    out_of_band_amount: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptDocument(Document):
    """The receipt of a paid invoice: `payments` add up to `amount_paid`, and `effective_at` is the day it was paid.

    total + applied_balance - credit notes = amount_paid.
    """

    kind: ClassVar[str] = "receipt"

    invoice_number: str
    invoice_effective_at: date
    amount_paid: int
    applied_balance: int = 0
    credit_notes: tuple[AppliedCreditNote, ...] = ()
    payments: tuple[Payment, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteDocument(Document):
    """A finalized quote: `total` is due at once, `recurring_total` in each period that `recurring` names.

    `header` stands on top; `memo` is the wire's `description`.
    """

    kind: ClassVar[str] = "quote"

    status: Literal["open", "accepted", "canceled"]
    expires_at: date
    header: str | None = None
    accepted_at: date | None = None
    recurring: tuple[str, int] | None = None
    recurring_total: int | None = None


#: The documents that e-invoices are made of.
Bill = InvoiceDocument | CreditNoteDocument


def page_size_of_country(country: str | None) -> PageSize:
    """The page size of a country (ISO code) as in CLDR's `paperSize`: Letter in most of the Americas, else A4."""
    return "Letter" if (country or "").upper() in _LETTER_COUNTRIES else "A4"


def _changed_fields(value: Any) -> dict[str, object]:
    """The fields that differ from their defaults, as plain values."""
    pairs = ((field, getattr(value, field.name)) for field in fields(value))
    return {field.name: _plain_value(content) for field, content in pairs if content != field.default}


def _plain_value(content: object) -> object:
    if isinstance(content, tuple):
        return [_plain_value(each) for each in content]
    if isinstance(content, Design):
        return content.digest
    return _changed_fields(content) if is_dataclass(content) else content
