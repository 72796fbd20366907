"""Which e-invoices a document is offered as, what each still lacks, and their content.

The seller's frozen settings name the formats; an account that never chose is offered Factur-X.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.billing.credit_notes import credit_notes
from portal.billing.ledger import totals
from portal.db import find
from portal.documents.xml import build, cii, parties, ubl
from portal.documents.xml.build import Outcome
from portal.documents.xml.trade import Trade
from portal.errors import ResourceMissing
from portal.models import CreditNote, Invoice
from portal.wire.shape import Context

DEFAULT = ("factur_x",)
PDF, XML = "application/pdf", "application/xml"
_WRITERS: dict[str, Callable[[Trade], bytes]] = {
    "factur_x": cii.xml,
    "peppol": partial(ubl.xml, profile="peppol"),
    "xrechnung": partial(ubl.xml, profile="xrechnung"),
}


@dataclass(frozen=True)
class Offer:
    """A format of a document; it can be had where nothing is missing."""

    format: str
    missing: tuple[str, ...]


def of(db: Session, row: Invoice | CreditNote) -> list[Offer]:
    """The formats of a finalized document, in the account's order."""
    return shown(db, row)[0]


def content(db: Session, row: Invoice | CreditNote, format: str) -> bytes:
    """The file. Raises `ResourceMissing` for a format that is not offered, or that something is missing for."""
    outcome = _outcome(db, row) if format in formats(row) else None
    if outcome is None or outcome.trade is None or _missing(format, outcome):
        raise ResourceMissing("e-invoice", format)
    return _WRITERS[format](outcome.trade)


def printed(db: Session, row: Invoice | CreditNote) -> dict[str, Any]:
    """What the PDF of a document holds of this: `e_invoice`, where it is offered and complete, and `legal_notes`."""
    outcome = _outcome(db, row)
    complete = outcome.trade is not None and "factur_x" in formats(row)
    return {
        "e_invoice": cii.xml(outcome.trade).decode() if outcome.trade and complete else None,
        "legal_notes": _legal_notes(row, outcome),
    }


def shown(db: Session, row: Invoice | CreditNote) -> tuple[list[Offer], tuple[str, ...]]:
    """What the page of a document says of this: the formats, and what the law wants said."""
    outcome = _outcome(db, row)
    return [Offer(format, _missing(format, outcome)) for format in formats(row)], _legal_notes(row, outcome)


def _legal_notes(row: Invoice | CreditNote, outcome: Outcome) -> tuple[str, ...]:
    """Documents older than these notes stay as they were."""
    if "e_invoices" not in (row.seller or {}):
        return ()
    late = build.late_payment(row) if isinstance(row, Invoice) else None
    return tuple(filter(None, (*outcome.reasons, late)))


def formats(row: Invoice | CreditNote) -> Sequence[str]:
    """What the account had chosen when the document was frozen."""
    return formats_of(row.seller or {})


def formats_of(seller: Mapping[str, Any]) -> Sequence[str]:
    """What a seller chose."""
    chosen: Sequence[str] = (seller.get("e_invoices") or {}).get("formats", DEFAULT)
    return chosen


def lacking(seller: Mapping[str, Any]) -> list[str]:
    """What no e-invoice of this seller can be made without, whoever buys."""
    trader, chosen = parties.trader(seller, taxed=True), set(formats_of(seller))
    gaps = list(build.gaps_of_seller(seller))
    if not (trader.vat_id or trader.tax_number or trader.register_number):
        gaps.append("seller.tax_id")
    asked: tuple[str, ...] = ("contact", "phone", "email") if "xrechnung" in chosen else ()
    asked += ("endpoint",) if chosen & {"peppol", "xrechnung"} else ()
    return gaps + [f"seller.{key}" for key in asked if not getattr(trader, key)]


def were_chosen(row: Invoice | CreditNote) -> bool:
    """Whether the account asked for e-invoices, so that a missing one is worth a word."""
    return bool(((row.seller or {}).get("e_invoices") or {}).get("formats"))


def _outcome(db: Session, row: Invoice | CreditNote) -> Outcome:
    if isinstance(row, Invoice):
        revised = find(db, Invoice, row.from_invoice_id, noun="invoice") if row.from_invoice_id else None
        return build.invoice(row, totals.lines(db, row.id), revised)
    original = find(db, Invoice, row.invoice_id, noun="invoice")
    return build.credit_note(row, credit_notes.lines(db, row.id), original)


def _missing(format: str, outcome: Outcome) -> tuple[str, ...]:
    more = _MORE[format](outcome.trade) if outcome.trade and format in _MORE else ()
    return (*outcome.gaps, *more)


def _for_peppol(trade: Trade) -> Iterable[str]:
    """Rules PEPPOL-EN16931-R003, R010 and R020."""
    if not (trade.buyer_reference or trade.purchase_order):
        yield "buyer_reference"
    yield from (f"{side}.endpoint" for side in ("seller", "buyer") if not getattr(trade, side).endpoint)


def _for_xrechnung(trade: Trade) -> Iterable[str]:
    """Rules BR-DE-2, 3 to 9 and 15, and the electronic addresses of both."""
    if not trade.buyer_reference:
        yield "buyer_reference"
    yield from (f"seller.{key}" for key in ("contact", "phone", "email") if not getattr(trade.seller, key))
    yield from (f"buyer.address.{key}" for key in ("city", "postal_code") if not getattr(trade.buyer.address, key))
    yield from (f"{side}.endpoint" for side in ("seller", "buyer") if not getattr(trade, side).endpoint)


_MORE: Mapping[str, Callable[[Trade], Iterable[str]]] = {"peppol": _for_peppol, "xrechnung": _for_xrechnung}


def _listed(model: Any, noun: str, db: Session, ids: Sequence[str], context: Context) -> Mapping[str, Any]:
    """The `documents` of each: its PDF, and the e-invoices the account offers."""
    found: dict[str, Any] = dict.fromkeys(ids)
    for row in db.scalars(select(model).where(model.id.in_(ids))):
        if noun == "credit_note" or row.finalized_at is not None:
            found[row.id] = list(_entries(db, row, noun, context))
    return {id: documents or [] for id, documents in found.items()}


def _entries(db: Session, row: Any, noun: str, context: Context) -> Iterable[dict[str, Any]]:
    def link(format: str) -> str:
        return context.links.document(f"{noun}_{format}", row.tenant_id, row.id)

    yield {"kind": "pdf", "media_type": PDF, "missing": [], "url": link("pdf")}
    for offer in of(db, row):
        url = None if offer.missing else link(offer.format)
        yield {"kind": offer.format, "media_type": XML, "missing": list(offer.missing), "url": url}


#: What objects hold of it where `documents` is expanded.
EXTRAS = {
    "credit_note.documents": partial(_listed, CreditNote, "credit_note"),
    "invoice.documents": partial(_listed, Invoice, "invoice"),
}
