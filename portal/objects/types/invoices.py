"""Invoices, their lines, and the items that wait for one."""

from __future__ import annotations

from portal.objects.types.shared import (
    ADDRESS,
    CUSTOM_FIELDS,
    DISCOUNT_AMOUNTS,
    ITSELF,
    PERIOD,
    PRETAX_CREDITS,
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
    array,
    hash_of,
    id_or,
    listed,
    maybe,
    the,
    words,
)

PRICING = hash_of(
    price_details=maybe(hash_of(price=id_or("price"), product=STRING)),
    type=words("price_details"),
    unit_amount_decimal=maybe(DECIMAL),
)
CREDITED = maybe(hash_of(invoice=STRING, invoice_line_items=array(STRING)))
PRORATION: dict[str, Schema] = {"proration": BOOLEAN, "proration_details": maybe(hash_of(credited_items=CREDITED))}
BY_INVOICE_ITEM = hash_of(invoice_item=maybe(id_or("invoiceitem")), subscription=maybe(STRING), **PRORATION)
BY_SUBSCRIPTION_ITEM = hash_of(
    invoice_item=maybe(STRING), subscription=maybe(STRING), subscription_item=STRING, **PRORATION
)

LINE: dict[str, Schema] = {
    "amount_excluding_tax": maybe(INTEGER),
    "discount_amounts": DISCOUNT_AMOUNTS,
    "parent": maybe(
        hash_of(
            invoice_item_details=maybe(BY_INVOICE_ITEM),
            subscription_item_details=maybe(BY_SUBSCRIPTION_ITEM),
            type=words("invoice_item_details", "subscription_item_details"),
        )
    ),
    "period": PERIOD,
    "plan": maybe(the("plan")),
    "pretax_credit_amounts": PRETAX_CREDITS,
    "price": maybe(the("price")),
    "pricing": maybe(PRICING),
    "proration_details": maybe(hash_of(credited_items=CREDITED)),
    "quantity_decimal": DECIMAL,
    "tax_amounts": TAX_AMOUNTS,
    "tax_rates": TAX_RATES,
    "taxes": TAXES,
    "type": words("invoiceitem", "subscription"),
    "unit_amount_excluding_tax": maybe(DECIMAL),
}
ITEM: dict[str, Schema] = {
    "parent": maybe(
        hash_of(
            subscription_details=hash_of(subscription=STRING, subscription_item=maybe(STRING)),
            type=words("subscription_details"),
        )
    ),
    "period": PERIOD,
    "plan": maybe(the("plan")),
    "price": maybe(the("price")),
    "pricing": PRICING,
    "proration_details": maybe(
        hash_of(
            credited_items=maybe(
                hash_of(
                    invoice_item=maybe(STRING),
                    invoice_line_item_details=CREDITED,
                    type=words("invoice_item", "invoice_line_items"),
                )
            ),
            discount_amounts=DISCOUNT_AMOUNTS,
        )
    ),
    "quantity_decimal": DECIMAL,
    "tax_rates": TAX_RATES,
    "unit_amount": maybe(INTEGER),
}
INVOICE: dict[str, Schema] = {
    "customer": maybe(id_or("customer", "deleted_customer")),  # null in previews for nobody yet
    "account_country": maybe(STRING),
    "account_name": maybe(STRING),
    "account_tax_ids": maybe(array(id_or("tax_id"))),
    "amount_due": INTEGER,
    "amount_paid_off_stripe": INTEGER,
    "amount_remaining": INTEGER,
    "amount_shipping": INTEGER,
    "attempt_count": INTEGER,
    "attempted": BOOLEAN,
    "automatic_tax": hash_of(disabled_reason=NULL, enabled=BOOLEAN, liability=NULL, provider=NULL, status=NULL),
    "automatically_finalizes_at": maybe(MOMENT),
    "closed": BOOLEAN,
    "custom_fields": maybe(CUSTOM_FIELDS),
    "customer_address": maybe(ADDRESS),
    "customer_email": maybe(STRING),
    "customer_name": maybe(STRING),
    "customer_phone": maybe(STRING),
    "customer_shipping": maybe(SHIPPING),
    "customer_tax_exempt": maybe(words("exempt", "none", "reverse")),
    "customer_tax_ids": array(hash_of(type=STRING, value=maybe(STRING))),
    "default_tax_rates": TAX_RATES,
    "discount": maybe(the("discount")),
    "forgiven": BOOLEAN,
    "from_invoice": maybe(hash_of(action=words("revision"), invoice=id_or("invoice"))),
    "hosted_invoice_url": maybe(STRING),
    "invoice_pdf": maybe(STRING),
    "receipt_number": maybe(STRING),
    "receipt_pdf": maybe(STRING),
    "issuer": ITSELF,
    "lines": listed(the("line_item")),
    "paid": BOOLEAN,
    "parent": maybe(
        hash_of(
            quote_details=maybe(hash_of(quote=STRING)),
            subscription_details=maybe(
                hash_of(
                    metadata=maybe(MAP),
                    subscription=id_or("subscription"),
                    subscription_proration_date=maybe(MOMENT),
                )
            ),
            type=words("quote_details", "subscription_details"),
        )
    ),
    "payment_settings": hash_of(default_mandate=NULL, payment_method_options=NULL, payment_method_types=NULL),
    "rendering": maybe(
        hash_of(
            amount_tax_display=maybe(STRING),
            pdf=maybe(hash_of(page_size=maybe(words("a4", "auto", "letter")))),
            template=maybe(STRING),
            template_version=maybe(INTEGER),
        )
    ),
    "shipping_cost": maybe(SHIPPING_COST),
    "shipping_details": maybe(SHIPPING),
    "starting_balance": INTEGER,
    "status_transitions": hash_of(
        finalized_at=maybe(MOMENT),
        marked_uncollectible_at=maybe(MOMENT),
        paid_at=maybe(MOMENT),
        voided_at=maybe(MOMENT),
    ),
    "subscription_details": maybe(hash_of(metadata=maybe(MAP))),
    "subscription_proration_date": maybe(MOMENT),
    "tax": maybe(INTEGER),
    "total_discount_amounts": DISCOUNT_AMOUNTS,
    "total_pretax_credit_amounts": PRETAX_CREDITS,
    "total_tax_amounts": TAX_AMOUNTS,
    "total_taxes": TAXES,
}
TYPES: dict[str, dict[str, Schema]] = {"invoice": INVOICE, "invoiceitem": ITEM, "line_item": LINE}
