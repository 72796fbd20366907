"""Completes imported records from other objects: the price of a line, the parties of a credit note."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy.orm import Session

from portal.db import rows_by_id, scope_of
from portal.models import Invoice, Price
from portal.objects.catalogue import frozen_price
from portal.transfer.records import TransferRecord


def complete_records(db: Session, found: Sequence[TransferRecord]) -> list[TransferRecord]:
    """The records, completed with values that are stored on other rows."""
    _fill_prices(db, [each for each in found if each.type == "invoice"])
    return _with_parties(db, found)


def _fill_prices(db: Session, invoices: Sequence[TransferRecord]) -> None:
    """Set the whole price on lines; the newer wire gives only its id."""
    lines = [line for each in invoices for line in each.parts if line.get("price_id") and not _has_whole_price(line)]
    prices = rows_by_id(db, Price, sorted({line["price_id"] for line in lines}))
    for line in lines:
        if line["price_id"] in prices:
            line["price"] = frozen_price(prices[line["price_id"]], scope_of(db).livemode)


def _has_whole_price(line: Mapping[str, Any]) -> bool:
    price = line.get("price")
    return bool(price and (price["plan"] or not price["price"].get("recurring")))


def _with_parties(db: Session, found: Sequence[TransferRecord]) -> list[TransferRecord]:
    """Set each credit note's seller and buyer from its invoice, which may be in the same batch."""
    notes = [each for each in found if each.type == "credit_note" and not each.row.get("buyer")]
    if not notes:
        return list(found)
    parties = {each.id: (each.row["seller"], each.row["buyer"]) for each in found if each.type == "invoice"}
    stored = rows_by_id(db, Invoice, sorted({each.row["invoice_id"] for each in notes} - set(parties)))
    parties |= {id: (row.seller, row.buyer) for id, row in stored.items()}
    ids = {each.id for each in notes}
    # in a dry run the invoice itself was not kept
    return [
        _replace_parties(each, *parties.get(each.row["invoice_id"], ({}, {}))) if each.id in ids else each
        for each in found
    ]


def _replace_parties(note: TransferRecord, seller: object, buyer: object) -> TransferRecord:
    return replace(note, row={**note.row, "seller": seller, "buyer": buyer})
