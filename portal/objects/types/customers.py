"""JSON schemas of the values of customers and tax ids, and of statements of account."""

from typing import get_args

from portal.objects.types.shared import ADDRESS, CUSTOM_FIELDS, SHIPPING
from portal.rules import mails, statements
from portal.rules.contacts import Role
from portal.wire.schemas import (
    BOOLEAN,
    INTEGER,
    MOMENT,
    NULL,
    STRING,
    Schema,
    array_of,
    enum_of,
    hash_of,
    id_or,
    list_object,
    object_ref,
    or_null,
)

_MAIL_FAILURE = hash_of(at=INTEGER, mail=STRING, message=or_null(STRING))
CUSTOMER: dict[str, Schema] = {
    "address": or_null(ADDRESS),
    "delinquent": BOOLEAN,
    "discount": or_null(object_ref("discount")),
    "email_recipients": array_of(
        hash_of(
            documents=array_of(enum_of(*mails.DOCUMENTS_BY_MAIL.values())),
            email=STRING,
            failure=or_null(_MAIL_FAILURE),
            kind=enum_of("cc", "to"),
        )
    ),
    "invoice_credit_balance": {"type": "object", "additionalProperties": INTEGER},
    "invoice_settings": hash_of(
        custom_fields=or_null(CUSTOM_FIELDS),
        default_payment_method=or_null(id_or("payment_method")),
        footer=or_null(STRING),
        rendering_options=or_null(hash_of(amount_tax_display=or_null(STRING), template=or_null(STRING))),
    ),
    "mail_failure": or_null(_MAIL_FAILURE),
    "preferred_locales": array_of(STRING),
    "shipping": or_null(SHIPPING),
    "unsubscribed_from": array_of(enum_of(*mails.DECLINABLE_MAILS)),
    "subscriptions": list_object(object_ref("subscription")),
    "sources": list_object(NULL),
    "tax": hash_of(automatic_tax=enum_of("not_collecting"), ip_address=NULL, location=NULL, provider=NULL),
    "tax_ids": list_object(object_ref("tax_id")),
}
CONTACT: dict[str, Schema] = {
    "role": enum_of(*get_args(Role)),
    "status": enum_of("active", "invited"),
}
TAX_ID: dict[str, Schema] = {
    "owner": hash_of(
        account=NULL,
        application=NULL,
        customer=or_null(id_or("customer", "deleted_customer")),
        customer_account=NULL,
        type=enum_of("customer", "self"),
    ),
    "verification": hash_of(
        status=enum_of("pending", "unavailable", "unverified", "verified"),
        verified_address=or_null(STRING),
        verified_name=or_null(STRING),
    ),
}
_STATEMENT_ENTRY = hash_of(
    amount=INTEGER,
    balance=INTEGER,
    date=MOMENT,
    description=or_null(STRING),
    invoice=or_null(STRING),
    invoice_number=or_null(STRING),
    number=or_null(STRING),
    source=STRING,
    type=enum_of(*statements.ENTRY_KINDS),
)
#: A statement has its entries where it is asked for alone.
STATEMENT = hash_of(
    {"entries": list_object(_STATEMENT_ENTRY)},
    closing_balance=INTEGER,
    csv=STRING,
    currency=STRING,
    customer=STRING,
    livemode=BOOLEAN,
    object=enum_of("customer_statement"),
    opening_balance=INTEGER,
    pdf=STRING,
    period_end=MOMENT,
    period_start=MOMENT,
    year=INTEGER,
    **dict.fromkeys(statements.SUM_NAMES, INTEGER),
)
SPENDING = hash_of(
    currency=STRING,
    customer=STRING,
    livemode=BOOLEAN,
    months=array_of(hash_of(amount=INTEGER, month=STRING)),
    object=enum_of("customer_spending"),
    total=INTEGER,
)
COMING_PAYMENT = hash_of(
    amount=INTEGER,
    currency=STRING,
    customer=STRING,
    date=STRING,
    invoice=or_null(STRING),
    livemode=BOOLEAN,
    object=enum_of("coming_payment"),
    subscription=or_null(STRING),
    type=enum_of("debit", "due", "renewal"),
)
#: There are none; the schema says what lists of them would hold.
