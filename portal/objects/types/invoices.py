"""JSON schemas of the values of invoices, their line items, and invoice items."""

from portal.objects.types.shared import (
    ADDRESS,
    CUSTOM_FIELDS,
    DISCOUNT_AMOUNTS,
    DOCUMENTS,
    PAYMENT_METHOD_OPTIONS,
    PERIOD,
    PRETAX_CREDITS,
    SELF_ISSUER,
    SHIPPING,
    SHIPPING_COST,
    TAX_AMOUNTS,
    TAX_RATES,
    TAXES,
)
from portal.wire.schemas import (
    BOOLEAN,
    DECIMAL,
    INTEGER,
    MAP,
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

PRICING = hash_of(
    price_details=or_null(hash_of(price=id_or("price"), product=STRING)),
    type=enum_of("price_details"),
    unit_amount_decimal=or_null(DECIMAL),
)
CREDITED_ITEMS = or_null(hash_of(invoice=STRING, invoice_line_items=array_of(STRING)))
PRORATION: dict[str, Schema] = {
    "proration": BOOLEAN,
    "proration_details": or_null(hash_of(credited_items=CREDITED_ITEMS)),
}
INVOICE_ITEM_DETAILS = hash_of(invoice_item=or_null(id_or("invoiceitem")), subscription=or_null(STRING), **PRORATION)
SUBSCRIPTION_ITEM_DETAILS = hash_of(
    invoice_item=or_null(STRING), subscription=or_null(STRING), subscription_item=STRING, **PRORATION
)

INVOICE_LINE: dict[str, Schema] = {
    "amount_excluding_tax": or_null(INTEGER),
    "discount_amounts": DISCOUNT_AMOUNTS,
    "parent": or_null(
        hash_of(
            invoice_item_details=or_null(INVOICE_ITEM_DETAILS),
            subscription_item_details=or_null(SUBSCRIPTION_ITEM_DETAILS),
            type=enum_of("invoice_item_details", "subscription_item_details"),
        )
    ),
    "period": PERIOD,
    "plan": or_null(object_ref("plan")),
    "pretax_credit_amounts": PRETAX_CREDITS,
    "price": or_null(object_ref("price")),
    "pricing": or_null(PRICING),
    "proration_details": or_null(hash_of(credited_items=CREDITED_ITEMS)),
    "quantity_decimal": DECIMAL,
    "tax_amounts": TAX_AMOUNTS,
    "tax_rates": TAX_RATES,
    "taxes": TAXES,
    "type": enum_of("invoiceitem", "subscription"),
    "unit_amount_excluding_tax": or_null(DECIMAL),
}
INVOICE_ITEM: dict[str, Schema] = {
    "parent": or_null(
        hash_of(
            subscription_details=hash_of(subscription=STRING, subscription_item=or_null(STRING)),
            type=enum_of("subscription_details"),
        )
    ),
    "period": PERIOD,
    "plan": or_null(object_ref("plan")),
    "price": or_null(object_ref("price")),
    "pricing": PRICING,
    "proration_details": or_null(
        hash_of(
            credited_items=or_null(
                hash_of(
                    invoice_item=or_null(STRING),
                    invoice_line_item_details=CREDITED_ITEMS,
                    type=enum_of("invoice_item", "invoice_line_items"),
                )
            ),
            discount_amounts=DISCOUNT_AMOUNTS,
        )
    ),
    "quantity_decimal": DECIMAL,
    "tax_rates": TAX_RATES,
    "unit_amount": or_null(INTEGER),
}
AMOUNTS_DUE = array_of(
    hash_of(
        amount=INTEGER,
        amount_paid=INTEGER,
        amount_remaining=INTEGER,
        days_until_due=or_null(INTEGER),
        description=or_null(STRING),
        due_date=or_null(MOMENT),
        paid_at=or_null(MOMENT),
        status=enum_of("open", "paid", "past_due"),
    )
)
INVOICE: dict[str, Schema] = {
    "customer": or_null(id_or("customer", "deleted_customer")),  # null in previews for nobody yet
    "account_country": or_null(STRING),
    "account_name": or_null(STRING),
    "account_tax_ids": or_null(array_of(id_or("tax_id"))),
    "amount_due": INTEGER,
    "amounts_due": or_null(AMOUNTS_DUE),
    "amount_paid_off_stripe": INTEGER,
    "amount_remaining": INTEGER,
    "amount_shipping": INTEGER,
    "attempt_count": INTEGER,
    "attempted": BOOLEAN,
    "automatic_tax": hash_of(disabled_reason=NULL, enabled=BOOLEAN, liability=NULL, provider=NULL, status=NULL),
    "automatically_finalizes_at": or_null(MOMENT),
    "closed": BOOLEAN,
    "custom_fields": or_null(CUSTOM_FIELDS),
    "customer_address": or_null(ADDRESS),
    "customer_email": or_null(STRING),
    "customer_name": or_null(STRING),
    "customer_phone": or_null(STRING),
    "customer_shipping": or_null(SHIPPING),
    "customer_tax_exempt": or_null(enum_of("exempt", "none", "reverse")),
    "customer_tax_ids": array_of(hash_of(type=STRING, value=or_null(STRING))),
    "default_payment_method": or_null(id_or("payment_method")),
    "default_tax_rates": TAX_RATES,
    "discount": or_null(object_ref("discount")),
    "forgiven": BOOLEAN,
    "from_invoice": or_null(hash_of(action=enum_of("revision"), invoice=id_or("invoice"))),
    "hosted_invoice_url": or_null(STRING),
    "invoice_pdf": or_null(STRING),
    "receipt_number": or_null(STRING),
    "receipt_pdf": or_null(STRING),
    "issuer": SELF_ISSUER,
    "lines": list_object(object_ref("line_item")),
    "next_payment_attempt": or_null(MOMENT),
    "paid": BOOLEAN,
    "parent": or_null(
        hash_of(
            quote_details=or_null(hash_of(quote=STRING)),
            subscription_details=or_null(
                hash_of(
                    metadata=or_null(MAP),
                    subscription=id_or("subscription"),
                    subscription_proration_date=or_null(MOMENT),
                )
            ),
            type=enum_of("quote_details", "subscription_details"),
        )
    ),
    "payment_settings": hash_of(
        default_mandate=or_null(STRING),
        payment_method_options=PAYMENT_METHOD_OPTIONS,
        payment_method_types=or_null(array_of(STRING)),
    ),
    "rendering": or_null(
        hash_of(
            amount_tax_display=or_null(STRING),
            pdf=or_null(hash_of(page_size=or_null(enum_of("a4", "auto", "letter")))),
            template=or_null(STRING),
            template_version=or_null(INTEGER),
        )
    ),
    "shipping_cost": or_null(SHIPPING_COST),
    "shipping_details": or_null(SHIPPING),
    "starting_balance": INTEGER,
    "status_transitions": hash_of(
        finalized_at=or_null(MOMENT),
        marked_uncollectible_at=or_null(MOMENT),
        paid_at=or_null(MOMENT),
        voided_at=or_null(MOMENT),
    ),
    "subscription_details": or_null(hash_of(metadata=or_null(MAP))),
    "subscription_proration_date": or_null(MOMENT),
    "tax": or_null(INTEGER),
    "total_discount_amounts": DISCOUNT_AMOUNTS,
    "total_pretax_credit_amounts": PRETAX_CREDITS,
    "total_tax_amounts": TAX_AMOUNTS,
    "total_taxes": TAXES,
    "documents": DOCUMENTS,
    "payments": list_object(object_ref("invoice_payment")),
}
