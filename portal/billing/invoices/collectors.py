"""The seam to whoever collects payments: what billing asks, and the one answer of today.

Billing decides when an invoice is to be paid and what the result means for the invoice and its subscription.
A collector decides whether a customer can be charged, and charges. A direct debit or a card provider is a second
implementation of `Collector`; no use case changes for it.
"""

from dataclasses import dataclass
from typing import Literal, Protocol

from sqlalchemy.orm import Session

from portal.billing.ledger.locks import Billed
from portal.errors import InvalidRequest
from portal.models import Customer, Invoice, PaymentRecord, Subscription
from portal.rules import instalments


@dataclass(frozen=True)
class Attempt:
    """The result of an attempt to collect an invoice; `state` is a status of the wire's payment intents.

    `record` is the payment of a `succeeded` attempt. `reason` says why an attempt waits for the customer or the
    merchant, as the end of a sentence in English.
    """

    state: Literal["processing", "requires_action", "requires_payment_method", "succeeded"]
    record: PaymentRecord | None = None
    reason: str = ""

    @property
    def is_stuck(self) -> bool:
        """Whether nothing is paid until somebody acts; of a `processing` attempt the result comes by itself."""
        return self.state in {"requires_action", "requires_payment_method"}


class Collector(Protocol):
    """Collects the invoices of an account that are charged automatically.

    Each method runs in the caller's transaction, with the customer's row locked, and may read and write rows of it.
    None talks to a network: previews call them too and are rolled back, and so is a call that raises. A provider
    that is asked by network notes its task in a row, answers `processing`, and lets a worker do it; the worker then
    calls `payments.attach` with the record of a payment that succeeded, or `statuses.mark_overdue` after one that
    failed.
    """

    def has_payment_method(self, db: Session, customer: Customer, subscription: Subscription | None) -> bool:
        """Whether there is something to charge for this subscription, or for the customer's other invoices.

        Called when a trial ends, and when the merchant has an invoice paid by hand. Raises nothing.
        """

    def collect(self, db: Session, billed: Billed, *, now: int) -> Attempt:
        """Try to collect what remains of an open invoice.

        Called when an invoice is finalized that is charged automatically, and when the merchant has one paid by
        hand. An attempt that `succeeded` returns the record of a payment of `amount_remaining`, added to `db`; the
        caller applies it and changes the statuses. Raises nothing: a refusal is an attempt with a `reason`.
        """

    def latest_attempt(self, db: Session, invoice: Invoice) -> Attempt:
        """The state of the latest attempt to collect an open invoice; without any it `requires_payment_method`.

        Called after `collect` within the same transaction or later, to decide the status of the subscription.
        Raises nothing.
        """


class OutsideCollector:
    """Charges nothing: payments are made elsewhere and recorded here (docs/decisions/0008)."""

    _ATTEMPT = Attempt("requires_payment_method", reason="this customer has no payment method here.")

    def has_payment_method(self, db: Session, customer: Customer, subscription: Subscription | None) -> bool:
        """Nobody has one."""
        return False

    def collect(self, db: Session, billed: Billed, *, now: int) -> Attempt:
        """Each attempt lacks a payment method."""
        return self._ATTEMPT

    def latest_attempt(self, db: Session, invoice: Invoice) -> Attempt:
        """Each attempt lacks a payment method."""
        return self._ATTEMPT


def collector_of(db: Session) -> Collector:
    """The collector of a session: the one its database was opened with (`Database(info=…)`), else payments outside."""
    found: Collector = db.info.get("collector") or OutsideCollector()
    return found


def is_ahead(invoice: Invoice, *, now: int) -> bool:
    """Whether nothing of an invoice is due yet, as its next part has a later date."""
    return bool(invoice.amounts_due) and not instalments.due_by(invoice.amounts_due, invoice.amount_remaining, now)


def refuse_ahead(invoice: Invoice, *, now: int) -> None:
    """Raises `InvalidRequest` where nothing of an invoice is due yet."""
    if is_ahead(invoice, now=now):
        raise InvalidRequest("Nothing of this invoice is due yet: each of its amounts_due is charged on its due_date.")


def stuck_attempt(db: Session, invoice: Invoice) -> Attempt | None:
    """The attempt by which an open invoice stays unpaid until somebody acts; None for other invoices."""
    attempt = collector_of(db).latest_attempt(db, invoice) if invoice.status == "open" else None
    return attempt if attempt and attempt.is_stuck else None
