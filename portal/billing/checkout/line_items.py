"""The line items of sessions and links, made of parameters: frozen prices, and how many."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from portal import ids
from portal.billing.catalogue import prices, products
from portal.billing.catalogue import tax_rates as catalogue_tax_rates
from portal.billing.checkout.params import (
    MOST_QUANTITY,
    AdjustableQuantity,
    LinePriceData,
    LinkLine,
    OptionalItem,
)
from portal.billing.invoices import drafts
from portal.db import find_row, scope_of
from portal.errors import InvalidRequest, MissingParameter, params_within
from portal.models import Price
from portal.objects.catalogue import frozen_price
from portal.rules.statuses import CheckoutMode

MOST_LINES = 100
MOST_LINK_LINES = 20
MOST_OPTIONAL = 10
#: The bounds of a quantity that the customer may choose, unless others are named.
LEAST, MOST = 0, 99


def build(db: Session, sent: Sequence[LinkLine], mode: CheckoutMode, *, most: int, now: int) -> list[dict[str, Any]]:
    """The lines as they are kept. Raises `InvalidRequest` for prices that don't go together or with the mode."""
    if mode == "setup":
        if sent:
            raise InvalidRequest("A session in setup mode sells nothing.", param="line_items")
        return []
    if not sent:
        raise MissingParameter("line_items", why=f"a session in {mode} mode sells something")
    if len(sent) > most:
        raise InvalidRequest(f"There can be at most {most} line items.", param="line_items")
    found = []
    for at, each in enumerate(sent):
        with params_within(f"line_items[{at}]"):
            found.append(_build_line(db, each, now))
    _refuse_mixed(found, mode, "line_items")
    return found


def choose_mode(db: Session, sent: Sequence[LinkLine]) -> CheckoutMode:
    """The mode that fits what is sold."""
    return "subscription" if any(_is_recurring(db, each) for each in sent) else "payment"


def build_optional(
    db: Session, sent: Sequence[OptionalItem] | None, lines: list[dict[str, Any]], mode: CheckoutMode, *, now: int
) -> list[dict[str, Any]]:
    """Lines that the customer may add to these: `optional` is how many at first, and as yet there are none.

    Raises `InvalidRequest` for prices that don't go together with those of the lines.
    """
    if not sent:
        return []
    if mode == "setup":
        raise InvalidRequest("A session in setup mode sells nothing.", param="optional_items")
    if len(sent) > MOST_OPTIONAL:
        raise InvalidRequest(f"There can be at most {MOST_OPTIONAL} optional items.", param="optional_items")
    found = []
    for at, each in enumerate(sent):
        with params_within(f"optional_items[{at}]"):
            line = _build_line(db, LinkLine(**each.model_dump(exclude_unset=True)), now)
        found.append({**line, "quantity": 0, "optional": line["quantity"]})
    _refuse_mixed([*lines, *found], mode, "optional_items")
    return found


def is_optional(line: dict[str, Any]) -> bool:
    """Whether the customer may add a line, or leave it out."""
    return "optional" in line


def list_chosen(lines: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The lines of which the customer wants any."""
    return [line for line in lines if line["quantity"]]


def list_ordered(lines: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The lines without those that were not added."""
    return [line for line in lines if line["quantity"] or not is_optional(line)]


def bounds(line: dict[str, Any]) -> tuple[int, int] | None:
    """The least and most that the customer may choose of a line; None where the quantity is fixed."""
    sent = line["adjustable_quantity"]
    return (sent["minimum"], sent["maximum"]) if sent and sent["enabled"] else None


def keep_adjustable(sent: AdjustableQuantity | None, quantity: int) -> dict[str, Any] | None:
    """The bounds with their defaults. Raises `InvalidRequest` where the quantity itself is outside."""
    if sent is None:
        return None
    least = LEAST if sent.minimum is None else sent.minimum
    most = max(MOST, quantity) if sent.maximum is None else sent.maximum
    if sent.enabled and not least <= quantity <= most:
        raise InvalidRequest("The quantity is outside of its own bounds.", param="adjustable_quantity")
    return {"enabled": sent.enabled, "maximum": most, "minimum": least}


def is_repeated(line: dict[str, Any]) -> bool:
    """Whether a line is billed in each period."""
    return line["price"]["price"]["recurring"] is not None


def _build_line(db: Session, sent: LinkLine, now: int) -> dict[str, Any]:
    price = _find_price(db, sent, now)
    if not 1 <= sent.quantity <= MOST_QUANTITY and not (sent.adjustable_quantity and sent.quantity == 0):
        raise InvalidRequest(f"The quantity is between 1 and {MOST_QUANTITY}.", param="quantity")
    rates = catalogue_tax_rates.active_tax_rates(db, getattr(sent, "tax_rates", []), "tax_rates")
    return {
        "id": ids.new("item"),
        "price_id": price.id,
        "price": frozen_price(price, scope_of(db).livemode),
        "description": products.product_name(db, price.product_id),
        "quantity": sent.quantity,
        "currency": price.currency,
        "adjustable_quantity": keep_adjustable(sent.adjustable_quantity, sent.quantity),
        "tax_rates": drafts.frozen_rates(db, [rate.id for rate in rates]),
    }


def _is_recurring(db: Session, sent: LinkLine) -> bool:
    if sent.price is None:
        return bool(sent.price_data and sent.price_data.recurring)
    # one that there is not is refused as the lines are built, by its parameter
    price = db.get(Price, (scope_of(db).tenant_id, sent.price))
    return price is not None and price.interval is not None


def _find_price(db: Session, sent: LinkLine, now: int) -> Price:
    if sent.price is not None and sent.price_data is not None:
        raise InvalidRequest("Send price or price_data, not both.", param="price_data")
    if sent.price_data is not None:
        with params_within("price_data"):
            price = _make_price(db, sent.price_data, now)
        db.flush()
        return price
    if sent.price is None:
        raise MissingParameter("price")
    price = find_row(db, Price, sent.price, noun="price", param="price")
    if not price.active:
        raise InvalidRequest(f"The price '{price.id}' is not active.", param="price")
    return price


def _make_price(db: Session, sent: LinePriceData, now: int) -> Price:
    values = sent.sent_values()
    if sent.product_data is None:
        return prices.create_price(db, prices.CreatePrice(**values), now=now)
    if sent.product is not None:
        raise InvalidRequest("Send product or product_data, one of the two.", param="product_data")
    product = products.create_product(
        db, products.CreateProduct(**sent.product_data.model_dump(exclude_unset=True)), now=now
    )
    db.flush()
    own = {name: value for name, value in values.items() if name != "product_data"}
    return prices.create_price(db, prices.CreatePrice(**own, product=product.id), now=now)


def _refuse_mixed(lines: Sequence[dict[str, Any]], mode: CheckoutMode, param: str) -> None:
    if len({line["currency"] for line in lines}) > 1:
        raise InvalidRequest("All prices must be in the same currency.", param=param)
    repeated = [line["price"]["price"]["recurring"] for line in lines if is_repeated(line)]
    if mode == "payment" and repeated:
        raise InvalidRequest("A session in payment mode takes one-time prices only.", param=param)
    if mode == "subscription" and not repeated:
        raise InvalidRequest("A session in subscription mode needs a recurring price.", param=param)
    if len({(each["interval"], each["interval_count"]) for each in repeated}) > 1:
        raise InvalidRequest("All recurring prices must have the same interval.", param=param)
