"""The parts of documents as frozen plain values: parties, lines, taxes, discounts, payments.

Amounts are integer minor units of the document's currency. Fields have the wire's names.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from urllib.parse import quote, urlsplit

from portal.rules.postal_addresses import FIELDS, postal_lines

_CITY_FIRST_COUNTRIES = frozenset("AU CA GB IE IN NZ SG US ZA".split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """A seller, a buyer or a place of delivery; `country` is an ISO code, `tax_ids` are (label, value).

    A party without a name has its email address as `name` and is `unnamed`. A seller whose address names no country has
    that of its account as `country` and is `unlocated`.

    `register_number` is its number in the register of companies, `register_label` what such a number is called if that
    has a name of its own; `contact` is a person or a department.

    For e-invoices only: `tax_id_types` are the wire's types of the `tax_ids` in their order, and `endpoint` is an
    electronic address, `0204:991-12345-67`.
    """

    name: str
    line1: str | None = None
    line2: str | None = None
    city: str | None = None
    state: str | None = None
    postal_code: str | None = None
    country: str | None = None
    email: str | None = None
    phone: str | None = None
    url: str | None = None
    tax_ids: tuple[tuple[str, str], ...] = ()
    unnamed: bool = False
    unlocated: bool = False
    tax_id_types: tuple[str, ...] = ()
    register_number: str | None = None
    endpoint: str | None = None
    contact: str | None = None
    register_label: str | None = None

    @property
    def has_address(self) -> bool:
        """Whether any part of an address is known."""
        return any((self.line1, self.line2, self.city, self.state, self.postal_code, self.country))

    @property
    def address(self) -> Mapping[str, str | None]:
        """The parts of the address, by the names that the wire has for them."""
        return {key: getattr(self, key) for key in FIELDS}

    @property
    def postal_lines(self) -> tuple[str, ...]:
        """The lines of the address in the order of its country, without the country's name."""
        return postal_lines(self.address)

    @property
    def mail_link(self) -> str | None:
        """The `mailto:` address of its email address."""
        return f"mailto:{quote(self.email, safe='@+')}" if self.email and "@" in self.email else None

    @property
    def web_link(self) -> str | None:
        """Its web address as a link; None for what is none."""
        url = self.url or ""
        address = f"https://{url}" if "." in url and ":" not in url else url
        return address if urlsplit(address).scheme in {"http", "https"} else None

    @property
    def locality(self) -> str:
        """City, state and postal code in one line, as the first design writes them."""
        if self.country in _CITY_FIRST_COUNTRIES:
            return _join_present(" ", _join_present(", ", self.city, self.state), self.postal_code)
        return _join_present(", ", _join_present(" ", self.postal_code, self.city), self.state)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxAmount:
    """The tax of one rate over the whole document; `percentage` is decimal text, None where it has no rate."""

    display_name: str
    percentage: str | None
    inclusive: bool
    taxable_amount: int | None
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxConversion:
    """The whole tax in another currency, of which `exchange_rate` units (decimal text) are one of the document's."""

    currency: str
    amount: int
    exchange_rate: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Discount:
    """What a coupon took off; it takes `percentage` (decimal text) or `amount_off` off, whichever is given."""

    name: str | None = None
    percentage: str | None = None
    amount_off: int | None = None
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LineTax:
    """A tax of one line or of shipping, for e-invoices: `reason` is the wire's `taxability_reason`.

    `percentage` (decimal text) and `tax_type` are those of its rate; None where the rate is unknown.
    """

    percentage: str | None = None
    tax_type: str | None = None
    inclusive: bool = False
    amount: int
    taxable_amount: int | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipping:
    """The cost of shipping, with the taxes that are within the price and without those on top.

    For e-invoices only: `net_amount` without any tax, `tax` and the `taxes` that it consists of.
    """

    display_name: str | None = None
    amount: int
    net_amount: int = 0
    tax: int = 0
    taxes: tuple[LineTax, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentLine:
    """A line of a document; `unit_amount_decimal` is decimal text of minor units, None when no single price applies.

    `amount` is before the line's own `discounts`; the subtotal is after them.

    For e-invoices only: `net_amount` is what is taxed, after every discount and without tax; `undiscounted_net_amount`
    is before the discounts. `taxes_given` says that the merchant set the `taxes` instead of the rates. `share_price` is
    the price per unit of a share of a period, which nobody would recognise on paper.
    """

    description: str
    amount: int
    quantity: int | None = None
    unit_amount_decimal: str | None = None
    period_start: date | None = None
    period_end: date | None = None
    tax_percentages: tuple[str, ...] = ()
    discounts: tuple[Discount, ...] = ()
    net_amount: int = 0
    undiscounted_net_amount: int = 0
    taxes: tuple[LineTax, ...] = ()
    taxes_given: bool = False
    share_price: str | None = None
    unit_label: str | None = None

    @property
    def discounted_amount(self) -> int:
        """What the line adds to the subtotal."""
        return self.amount - sum(discount.amount for discount in self.discounts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """Money received; `words` say how, in the language of the document: `Visa ending in 4242`."""

    paid_at: date
    amount: int
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Instalment:
    """A part of an invoice that is to be paid by a date of its own; `late` is one that was not."""

    due_date: date
    amount: int
    amount_remaining: int
    description: str = ""
    late: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectDebit:
    """By which direct debit an invoice is collected: `amount` on `collect_on`, by the mandate with this reference.

    Of the debited account there is its country (ISO code) and its last four characters. `creditor_id` is the seller's
    identifier as a creditor of the scheme.
    """

    amount: int
    collect_on: date
    country: str
    last4: str
    mandate: str
    creditor_id: str

    @property
    def masked_account(self) -> str:
        """The debited account as files name it, which have to name it and may not be opened for it."""
        return f"{self.country}****{self.last4}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AppliedCreditNote:
    """A credit note that lowered the amount due before payment; `amount` is positive."""

    number: str
    effective_at: date
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EInvoiceTerms:
    """What decides about e-invoices and their tax categories, as it was frozen with the document.

    `formats` are those that the merchant chose, None where it chose none itself; `seller_country` is the ISO code of
    the account; `untaxed` and `reverse_charge` are settings of the account, `tax_exempt` is the customer's.
    `tax_currency` is the second currency in which the tax has to be shown, whether or not a rate for it is known.
    With `legal_notes` the document carries the texts that the law requires.
    """

    formats: tuple[str, ...] | None = None
    seller_country: str | None = None
    untaxed: str | None = None
    reverse_charge: str | None = None
    tax_exempt: str = "none"
    tax_currency: str | None = None
    legal_notes: bool = False


#: Where nothing is said about e-invoices.
NO_TERMS = EInvoiceTerms()


def _join_present(separator: str, *parts: str | None) -> str:
    return separator.join(filter(None, parts))
