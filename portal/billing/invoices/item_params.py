"""Parameters of invoice items, and of the invoice lines that they make."""

from typing import Annotated, Literal

from portal.billing.catalogue import one_off_prices
from portal.billing.catalogue.pricing import TaxBehavior
from portal.billing.discounts.discounts import DiscountSources
from portal.wire.commands import (
    Amount,
    Clearable,
    Command,
    Country,
    Currency,
    ExactDecimal,
    ExpandableCommand,
    Flag,
    Id,
    ListCommand,
    ListOf,
    Metadata,
    OnlyEmpty,
    Quantity,
    Text,
    Timestamp,
    TimestampFilter,
    WholeDecimal,
    text_up_to,
)


class TaxRateData(Command):
    """Describes a tax; the same description again is the same tax rate."""

    country: Country | None = None
    description: Text | None = None
    display_name: Annotated[str, text_up_to(50)]
    inclusive: Flag
    jurisdiction: Annotated[str, text_up_to(50)] | None = None
    percentage: ExactDecimal
    state: Annotated[str, text_up_to(50)] | None = None
    tax_type: Annotated[str, text_up_to(50)] | None = None


class TaxAmountData(Command):
    """A tax as the merchant has computed it, in minor units."""

    amount: Amount
    tax_rate_data: TaxRateData
    taxability_reason: (
        Literal[
            "customer_exempt",
            "not_collecting",
            "not_subject_to_tax",
            "not_supported",
            "portion_product_exempt",
            "portion_reduced_rated",
            "portion_standard_rated",
            "product_exempt",
            "product_exempt_holiday",
            "proportionally_rated",
            "reduced_rated",
            "reverse_charge",
            "standard_rated",
            "taxable_basis_reduced",
            "zero_rated",
        ]
        | None
    ) = None
    taxable_amount: Amount


class Period(Command):
    start: Timestamp
    end: Timestamp


class Pricing(Command):
    """The newer wire's way to name a price."""

    price: Id


class UpdateInvoiceItem(ExpandableCommand):
    """The price of an item is sent in one way only: amount, unit amount, price or inline price."""

    amount: Amount | None = None
    description: Clearable[Text] = None
    discountable: Flag | None = None
    discounts: DiscountSources = []
    invoicing_rules: OnlyEmpty = None
    metadata: Metadata = {}
    period: Period | None = None
    price: Id | None = None
    price_data: one_off_prices.OneOffPriceData | None = None
    pricing: Pricing | None = None
    quantity: Quantity | None = None
    quantity_decimal: WholeDecimal | None = None
    # taxes come from tax rates; these two only say what a computed tax would be
    tax_behavior: TaxBehavior | None = None
    tax_code: Clearable[Id] = None
    tax_rates: ListOf[Id] = []
    unit_amount: Amount | None = None
    unit_amount_decimal: ExactDecimal | None = None


class CreateInvoiceItem(UpdateInvoiceItem):
    """Without `invoice` the item waits for the next one."""

    customer: Id
    currency: Currency | None = None
    invoice: Id | None = None
    subscription: Id | None = None


class ListInvoiceItems(ListCommand):
    created: TimestampFilter = None
    customer: Id | None = None
    invoice: Id | None = None
    pending: Flag | None = None


class LineChange(Command):
    """What can change of a line; of a line of a subscription its amount can not."""

    amount: Amount | None = None
    description: Clearable[Text] = None
    discountable: Flag | None = None
    discounts: DiscountSources = []
    metadata: Metadata = {}
    period: Period | None = None
    price_data: one_off_prices.OneOffPriceData | None = None
    pricing: Pricing | None = None
    quantity: Quantity | None = None
    quantity_decimal: WholeDecimal | None = None
    tax_amounts: ListOf[TaxAmountData] = []
    tax_rates: ListOf[Id] = []


class NewLine(LineChange):
    """A new item, or one that waits (`invoice_item`)."""

    invoice_item: Id | None = None


class ChangedLine(LineChange):
    id: Id


class RemovedLine(Command):
    """The item of the line is deleted, or waits for the next invoice again (`unassign`)."""

    id: Id
    behavior: Literal["delete", "unassign"]


class LinesCommand(ExpandableCommand):
    invoice_metadata: Metadata = {}


class AddLines(LinesCommand):
    lines: ListOf[NewLine]


class UpdateLines(LinesCommand):
    lines: ListOf[ChangedLine]


class RemoveLines(LinesCommand):
    lines: ListOf[RemovedLine]


class UpdateLine(LineChange, ExpandableCommand):
    pass
