"""What an imported object takes from others: the price of a line, the parties of a credit note."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy.orm import Session

from portal.db import among, scope_of
from portal.models import Invoice, Price
from portal.objects.catalogue import frozen_price
from portal.transfer.records import Record


def completed(db: Session, found: Sequence[Record]) -> list[Record]:
    """The records with what stands on other rows and not on theirs."""
    _fill_prices(db, [each for each in found if each.type == "invoice"])
    return _with_parties(db, found)


def _fill_prices(db: Session, invoices: Sequence[Record]) -> None:
    """The newer wire names a line's price by its id alone."""
    lines = [line for each in invoices for line in each.parts if line.get("price_id") and not _is_whole(line)]
    prices = among(db, Price, sorted({line["price_id"] for line in lines}))
    for line in lines:
        if line["price_id"] in prices:
            line["price"] = frozen_price(prices[line["price_id"]], scope_of(db).livemode)


def _is_whole(line: Mapping[str, Any]) -> bool:
    price = line.get("price")
    return bool(price and (price["plan"] or not price["price"].get("recurring")))


def _with_parties(db: Session, found: Sequence[Record]) -> list[Record]:
    """A credit note's seller and buyer are those of its invoice, which may come in the same batch."""
    notes = [each for each in found if each.type == "credit_note" and not each.row.get("buyer")]
    if not notes:
        return list(found)
    parties = {each.id: (each.row["seller"], each.row["buyer"]) for each in found if each.type == "invoice"}
    stored = among(db, Invoice, sorted({each.row["invoice_id"] for each in notes} - set(parties)))
    parties |= {id: (row.seller, row.buyer) for id, row in stored.items()}
    ids = {each.id for each in notes}
    # in a dry run the invoice itself was not kept
    return [_with(each, *parties.get(each.row["invoice_id"], ({}, {}))) if each.id in ids else each for each in found]


def _with(note: Record, seller: object, buyer: object) -> Record:
    return replace(note, row={**note.row, "seller": seller, "buyer": buyer})
