"""The price of an invoice item, and the amount that follows from it."""

from sqlalchemy.orm import Session

from portal.billing.catalogue import one_off_prices, products
from portal.billing.invoices.item_params import UpdateInvoiceItem
from portal.errors import InvalidRequest, params_within
from portal.models import InvoiceItem, Price
from portal.rules.money import decimal_text, multiply_price
from portal.wire.commands import MAX_AMOUNT


def sent_price_params(command: UpdateInvoiceItem) -> list[str]:
    """The names of the sent parameters that set the price: at most one. Raises `InvalidRequest` for more."""
    names = ("amount", "price", "price_data", "pricing", "unit_amount", "unit_amount_decimal")
    sent = [name for name in names if getattr(command, name) is not None]
    if len(sent) > 1:
        raise InvalidRequest(f"You may only specify one of these parameters: {', '.join(sent)}.", param=sent[0])
    return sent


def find_or_create_price(db: Session, command: UpdateInvoiceItem, now: int) -> Price | None:
    """The price that was sent, or is made of `price_data`; None where an amount was sent, or nothing."""
    sent_price_params(command)
    if command.price_data:
        return one_off_prices.create_price(db, command.price_data, now=now)
    if command.pricing:
        with params_within("pricing"):
            return one_off_prices.find_price(db, command.pricing.price)
    return one_off_prices.find_price(db, command.price) if command.price else None


def apply_price(db: Session, item: InvoiceItem, command: UpdateInvoiceItem, price: Price | None) -> None:
    """Set price, quantity and amount of an item, and describe it by its price where it has no text.

    Raises `InvalidRequest` for an amount together with a quantity, and for one that is too large.
    """
    said = command.quantity_decimal if command.quantity is None else command.quantity
    quantity = item.quantity if said is None else said
    if command.amount is not None and quantity != 1:
        raise InvalidRequest("Send unit_amount instead of amount together with a quantity.", param="amount")
    if sent_price_params(command):
        item.price_id = price.id if price else None
        item.unit_amount_decimal = price.unit_amount_decimal if price else _unit_amount(command)
    amount = multiply_price(item.unit_amount_decimal, quantity)
    if abs(amount) > MAX_AMOUNT:
        raise InvalidRequest("The amount is too large.", param="amount")
    item.quantity, item.amount = quantity, amount
    if price is not None and item.description is None:
        item.description = price.nickname or products.product_name(db, price.product_id)


def _unit_amount(command: UpdateInvoiceItem) -> str:
    if command.unit_amount_decimal is not None:
        return decimal_text(command.unit_amount_decimal)
    return str(command.amount if command.unit_amount is None else command.unit_amount)
