"""Line items of a quote, made of parameters."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from portal import ids
from portal.billing.catalogue import prices, products
from portal.billing.catalogue import tax_rates as catalogue_tax_rates
from portal.billing.invoices import drafts
from portal.billing.quotes import discounts as quote_discounts
from portal.billing.quotes import quote_totals
from portal.billing.quotes.params import SentLine
from portal.billing.quotes.quote_totals import ZERO_AMOUNTS as _ZERO_AMOUNTS
from portal.db import find_row, rows_by_id, scope_of
from portal.errors import InvalidRequest, MissingParameter, ResourceMissing
from portal.models import Price, Quote, QuoteLine
from portal.objects.catalogue import frozen_price

MOST_LINES = 20


def replace(db: Session, quote: Quote, sent: Sequence[SentLine], *, now: int) -> None:
    """Replace the lines of a quote; one that is sent with its `id` keeps what is not sent.

    Raises `InvalidRequest` for prices that don't go together, `ResourceMissing` for unknown ones.
    """
    if len(sent) > MOST_LINES:
        raise InvalidRequest(f"A quote has at most {MOST_LINES} line items.", param="line_items")
    before = {line.id: line for line in quote_totals.list_for_quote(db, quote.id)}
    found = [_parse_line(db, quote, each, before, f"line_items[{at}]", now) for at, each in enumerate(sent)]
    _refuse_mixed(found)
    for line in before.values():
        db.delete(line)
    # lines that stay are written anew under their ids and positions
    db.flush()
    for position, line in enumerate(found):
        line.position = position
        db.add(line)
    db.flush()


def _parse_line(
    db: Session, quote: Quote, sent: SentLine, before: dict[str, QuoteLine], param: str, now: int
) -> QuoteLine:
    held = before.get(sent.id) if sent.id else None
    if sent.id and held is None:
        raise ResourceMissing("line item", sent.id, param=f"{param}[id]")
    price = _resolve_price(db, sent, held, param, now)
    if sent.was_sent("tax_rates") or held is None:
        tax_rates = catalogue_tax_rates.active_tax_rates(db, sent.tax_rates, f"{param}[tax_rates]")
        frozen = drafts.frozen_rates(db, [rate.id for rate in tax_rates])
    else:
        frozen = held.tax_rates
    discounts = held.discounts if held else []
    if sent.was_sent("discounts"):
        discounts = quote_discounts.build_offered_discounts(
            db, quote.customer_id, sent.discounts, f"{param}[discounts]", now=now
        )
    return QuoteLine(
        id=held.id if held else ids.new("item"),
        created=quote.created,
        quote_id=quote.id,
        upfront=True,
        price_id=price.id,
        price=frozen_price(price, scope_of(db).livemode),
        description=products.product_name(db, price.product_id),
        quantity=sent.quantity if sent.quantity is not None else held.quantity if held else 1,
        currency=price.currency,
        discounts=discounts,
        tax_rates=frozen,
        **_ZERO_AMOUNTS,
    )


def _resolve_price(db: Session, sent: SentLine, held: QuoteLine | None, param: str, now: int) -> Price:
    if sent.price is not None and sent.price_data is not None:
        raise InvalidRequest("Send price or price_data, not both.", param=f"{param}[price_data]")
    if sent.price_data is not None:
        return prices.create_price(db, prices.CreatePrice(**sent.price_data.sent_values()), now=now)
    id = sent.price or (held.price_id if held else None)
    if id is None:
        raise MissingParameter(f"{param}[price]")
    price = rows_by_id(db, Price, [id]).get(id) or find_row(db, Price, id, noun="price", param=f"{param}[price]")
    if not price.active:
        raise InvalidRequest(f"The price '{price.id}' is not active.", param=f"{param}[price]")
    return price


def _refuse_mixed(lines: Sequence[QuoteLine]) -> None:
    if len({line.currency for line in lines}) > 1:
        raise InvalidRequest("All prices of a quote must be in the same currency.", param="line_items")
    repeated = [line.price["price"]["recurring"] for line in lines if line.price["price"]["recurring"]]
    if len({(each["interval"], each["interval_count"]) for each in repeated}) > 1:
        raise InvalidRequest("All recurring prices of a quote must have the same interval.", param="line_items")
