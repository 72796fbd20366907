"""The fields that the query language reaches, for each noun, and the condition that a query makes of them."""

from sqlalchemy import ColumnElement, and_, case, func

from portal.models import Customer, Invoice, Price, Product, Subscription
from portal.rules import receipts
from portal.wire import search
from portal.wire.matching import SearchField, search_condition

_RECEIPT_NUMBER = case(
    (
        and_(Invoice.status == "paid", Invoice.amount_paid > 0),
        func.coalesce(Invoice.receipt_number, receipts.PREFIX + Invoice.number),
    )
)
_CUSTOMER_FIELDS = {
    "created": SearchField(Customer.created, "number"),
    "email": SearchField(Customer.email, "text"),
    "metadata": SearchField(Customer.metadata_, "metadata"),
    "name": SearchField(Customer.name, "text"),
    "phone": SearchField(Customer.phone, "text"),
}
_INVOICE_FIELDS = {
    "created": SearchField(Invoice.created, "number"),
    "currency": SearchField(Invoice.currency, "word"),
    "customer": SearchField(Invoice.customer_id, "id"),
    "last_finalization_error_code": SearchField(None, "absent"),
    "last_finalization_error_type": SearchField(None, "absent"),
    "metadata": SearchField(Invoice.metadata_, "metadata"),
    "number": SearchField(Invoice.number, "text"),
    "receipt_number": SearchField(_RECEIPT_NUMBER, "text"),
    "status": SearchField(Invoice.status, "word"),
    "subscription": SearchField(Invoice.subscription_id, "id"),
    "total": SearchField(Invoice.total, "number"),
}
_PRICE_FIELDS = {
    "active": SearchField(Price.active, "flag"),
    "currency": SearchField(Price.currency, "word"),
    "lookup_key": SearchField(Price.lookup_key, "text"),
    "metadata": SearchField(Price.metadata_, "metadata"),
    "product": SearchField(Price.product_id, "id"),
    "type": SearchField(case((Price.interval.is_(None), "one_time"), else_="recurring"), "word"),
}
_PRODUCT_FIELDS = {
    "active": SearchField(Product.active, "flag"),
    "description": SearchField(Product.description, "text"),
    "metadata": SearchField(Product.metadata_, "metadata"),
    "name": SearchField(Product.name, "text"),
    "shippable": SearchField(Product.shippable, "flag"),
    "url": SearchField(Product.url, "text"),
}
_SUBSCRIPTION_FIELDS = {
    "canceled_at": SearchField(Subscription.canceled_at, "number"),
    "created": SearchField(Subscription.created, "number"),
    "metadata": SearchField(Subscription.metadata_, "metadata"),
    "status": SearchField(Subscription.status, "word"),
}
#: The fields by object type.
FIELDS = {
    "customer": _CUSTOMER_FIELDS,
    "invoice": _INVOICE_FIELDS,
    "price": _PRICE_FIELDS,
    "product": _PRODUCT_FIELDS,
    "subscription": _SUBSCRIPTION_FIELDS,
}


def condition_of_query(type: str, query: str) -> ColumnElement[bool]:
    """The condition on the rows of a type. Raises `InvalidRequest` for a query that is wrong."""
    return search_condition(search.parse_query(query), FIELDS[type])
