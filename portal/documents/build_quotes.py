"""Builds the document value of a finalized quote."""

from typing import Any, cast

from sqlalchemy.orm import Session

from portal.billing.invoices import drafts
from portal.billing.ledger import parties
from portal.billing.quotes import quote_totals
from portal.billing.quotes.discounts import summarize_discounts
from portal.documents import build_lines, letterhead
from portal.documents.parts import DocumentLine
from portal.documents.values import QuoteDocument
from portal.models import Quote, QuoteLine
from portal.models.document_days import day_on
from portal.rules.discounts import sum_discounts


def quote(db: Session, row: Quote) -> QuoteDocument:
    """The document of a finalized quote."""
    lines = quote_totals.list_for_quote(db, row.id)
    rates = {rate["id"]: rate for line in lines for rate in line.tax_rates}
    rates |= {rate["id"]: rate for rate in drafts.frozen_rates(db, row.default_tax_rates)}
    seller, buyer, sums, repeated = row.seller or {}, row.buyer or {}, row.upfront, row.recurring
    names = {id: letterhead.name_tax(rate, seller, buyer) for id, rate in rates.items()}
    nets = [(line.taxes, line.amount_subtotal - sum_discounts(line.discount_amounts)) for line in lines if line.upfront]
    return QuoteDocument(
        **letterhead.shared_values(db, seller, buyer),
        number=row.number or "",
        currency=row.currency or "",
        effective_at=day_on(row, row.finalized_at or row.created),
        ship_to=letterhead.ship_to(buyer.get("shipping")),
        lines=tuple(_build_line(line) for line in lines),
        taxes=tuple(
            build_lines.build_taxes(sums["taxes"], rates, names, nets, is_first=letterhead.has_first_look(seller))
        ),
        discounts=build_lines.build_discounts(summarize_discounts(row, lines)),
        subtotal=sums["amount_subtotal"],
        total=sums["amount_total"],
        memo=row.description,
        footer=parties.footer(row),
        header=row.header,
        reverse_charge=buyer.get("tax_exempt") == "reverse",
        page_size=letterhead.choose_page_size(seller, buyer),
        status=cast(Any, row.status),
        expires_at=day_on(row, row.expires_at),
        accepted_at=day_on(row, row.accepted_at),
        recurring=(repeated["interval"], repeated["interval_count"]) if repeated else None,
        recurring_total=repeated["amount_total"] if repeated else None,
    )


def _build_line(row: QuoteLine) -> DocumentLine:
    return DocumentLine(
        description=row.description,
        amount=row.amount_subtotal,
        quantity=row.quantity,
        unit_amount_decimal=row.price["price"]["unit_amount_decimal"],
        tax_percentages=build_lines.printed_percentages(row.tax_rates, row.taxes),
    )
