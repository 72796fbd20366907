"""The e-invoice formats offered for a document: what each one still lacks, and its content.

The seller's frozen settings name the formats; without such a setting Factur-X is offered.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.documents import build, letterhead
from portal.documents.values import Bill
from portal.documents.xml import cii, kept, national_gaps, traders, trades, ubl
from portal.documents.xml.payment_means import is_within
from portal.documents.xml.trade import Trade
from portal.documents.xml.trades import TradeOutcome
from portal.models import CreditNote, Invoice
from portal.objects.kinds import EXTRA_LOADERS
from portal.wire.shape import Context

DEFAULT_FORMATS = ("factur_x",)
PDF_MEDIA_TYPE, XML_MEDIA_TYPE = "application/pdf", "application/xml"
_WRITERS: dict[str, Callable[[Trade], bytes]] = {
    "factur_x": cii.xml,
    "peppol": partial(ubl.xml, profile="peppol"),
    "xrechnung": partial(ubl.xml, profile="xrechnung"),
}


@dataclass(frozen=True)
class Offer:
    """A format of a document; it can be downloaded when nothing is missing."""

    format: str
    missing: tuple[str, ...]


def list_offers(document: Bill, outcome: TradeOutcome) -> list[Offer]:
    """The formats of a document, in the account's order."""
    return [Offer(format, _format_gaps(format, outcome)) for format in _document_formats(document)]


def write_files(db: Session, row: Invoice | CreditNote) -> Mapping[str, str]:
    """The files of a document as it is now, by format: those that are offered and complete."""
    return _write_files(*build.describe(db, row))


def build_with_xml(db: Session, row: Invoice | CreditNote) -> Bill:
    """The document as its PDF has it, with the e-invoice inside: Factur-X, if it is offered and complete.

    The file is the one that was first made. A void document has none.
    """
    document, outcome = build.describe(db, row)
    if document.status == "void" or "factur_x" not in _document_formats(document):
        return document
    content = kept.find_files(db, row.id).get("factur_x") or _write_files(document, outcome).get("factur_x")
    return replace(document, e_invoice=content)


def _write_files(document: Bill, outcome: TradeOutcome) -> Mapping[str, str]:
    trade = outcome.trade
    if trade is None:
        return {}
    complete = [offer.format for offer in list_offers(document, outcome) if not offer.missing]
    return {format: _WRITERS[format](trade).decode() for format in complete}


def _document_formats(document: Bill) -> Sequence[str]:
    """The formats that the account had chosen when the document was frozen."""
    formats = document.e_invoice_terms.formats
    return DEFAULT_FORMATS if formats is None else formats


def seller_formats(seller: Mapping[str, Any]) -> Sequence[str]:
    """The formats that a seller has chosen."""
    chosen: Sequence[str] = (seller.get("e_invoices") or {}).get("formats", DEFAULT_FORMATS)
    return chosen


def seller_gaps(frozen: dict[str, Any]) -> list[str]:
    """What is missing for any e-invoice of this seller, whoever the buyer is."""
    seller = letterhead.build_seller(frozen)
    trader, chosen = traders.build_trader(seller, taxed=True, is_seller=True), set(seller_formats(frozen))
    gaps = list(trades.gaps_of_seller(seller))
    if not (trader.vat_id or trader.tax_number or trader.register_number):
        gaps.append("seller.tax_id")
    asked: tuple[str, ...] = ("contact", "phone", "email") if "xrechnung" in chosen else ()
    asked += ("endpoint",) if chosen & {"peppol", "xrechnung"} else ()
    return gaps + [f"seller.{key}" for key in asked if not getattr(trader, key)]


def _format_gaps(format: str, outcome: TradeOutcome) -> tuple[str, ...]:
    more = _EXTRA_GAPS[format](outcome.trade) if outcome.trade and format in _EXTRA_GAPS else ()
    return tuple(dict.fromkeys((*outcome.gaps, *more)))


def _peppol_gaps(trade: Trade) -> Iterable[str]:
    """Rules PEPPOL-EN16931-R003, R010 and R020, and those of single countries (DE-R-002 to DE-R-015)."""
    if not (trade.buyer_reference or trade.purchase_order):
        yield "buyer_reference"
    yield from national_gaps.peppol_gaps(trade)
    if is_within(trade, "DE"):
        yield from _xrechnung_gaps(trade)


def _xrechnung_gaps(trade: Trade) -> Iterable[str]:
    """Rules BR-DE-2, 3 to 11 and 15, and the electronic addresses of both."""
    if not trade.buyer_reference:
        yield "buyer_reference"
    yield from (f"seller.{key}" for key in ("contact", "phone", "email") if not getattr(trade.seller, key))
    yield from (f"buyer.address.{key}" for key in ("city", "postal_code") if not getattr(trade.buyer.address, key))
    if trade.deliver_to:
        yield from (f"delivery.address.{key}" for key in ("city", "postal_code") if not getattr(trade.deliver_to, key))
    yield from (f"{side}.endpoint" for side in ("seller", "buyer") if not getattr(trade, side).endpoint)


_EXTRA_GAPS: Mapping[str, Callable[[Trade], Iterable[str]]] = {
    "factur_x": national_gaps.french_gaps,
    "peppol": _peppol_gaps,
    "xrechnung": _xrechnung_gaps,
}


def _load_documents(model: Any, noun: str, db: Session, ids: Sequence[str], context: Context) -> Mapping[str, Any]:
    """The `documents` of each row by id: its PDF, and the e-invoices that the account offers."""
    found: dict[str, Any] = dict.fromkeys(ids)
    for row in db.scalars(select(model).where(model.id.in_(ids))):
        if noun == "credit_note" or row.finalized_at is not None:
            found[row.id] = list(_document_entries(db, row, noun, context))
    return {id: documents or [] for id, documents in found.items()}


def _document_entries(db: Session, row: Any, noun: str, context: Context) -> Iterable[dict[str, Any]]:
    def document_url(format: str) -> str:
        return context.links.document(f"{noun}_{format}", row.tenant_id, row.id)

    yield {"kind": "pdf", "media_type": PDF_MEDIA_TYPE, "missing": [], "url": document_url("pdf")}
    for offer in list_offers(*build.describe(db, row)):
        url = None if offer.missing else document_url(offer.format)
        yield {"kind": offer.format, "media_type": XML_MEDIA_TYPE, "missing": list(offer.missing), "url": url}


#: What objects hold where `documents` is expanded.
EXTRA_LOADERS["credit_note.documents"] = partial(_load_documents, CreditNote, "credit_note")
EXTRA_LOADERS["invoice.documents"] = partial(_load_documents, Invoice, "invoice")
