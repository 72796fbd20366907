"""Corrections by customers, within the limits of their configuration."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from portal import zones
from portal.billing.corrections.corrections import correct
from portal.billing.corrections.obstacles import NotCorrectable, find_obstacle
from portal.billing.corrections.params import CorrectInvoice
from portal.billing.customer_portal.correction_outcomes import CorrectionOutcome, find_outcome
from portal.models import Invoice
from portal.models.document_days import issue_day
from portal.rules import permissions
from portal.rules.corrections import printed_name
from portal.rules.e_invoice_fields import buyer_references
from portal.rules.permissions import Features


@dataclass(frozen=True)
class PrintedBuyer:
    """What an invoice says of its buyer, as far as it can be corrected; `tax_id` has `type` and `value`."""

    name: str
    address: dict[str, Any]
    tax_id: dict[str, str] | None
    purchase_order: str | None

    @property
    def country(self) -> str | None:
        """The country, which stays what it is."""
        return self.address.get("country")


@dataclass(frozen=True)
class CorrectionPreview:
    """What a correction makes, in minor units: `credited` of a paid invoice, and what is to be paid of the new one."""

    credited: int
    total: int
    amount_due: int
    currency: str
    outcome: CorrectionOutcome


def may_correct(db: Session, features: Features, invoice: Invoice, *, now: int) -> bool:
    """Whether a customer can correct an invoice now."""
    if not permissions.may_correct_invoices(features):
        return False
    today, issued_on = zones.day_of(now, zones.of_document(invoice.seller)), issue_day(invoice)
    if issued_on is None:
        return False
    allowed = permissions.correction_limits(features).allow(issued_on, today, find_printed(invoice).country)
    return allowed and find_obstacle(db, invoice) is None


def list_fields(features: Features, printed: PrintedBuyer) -> list[str]:
    """What can be corrected: an address only in a country that is known, as it stays the same."""
    asked: list[str] = features["invoice_correction"]["fields"]
    return [name for name in asked if name != "address" or printed.country]


def find_printed(invoice: Invoice) -> PrintedBuyer:
    """What an invoice says of its buyer."""
    buyer = invoice.buyer or {}
    return PrintedBuyer(
        name=printed_name(buyer),
        address=buyer.get("address") or {},
        tax_id=next(iter(buyer.get("tax_ids") or ()), None),
        purchase_order=buyer_references(invoice.custom_fields, buyer)["purchase_order"],
    )


def correct_allowed(db: Session, features: Features, invoice: Invoice, command: CorrectInvoice, *, now: int) -> Invoice:
    """The new invoice. Raises `NotCorrectable` where a customer can't correct it now, and as `correct` does."""
    if not may_correct(db, features, invoice, now=now):
        raise NotCorrectable("corrected")
    return correct(db, invoice, command, now=now)


def preview(db: Session, invoice: Invoice, command: CorrectInvoice, *, now: int) -> CorrectionPreview:
    """Correct it, in a session that the caller rolls back. Raises as `correct` does."""
    new = correct(db, invoice, command, now=now)
    db.flush()
    outcome, credited = find_outcome(db, new), invoice.post_payment_credit_notes_amount
    return CorrectionPreview(credited, new.total, new.amount_due, new.currency, outcome)
