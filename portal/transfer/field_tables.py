"""The table of fields by type: which are harmless and why, and which are refused."""

from collections.abc import Mapping

from portal.transfer.billing_fields import CUSTOMER, PLAN, PRICE, SCHEDULE, SUBSCRIPTION, SUBSCRIPTION_ITEM
from portal.transfer.document_fields import (
    CREDIT_NOTE,
    CREDIT_NOTE_LINE,
    INVOICE,
    INVOICE_ITEM,
    LINE,
    QUOTE,
    QUOTE_LINE,
)
from portal.transfer.field_words import (
    COMPUTED,
    MODE,
    PLATFORM,
    SAME,
    always,
    because,
    is_flat,
)
from portal.transfer.fields import RefusedField, TypeFields

FIELDS: Mapping[str, TypeFields] = {
    "coupon": TypeFields(
        harmless={**because(MODE, "livemode"), **because(COMPUTED, "valid")},
        older=("percent_off_precise",),
        brings_bills=always,
    ),
    "credit_note": CREDIT_NOTE,
    "credit_note_line_item": CREDIT_NOTE_LINE,
    "customer": CUSTOMER,
    "customer_balance_transaction": TypeFields(
        harmless={**because(MODE, "livemode"), **because(PLATFORM, "customer_account", "checkout_session")}
    ),
    "discount": TypeFields(
        harmless={**because(MODE, "livemode"), **because(PLATFORM, "customer_account", "checkout_session")},
        brings_bills=always,
    ),
    "invoice": INVOICE,
    "invoiceitem": INVOICE_ITEM,
    "item": QUOTE_LINE,
    "line_item": LINE,
    "plan": PLAN,
    "price": PRICE,
    "product": TypeFields(
        harmless={
            **because(MODE, "livemode"),
            **because("nothing is sent by post here", "package_dimensions"),
            **because("taxes are not worked out by themselves here", "tax_details"),
            **because("goods and services are billed alike", "type"),
        },
        older=("features",),
    ),
    "promotion_code": TypeFields(
        harmless={**because(MODE, "livemode"), **because(PLATFORM, "customer_account")}, brings_bills=always
    ),
    "quote": QUOTE,
    "shipping_rate": TypeFields(harmless={**because(MODE, "livemode"), **because("there is only one", "type")}),
    "subscription": SUBSCRIPTION,
    "subscription_item": SUBSCRIPTION_ITEM,
    "subscription_schedule": SCHEDULE,
    "tax_id": TypeFields(
        harmless={
            **because(MODE, "livemode"),
            **because(PLATFORM, "customer_account"),
            **because("the customer says the same, and one without is the account's own", "owner"),
            **because("what the register answered is told by the status", "verification.verified_address"),
            **because("what the register answered is told by the status", "verification.verified_name"),
        }
    ),
    "tax_rate": TypeFields(
        harmless={
            **because(MODE, "livemode"),
            **because(SAME, "effective_percentage"),
            **because("jurisdiction says it in words", "jurisdiction_level"),
            **because("taxes of a flat amount are refused, and all others are a percentage", "rate_type"),
        },
        refused=(
            RefusedField("flat_amount", "taxes of a flat amount have no place here"),
            RefusedField("rate_type", "taxes of a flat amount have no place here", is_flat),
        ),
        brings_bills=always,
    ),
}


def fields_of(type: str) -> TypeFields:
    """The table of a type; one that brings no bills needs none."""
    return FIELDS.get(type, NO_TABLE)


NO_TABLE = TypeFields()
