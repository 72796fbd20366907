"""The content of an e-invoice as plain values, after the business terms (BT) and groups (BG) of EN 16931.

Amounts are integer minor units of `currency`; prices per unit are `Decimal` in major units, as prices are finer
than amounts. Amounts of a credit note are positive.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeAddress:
    """BG-5, BG-8 and BG-15; `country` is an ISO code."""

    line1: str | None = None
    line2: str | None = None
    city: str | None = None
    postal_code: str | None = None
    state: str | None = None
    country: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trader:
    """BG-4 and BG-7. `endpoint` is (scheme of the EAS list, identifier), as in `("0204", "991-12345-67")`.

    `register_scheme` is that of the `register_number` (ICD list), where its country has one. `register_remark` is what
    Norwegian law wants beside it.
    `identifier` (BT-29) is the tax number of a seller that has neither VAT identifier nor register number.
    """

    name: str
    address: TradeAddress
    vat_id: str | None = None
    tax_number: str | None = None
    register_number: str | None = None
    register_scheme: str | None = None
    register_remark: str | None = None
    identifier: str | None = None
    endpoint: tuple[str, str] | None = None
    contact: str | None = None
    phone: str | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VatCategory:
    """A VAT category of UNCL5305 with its rate (BT-151, BT-152); category `O` has no rate."""

    code: str
    rate: Decimal | None
    reason: str | None = None
    reason_code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeItem:
    """BG-25. `net` = quantity x price - allowance, rounded to minor units; a price is never negative (BR-27)."""

    name: str
    quantity: int
    unit: str
    price: Decimal
    allowance: int
    net: int
    category: VatCategory
    start: date | None = None
    end: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeCharge:
    """BG-21: shipping."""

    amount: int
    reason: str
    category: VatCategory


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeTax:
    """BG-23: what is taxed in one category at one rate."""

    category: VatCategory
    taxable: int
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BankAccount:
    """BG-17: where to pay."""

    holder: str
    iban: str
    bic: str | None
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectedBy:
    """BG-19: the direct debit by which it is collected. `account` (BT-91) is masked."""

    mandate: str
    creditor_id: str
    account: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxCurrency:
    """BT-6 and BT-111: the whole tax in the currency of its state; `amount` is decimal text of major units."""

    currency: str
    amount: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """An invoice (type 380), or a credit note (381) that names the invoice it corrects.

    It is paid to the `bank`, or collected by the `debit`, of which `terms` (BT-20) tell in words.
    `subject_notes` are (code of UNTDID 4451, text). `process` is the kind of business (BT-23), which French ones say.
    """

    credit: bool
    number: str
    issued: date
    currency: str
    exponent: int
    seller: Trader
    buyer: Trader
    items: tuple[TradeItem, ...]
    taxes: tuple[TradeTax, ...]
    charges: tuple[TradeCharge, ...] = ()
    deliver_to: TradeAddress | None = None
    delivered: date | None = None
    start: date | None = None
    end: date | None = None
    due: date | None = None
    buyer_reference: str | None = None
    purchase_order: str | None = None
    corrects: tuple[str, date] | None = None
    notes: tuple[str, ...] = ()
    subject_notes: tuple[tuple[str, str], ...] = ()
    process: str | None = None
    bank: BankAccount | None = None
    debit: CollectedBy | None = None
    terms: str | None = None
    tax_total: int
    tax_currency: TaxCurrency | None = None
    total: int
    remaining: int

    @property
    def net_total(self) -> int:
        """BT-106: the sum of the items."""
        return sum(item.net for item in self.items)

    @property
    def charge_total(self) -> int:
        """BT-108."""
        return sum(charge.amount for charge in self.charges)

    @property
    def tax_basis(self) -> int:
        """BT-109: the total without tax."""
        return self.net_total + self.charge_total

    @property
    def prepaid_amount(self) -> int:
        """BT-113: what payments and the customer's credit already cover."""
        return self.total - self.remaining

    def decimal_text(self, amount: int) -> str:
        """An amount in minor units as decimal text of major units."""
        return f"{Decimal(amount).scaleb(-self.exponent):f}"
