"""The money that a credit note gives back: refunds that it makes, and ones that were made before."""

from sqlalchemy.orm import Session

from portal.billing.credit_notes.params import CreateCreditNote
from portal.billing.refunds import refunds, sources
from portal.billing.refunds.sources import Source
from portal.db import lock_row, rows_by_id
from portal.errors import InvalidRequest, ResourceMissing
from portal.models import CreditNote, Invoice, Refund

#: What a refund says of the reason of its credit note, where it has a word for that.
_REASONS = {"duplicate": "duplicate", "fraudulent": "fraudulent"}


def refunded_amount(db: Session, invoice: Invoice, command: CreateCreditNote) -> int:
    """How much of a credit note goes back in money. Raises `InvalidRequest` and `ResourceMissing`."""
    _plan(db, invoice, command.refund_amount or 0)
    return (command.refund_amount or 0) + sum(each.amount for each in _linked(db, invoice, command))


def give_back(db: Session, note: CreditNote, invoice: Invoice, command: CreateCreditNote, *, now: int) -> None:
    """Make the refunds of a credit note, and note those that belong to it; the invoice is locked."""
    linked = [lock_row(db, Refund, each.id, noun=refunds.NOUN) for each in _linked(db, invoice, command)]
    for refund in linked:
        refund.credit_note_id = note.id
    made = [
        refunds.begin(db, source, amount, reason=_REASONS.get(note.reason or ""), credit_note_id=note.id, now=now)
        for source, amount in _plan(db, invoice, command.refund_amount or 0)
    ]
    note.refunds = describe([*linked, *made])


def describe_linked(db: Session, invoice: Invoice, command: CreateCreditNote) -> list[dict[str, int | str]]:
    """What a credit note keeps of the refunds that it is made of, as long as it has made none."""
    return describe(_linked(db, invoice, command))


def describe(found: list[Refund]) -> list[dict[str, int | str]]:
    """What a credit note keeps of refunds."""
    return [{"refund": each.id, "amount_refunded": each.amount} for each in found]


def _plan(db: Session, invoice: Invoice, amount: int) -> list[tuple[Source, int]]:
    """Of which payments an amount is given back: of the newest first. Raises `InvalidRequest` where it is too much."""
    planned, left = [], amount
    for source in sources.list_of_invoice(db, invoice) if amount else []:
        part = min(left, source.left)
        if part:
            planned.append((source, part))
        left -= part
    if left:
        raise InvalidRequest(
            f"Of the payments of this invoice {amount - left} can be refunded from here. Record money given back"
            " elsewhere as out_of_band_amount.",
            param="refund_amount",
        )
    return planned


def _linked(db: Session, invoice: Invoice, command: CreateCreditNote) -> list[Refund]:
    named = [each.refund or "" for each in command.refunds]
    found = rows_by_id(db, Refund, [id for id in named if id])
    for index, sent in enumerate(command.refunds):
        _refuse_foreign(found.get(named[index]), invoice, f"refunds[{index}]", named[index])
        if sent.amount_refunded not in {None, found[named[index]].amount}:
            raise InvalidRequest(
                f"A refund belongs to one credit note, whole: its amount is {found[named[index]].amount}.",
                param=f"refunds[{index}][amount_refunded]",
            )
        if named.index(named[index]) != index:
            raise InvalidRequest("This refund is named twice.", param=f"refunds[{index}][refund]")
    return [found[id] for id in named]


def _refuse_foreign(refund: Refund | None, invoice: Invoice, param: str, id: str) -> None:
    if refund is None or refund.invoice_id != invoice.id:
        raise ResourceMissing("refund of this invoice", id, param=f"{param}[refund]")
    if refund.credit_note_id is not None:
        raise InvalidRequest(
            f"This refund belongs to the credit note '{refund.credit_note_id}'.", param=f"{param}[refund]"
        )
    if refund.status == "failed":
        raise InvalidRequest("This refund has failed.", param=f"{param}[refund]")
