"""A bill as it will be, as a plain value: what pages and mails show of it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class BillLine:
    """A line of a bill; its amount is in minor units, before discounts and exclusive taxes."""

    description: str | None
    amount: int


@dataclass(frozen=True)
class BillPreview:
    """An invoice as it will be.

    `added_tax` comes on top, `included_tax` is contained in the lines. `applied` is the part of the customer
    balance: negative for credit that is used, positive for a debt that is billed along or for new credit.
    `due_date` is known for a finalized invoice only.
    """

    at: int
    currency: str
    lines: tuple[BillLine, ...]
    discount: int
    added_tax: int
    included_tax: int
    total: int
    applied: int
    amount_due: int
    due_date: int | None
