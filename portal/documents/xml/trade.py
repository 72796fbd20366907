"""What an e-invoice says, in the semantic model of EN 16931: its business terms (BT) and groups (BG) as plain values.

Amounts are integer minor units of `currency`; prices per unit are `Decimal` in major units, as prices are finer
than amounts. Amounts of a credit note are positive.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """BG-5, BG-8 and BG-15; `country` is an ISO code."""

    line1: str | None = None
    line2: str | None = None
    city: str | None = None
    postal_code: str | None = None
    state: str | None = None
    country: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trader:
    """BG-4 and BG-7. `endpoint` is (scheme of the EAS list, identifier), as in `("0204", "991-12345-67")`."""

    name: str
    address: Address
    vat_id: str | None = None
    tax_number: str | None = None
    register_number: str | None = None
    endpoint: tuple[str, str] | None = None
    contact: str | None = None
    phone: str | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """A VAT category of UNCL5305 with its rate (BT-151, BT-152); no rate where none can be (`O`)."""

    code: str
    rate: Decimal | None
    reason: str | None = None
    reason_code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """BG-25. `net` = quantity x price - allowance; the price is never negative (BR-27), the quantity may be."""

    name: str
    quantity: int
    unit: str
    price: Decimal
    allowance: int
    net: int
    category: Category
    start: date | None = None
    end: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """BG-21: shipping."""

    amount: int
    reason: str
    category: Category


@dataclass(frozen=True, slots=True, kw_only=True)
class Tax:
    """BG-23: what is taxed in one category at one rate."""

    category: Category
    taxable: int
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Bank:
    """BG-17: where to pay."""

    holder: str
    iban: str
    bic: str | None
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxCurrency:
    """BT-6 and BT-111: the whole tax in the currency of its state; `amount` is decimal text of major units."""

    currency: str
    amount: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """An invoice (type 380), or a credit note (381) that names the invoice it corrects."""

    credit: bool
    number: str
    issued: date
    currency: str
    exponent: int
    seller: Trader
    buyer: Trader
    items: tuple[Item, ...]
    taxes: tuple[Tax, ...]
    charges: tuple[Charge, ...] = ()
    deliver_to: Address | None = None
    delivered: date | None = None
    start: date | None = None
    end: date | None = None
    due: date | None = None
    buyer_reference: str | None = None
    purchase_order: str | None = None
    corrects: tuple[str, date] | None = None
    notes: tuple[str, ...] = ()
    bank: Bank | None = None
    tax_total: int
    tax_currency: TaxCurrency | None = None
    total: int
    remaining: int

    @property
    def net(self) -> int:
        """BT-106: the sum of the items."""
        return sum(item.net for item in self.items)

    @property
    def charged(self) -> int:
        """BT-108."""
        return sum(charge.amount for charge in self.charges)

    @property
    def basis(self) -> int:
        """BT-109: the total without tax."""
        return self.net + self.charged

    @property
    def prepaid(self) -> int:
        """BT-113: what payments, credit and credit notes already cover."""
        return self.total - self.remaining

    def major(self, amount: int) -> str:
        """An amount in minor units as decimal text of major units."""
        return f"{Decimal(amount).scaleb(-self.exponent):f}"
