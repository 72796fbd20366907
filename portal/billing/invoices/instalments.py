"""The parts of an invoice that are due on dates of their own (`amounts_due`, as in the reference's payment plans)."""

from typing import Any

from portal import clock
from portal.billing.invoices.params import UpdateInvoice
from portal.errors import InvalidRequest
from portal.models import Invoice
from portal.rules import instalments

MOST_PARTS = 60


def apply(invoice: Invoice, command: UpdateInvoice) -> None:
    """Note the parts of a draft, or clear them. Raises `InvalidRequest` for parts that say no date, or two."""
    if not command.was_sent("amounts_due"):
        return
    if len(command.amounts_due) > MOST_PARTS:
        raise InvalidRequest(f"You can have up to {MOST_PARTS} amounts_due.", param="amounts_due")
    for name in ("due_date", "days_until_due"):
        if command.amounts_due and getattr(command, name) is not None:
            raise InvalidRequest(f"You may only specify one of these parameters: amounts_due, {name}.", param=name)
    for index, each in enumerate(command.amounts_due):
        if (each.days_until_due is None) == (each.due_date is None):
            raise InvalidRequest("Specify either days_until_due or due_date.", param=f"amounts_due[{index}]")
    invoice.amounts_due = [each.model_dump() for each in command.amounts_due] or None
    if invoice.amounts_due:
        invoice.due_date = invoice.days_until_due = None


def refuse_other_sum(invoice: Invoice) -> None:
    """Raises `InvalidRequest` where the parts are another sum than the total."""
    found = sum(each["amount"] for each in invoice.amounts_due or ())
    if invoice.amounts_due and found != invoice.total:
        raise InvalidRequest(
            f"The sum of amounts_due ({found}) must be the total of the invoice ({invoice.total}).", param="amounts_due"
        )


def fix_dates(invoice: Invoice, *, now: int) -> None:
    """Give an invoice that is finalized its date, and each of its parts, whose sum has to be its total."""
    if invoice.amounts_due is None:
        if invoice.due_date is None and invoice.collection_method == "send_invoice":
            invoice.due_date = now + (invoice.days_until_due or 0) * clock.DAY
        return
    refuse_other_sum(invoice)
    invoice.amounts_due = sorted(
        (_give_date(each, now) for each in invoice.amounts_due), key=lambda each: each["due_date"]
    )
    invoice.due_date = invoice.amounts_due[0]["due_date"]


def bill_earlier_balance(invoice: Invoice) -> None:
    """What was owed before and is billed along is due with the first part."""
    if invoice.amounts_due and invoice.amount_due > invoice.total:
        first, *others = invoice.amounts_due
        invoice.amounts_due = [{**first, "amount": first["amount"] + invoice.amount_due - invoice.total}, *others]


def is_charged(invoice: Invoice) -> bool:
    """Whether the parts of an invoice are charged by themselves, each on its date."""
    return bool(invoice.amounts_due and invoice.auto_advance and invoice.collection_method == "charge_automatically")


def note_dates(invoice: Invoice, *, now: int) -> None:
    """Note the parts whose date has come."""
    if invoice.amounts_due:
        remaining = invoice.amount_remaining
        invoice.amounts_due = instalments.note_dates(invoice.amounts_due, remaining, now)
        invoice.amount_next = instalments.next_amount(invoice.amounts_due, remaining)


def due_by(invoice: Invoice, moment: int) -> int:
    """What is to be paid of an invoice until a moment."""
    return instalments.due_by(invoice.amounts_due, invoice.amount_remaining, moment)


def _give_date(part: dict[str, Any], now: int) -> dict[str, Any]:
    days = part["days_until_due"]
    due = part["due_date"] if days is None else now + days * clock.DAY
    return {**part, "due_date": due, "fell_due": False, "paid_at": None}
