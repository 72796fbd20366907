"""The money that a credit note gives back: refunds that it makes, and ones that were made before."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.billing.credit_notes.params import CreateCreditNote
from portal.billing.credit_notes.params import Refund as SentRefund
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


def describe_linked(db: Session, invoice: Invoice, command: CreateCreditNote) -> list[dict[str, Any]]:
    """What a credit note keeps of the refunds that it is made of, as long as it has made none."""
    return describe(_linked(db, invoice, command))


def describe(found: list[Refund]) -> list[dict[str, Any]]:
    """What a credit note keeps of refunds."""
    return [_describe(each) for each in found]


def _describe(refund: Refund) -> dict[str, Any]:
    kept = {"refund": refund.id, "amount_refunded": refund.amount}
    if refund.reference is None:
        return kept
    group = {"payment_record": refund.payment_record_id, "refund_group": refund.reference}
    return {**kept, "payment_record_refund": group}


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
    named = [_find_id(db, each, f"refunds[{index}]") for index, each in enumerate(command.refunds)]
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


def _find_id(db: Session, sent: SentRefund, param: str) -> str:
    """The id of a refund that is named by itself, or by the payment record and reference that it was reported by."""
    wanted = sent.payment_record_refund
    if (wanted is not None) != (sent.type == "payment_record_refund"):
        raise InvalidRequest(
            "Send payment_record_refund with type=payment_record_refund, and only then.",
            param=f"{param}[payment_record_refund]",
        )
    if wanted is None:
        return sent.refund or ""
    mine = (Refund.payment_record_id == wanted.payment_record, Refund.reference == wanted.refund_group)
    found = db.scalar(select(Refund.id).where(*mine))
    if found is None:
        raise ResourceMissing(
            "refund of this payment record", wanted.refund_group, param=f"{param}[payment_record_refund]"
        )
    return found


def _refuse_foreign(refund: Refund | None, invoice: Invoice, param: str, id: str) -> None:
    if refund is None or refund.invoice_id != invoice.id:
        raise ResourceMissing("refund of this invoice", id, param=f"{param}[refund]")
    if refund.credit_note_id is not None:
        raise InvalidRequest(
            f"This refund belongs to the credit note '{refund.credit_note_id}'.", param=f"{param}[refund]"
        )
    if refund.status in {"canceled", "failed"}:
        raise InvalidRequest(f"This refund has the status {refund.status}.", param=f"{param}[refund]")
