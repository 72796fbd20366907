"""Parameters of credit notes and their lines."""

from typing import Annotated, Literal

from portal.wire.commands import (
    MAX_AMOUNT,
    Amount,
    Clearable,
    Command,
    ExactDecimal,
    ExpandableCommand,
    Id,
    ListCommand,
    ListOf,
    Metadata,
    PositiveAmount,
    Text,
    Timestamp,
    TimestampFilter,
    integer_between,
)


class CreditNoteLineData(Command):
    """A line: a part of an invoice line by amount or quantity, or a custom one."""

    type: Literal["custom_line_item", "invoice_line_item"]
    amount: Amount | None = None
    description: Text | None = None
    invoice_line_item: Id | None = None
    metadata: Metadata = {}
    quantity: Annotated[int, integer_between(1, 999_999_999)] | None = None
    tax_rates: ListOf[Id] = []
    unit_amount: PositiveAmount | None = None
    unit_amount_decimal: ExactDecimal | None = None


class UpdateCreditNote(ExpandableCommand):
    memo: Clearable[Text] = None
    metadata: Metadata = {}


class ShippingCost(Command):
    """The whole shipping cost of the invoice, named by its rate."""

    shipping_rate: Id | None = None


class PaymentRecordRefund(Command):
    """A refund that was reported of a payment, by the reference that it was reported by."""

    payment_record: Id
    refund_group: Id


class Refund(Command):
    """A refund that was made before: it belongs to one credit note, whole."""

    amount_refunded: PositiveAmount | None = None
    payment_record_refund: PaymentRecordRefund | None = None
    refund: Id | None = None
    type: Literal["payment_record_refund", "refund"] = "refund"


class CreateCreditNote(UpdateCreditNote):
    """A credit by its total or by lines; of a paid invoice the parts say where the money goes."""

    invoice: Id
    amount: Annotated[int, integer_between(1, MAX_AMOUNT)] | None = None
    credit_amount: PositiveAmount | None = None
    effective_at: Timestamp | None = None
    email_type: Literal["credit_note", "none"] = "none"
    lines: ListOf[CreditNoteLineData] = []
    out_of_band_amount: PositiveAmount | None = None
    reason: Literal["duplicate", "fraudulent", "order_change", "product_unsatisfactory"] | None = None
    refund_amount: PositiveAmount | None = None
    refunds: ListOf[Refund] = []
    shipping_cost: ShippingCost | None = None


class PreviewCreditNoteLines(CreateCreditNote, ListCommand):
    """A page of the lines that such a credit note would have."""


class ListCreditNotes(ListCommand):
    created: TimestampFilter = None
    customer: Id | None = None
    invoice: Id | None = None
