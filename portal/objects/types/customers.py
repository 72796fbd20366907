"""Customers, tax ids, and the account they buy from."""

from __future__ import annotations

from portal.objects.types.shared import ADDRESS, CUSTOM_FIELDS, SHIPPING
from portal.rules import mails, statements
from portal.wire.schemas import (
    BOOLEAN,
    INTEGER,
    MOMENT,
    NULL,
    STRING,
    Schema,
    array,
    hash_of,
    id_or,
    listed,
    maybe,
    the,
    words,
)

TYPES: dict[str, dict[str, Schema]] = {
    "customer": {
        "address": maybe(ADDRESS),
        "delinquent": BOOLEAN,
        "discount": maybe(the("discount")),
        "invoice_credit_balance": {"type": "object", "additionalProperties": INTEGER},
        "invoice_settings": hash_of(
            custom_fields=maybe(CUSTOM_FIELDS),
            default_payment_method=maybe(STRING),
            footer=maybe(STRING),
            rendering_options=maybe(hash_of(amount_tax_display=maybe(STRING), template=maybe(STRING))),
        ),
        "mail_failure": maybe(hash_of(at=INTEGER, mail=STRING, message=maybe(STRING))),
        "preferred_locales": array(STRING),
        "shipping": maybe(SHIPPING),
        "unsubscribed_from": array(words(*mails.OPTIONAL)),
    },
    "tax_id": {
        "owner": hash_of(
            account=NULL,
            application=NULL,
            customer=maybe(id_or("customer", "deleted_customer")),
            customer_account=NULL,
            type=words("customer", "self"),
        ),
        "verification": hash_of(
            status=words("pending", "unavailable", "unverified", "verified"),
            verified_address=maybe(STRING),
            verified_name=maybe(STRING),
        ),
    },
}
_ENTRY = hash_of(
    amount=INTEGER,
    balance=INTEGER,
    date=MOMENT,
    description=maybe(STRING),
    invoice=maybe(STRING),
    invoice_number=maybe(STRING),
    number=maybe(STRING),
    source=STRING,
    type=words(*statements.KINDS),
)
#: A statement has its entries where it is asked for alone.
PARTS: dict[str, Schema] = {
    "customer_statement": hash_of(
        {"entries": listed(_ENTRY)},
        closing_balance=INTEGER,
        csv=STRING,
        currency=STRING,
        customer=STRING,
        livemode=BOOLEAN,
        object=words("customer_statement"),
        opening_balance=INTEGER,
        pdf=STRING,
        period_end=MOMENT,
        period_start=MOMENT,
        year=INTEGER,
        **dict.fromkeys(statements.SUMS, INTEGER),
    )
}
