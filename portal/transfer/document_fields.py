"""What becomes of those fields of invoices, credit notes and quotes that no column holds."""

from portal.transfer.field_words import (
    ADDRESS,
    AUTOMATIC_TAX,
    BREAKDOWNS,
    COMPUTED,
    HISTORY,
    ITEMIZED,
    MODE,
    MONEY,
    ONLY_IDS,
    OTHER_ISSUER,
    PLATFORM,
    QUOTE_UNKNOWN,
    SAME,
    SPLIT_NAMES,
    because,
    is_fraction,
    is_itemized,
    is_other_account,
    is_text,
    price_fields,
    split_fields,
)
from portal.transfer.fields import RefusedField, TypeFields

INVOICE = TypeFields(
    harmless={
        **because(MODE, "livemode"),
        **because(PLATFORM, "application", "customer_account"),
        **because(MONEY, "default_payment_method", "default_source", "payment_settings", "confirmation_secret"),
        **because(MONEY, "payment_intent", "charge", "last_payment_attempt", "next_payment_attempt"),
        **because(HISTORY, "attempt_count", "attempted", "last_finalization_error", "status_details"),
        **because(HISTORY, "threshold_reason", "webhooks_delivered_at", "redaction"),
        **because(ADDRESS, "hosted_invoice_url", "invoice_pdf", "receipt_pdf"),
        **because(COMPUTED, "amount_paid_off_stripe", "amount_shipping", "total_pretax_credit_amounts"),
        **because("invoice_payment objects of their own are read", "payments"),
        **because(SAME, "closed", "forgiven", "paid", "rendering_options", "issued_at"),
        **because(
            "a draft that names its taxes itself works none out; what was billed keeps its taxes", "automatic_tax"
        ),
        **because("this account issues every bill; another issuer of a draft is refused", "issuer"),
        **because("on an invoice that was issued nothing is divided any more", *SPLIT_NAMES),
        **because(
            "it goes with previews",
            "subscription_proration_date",
            "parent.subscription_details.subscription_proration_date",
        ),
    },
    refused=(
        *split_fields(""),
        RefusedField("automatic_tax.enabled", AUTOMATIC_TAX),
        RefusedField("tax_percent", AUTOMATIC_TAX),
        RefusedField("issuer.type", OTHER_ISSUER, is_other_account),
        RefusedField("default_tax_rates", ONLY_IDS, is_text),
        RefusedField("lines.data.tax_rates", ONLY_IDS, is_text),
        RefusedField("lines.data.quantity_decimal", "quantities are whole here", is_fraction),
    ),
    older=("date", "billing", "application_fee", "statement_description", "finalized_at", "ending_balance"),
    brings_bills=lambda object: object.get("status") == "draft",
)
LINE = TypeFields(
    harmless={
        **because(MODE, "livemode"),
        **because(COMPUTED, "subtotal", "pretax_credit_amounts", "amount_excluding_tax", "unit_amount_excluding_tax"),
        **because(SAME, "quantity_decimal", "type", "invoice"),
        **because("it is kept and shown under invoice_item_details", "parent.subscription_item_details.invoice_item"),
    },
)
INVOICE_ITEM = TypeFields(
    harmless={
        **because(MODE, "livemode"),
        **because(PLATFORM, "customer_account"),
        **because(COMPUTED, "net_amount", "unit_amount"),
        **because("a whole one says the same as quantity; others are refused", "quantity_decimal"),
        **because("it limits what the other system's programs may change", "frozen_fields"),
        **because("the amount is after them", "proration_details.discount_amounts"),
        "invoicing_rules": "they say when an item is billed; one that was billed needs none",
    },
    refused=(
        RefusedField("invoicing_rules", "rules for when an item is billed have no place here"),
        RefusedField("quantity_decimal", "quantities are whole here", is_fraction),
    ),
    older=("created", "discount"),
    brings_bills=lambda object: object.get("invoice") is None,
)
CREDIT_NOTE = TypeFields(
    harmless={
        **because(MODE, "livemode"),
        **because(PLATFORM, "customer_account"),
        **because(ADDRESS, "pdf"),
        **because(MONEY, "refund", "refunds"),
        **because(COMPUTED, "amount", "amount_shipping", "discount_amount", "pretax_credit_amounts"),
    },
)
CREDIT_NOTE_LINE = TypeFields(
    harmless={
        **because(MODE, "livemode"),
        **because(COMPUTED, "discount_amount", "pretax_credit_amounts", "amount_excluding_tax"),
        **because(COMPUTED, "unit_amount", "unit_amount_excluding_tax"),
    },
)
QUOTE = TypeFields(
    harmless={
        **because(MODE, "livemode"),
        **because(PLATFORM, "application", "customer_account"),
        **because(SAME, "amount_subtotal", "amount_total", "total_details"),
        **because("the lines say the same", "computed.upfront.line_items"),
        **because("it is worked out from the lines", *BREAKDOWNS),
        **because("a quote that names its taxes itself works none out", "automatic_tax"),
        **because("this account issues every bill; another issuer is refused", "invoice_settings.issuer"),
        **because("of a quote that has ended nothing is divided any more", *SPLIT_NAMES),
    },
    refused=(
        *split_fields(""),
        RefusedField("automatic_tax.enabled", AUTOMATIC_TAX),
        RefusedField("invoice_settings.issuer.type", OTHER_ISSUER, is_other_account),
        RefusedField("subscription_data.billing_mode.flexible.proration_discounts", ITEMIZED, is_itemized),
        RefusedField("discounts", ONLY_IDS, is_text),
        RefusedField("total_details.amount_shipping", "quotes with shipping have no place here"),
        *(RefusedField(f"subscription_data.{name}", "this has no place here") for name in QUOTE_UNKNOWN),
    ),
    brings_bills=lambda object: object.get("status") in {"draft", "open"},
)
QUOTE_LINE = TypeFields(
    harmless={
        **because(MODE, "livemode"),
        **because(COMPUTED, "amount_discount"),
        **because("checkout pages need it, and a quote is accepted as it is", "adjustable_quantity"),
        **because("it starts when the quote is accepted", "discounts.discount.start"),
        **because("what a line becomes takes its metadata from the quote", "metadata"),
    },
    refused=price_fields("price.", "transform_quantity"),
)
