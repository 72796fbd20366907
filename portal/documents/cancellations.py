"""The document values of cancellations and withdrawals: what was received when, the end, and what is settled."""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from portal.documents.values import DocumentBase


@dataclass(frozen=True, slots=True, kw_only=True)
class UnpaidBill:
    """An invoice that stays to be paid; `number` is None where it is still being made."""

    amount: int
    number: str | None = None
    due_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CancellationDocument(DocumentBase):
    """The confirmation of a cancellation; `effective_at` and `received_at` (with the zone) say when it was received.

    `feedback` is a reason in the wire's words, `reason` one in the merchant's, `comment` is the customer's. `last_bill`
    is made on `last_bill_on`, None where none is. `credit` lowers the next invoices, `charge` comes with the next one.
    """

    kind: ClassVar[str] = "cancellation"

    plan: str
    subscription: str
    received_at: str
    ends_on: date
    at_once: bool = False
    feedback: str | None = None
    reason: str | None = None
    comment: str | None = None
    last_bill: int | None = None
    last_bill_on: date | None = None
    credit: int = 0
    charge: int = 0
    unpaid: tuple[UnpaidBill, ...] = ()

    @property
    def is_settled(self) -> bool:
        """Whether nothing is to be paid or given back any more."""
        return not (self.last_bill or self.credit or self.charge or self.unpaid)


@dataclass(frozen=True, slots=True, kw_only=True)
class CancellationNoticeDocument(DocumentBase):
    """The receipt of a notice of cancellation, as it was declared; whose contract it is about is not looked at.

    `effective_at` and `received_at` (with the zone) say when it was received; `reference` is the number as typed,
    `wanted_on` the day of the end that was asked for, None for the soonest. `withdrawal` marks one from the contract.
    """

    kind: ClassVar[str] = "cancellation_notice"

    received_at: str
    reference: str
    extraordinary: bool = False
    reason: str | None = None
    wanted_on: date | None = None
    withdrawal: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawalDocument(DocumentBase):
    """The receipt of a consumer's withdrawal from a contract: what was declared by whom and when, and what follows.

    `effective_at` and `received_at` (with the zone) say when it was received. `refunded` goes back the way it was paid,
    `credited` lowers next invoices, `waived` was open; with `prorated` the time that was used is kept. `credit_notes`
    are numbers.
    """

    kind: ClassVar[str] = "withdrawal"

    plan: str
    subscription: str
    received_at: str
    concluded_on: date
    refunded: int = 0
    credited: int = 0
    waived: int = 0
    prorated: bool = False
    credit_notes: tuple[str, ...] = ()
