"""JSON schemas of the values of checkout sessions and payment links."""

from portal.objects.types.quotes import LINE_ITEMS, QUOTE_LINE, TOTAL_DETAILS
from portal.objects.types.shared import ADDRESS, CUSTOM_FIELDS, SELF_ISSUER, SHIPPING, SHIPPING_COST
from portal.wire.schemas import (
    BOOLEAN,
    INTEGER,
    MAP,
    NULL,
    STRING,
    Schema,
    array_of,
    enum_of,
    hash_of,
    id_or,
    or_null,
)

_MESSAGE = or_null(hash_of(message=STRING))
_METHOD_TYPE = enum_of("card", "customer_balance", "sepa_debit")
_RENDERING = hash_of(amount_tax_display=or_null(STRING), template=or_null(STRING))
_COLLECTED_NAME = or_null(hash_of(enabled=BOOLEAN, optional=BOOLEAN))
_TYPED = {**dict.fromkeys(("maximum_length", "minimum_length"), or_null(INTEGER)), "default_value": or_null(STRING)}


def _custom_field(**answer: Schema) -> Schema:
    options = array_of(hash_of(label=STRING, value=STRING))
    return hash_of(
        dropdown=or_null(hash_of(default_value=or_null(STRING), options=options, **answer)),
        key=STRING,
        label=hash_of(custom=or_null(STRING), type=enum_of("custom")),
        numeric=or_null(hash_of(**_TYPED, **answer)),
        optional=BOOLEAN,
        text=or_null(hash_of(**_TYPED, **answer)),
        type=enum_of("dropdown", "numeric", "text"),
    )


_PAGE: dict[str, Schema] = {
    "allow_promotion_codes": or_null(BOOLEAN),
    "automatic_tax": hash_of(enabled=BOOLEAN, liability=NULL, provider=NULL, status=NULL),
    "billing_address_collection": or_null(enum_of("auto", "required")),
    "consent_collection": or_null(
        hash_of(
            payment_method_reuse_agreement=NULL,
            promotions=or_null(enum_of("auto", "none")),
            terms_of_service=or_null(enum_of("none", "required")),
        )
    ),
    "custom_fields": array_of(_custom_field()),
    "custom_text": hash_of(
        after_submit=_MESSAGE, shipping_address=_MESSAGE, submit=_MESSAGE, terms_of_service_acceptance=_MESSAGE
    ),
    "customer_creation": or_null(enum_of("always", "if_required")),
    "invoice_creation": or_null(
        hash_of(
            enabled=BOOLEAN,
            invoice_data=hash_of(
                account_tax_ids=or_null(array_of(STRING)),
                custom_fields=or_null(CUSTOM_FIELDS),
                description=or_null(STRING),
                footer=or_null(STRING),
                issuer=SELF_ISSUER,
                metadata=or_null(MAP),
                rendering_options=or_null(_RENDERING),
            ),
        )
    ),
    "name_collection": or_null(hash_of(business=_COLLECTED_NAME, individual=_COLLECTED_NAME)),
    "optional_items": or_null(
        array_of(hash_of(adjustable_quantity=QUOTE_LINE["adjustable_quantity"], price=STRING, quantity=INTEGER))
    ),
    "payment_method_collection": enum_of("always", "if_required"),
    "phone_number_collection": hash_of(enabled=BOOLEAN),
    "shipping_address_collection": or_null(hash_of(allowed_countries=array_of(STRING))),
    "shipping_options": array_of(hash_of(shipping_amount=INTEGER, shipping_rate=id_or("shipping_rate"))),
    "submit_type": enum_of("auto", "book", "donate", "pay", "subscribe"),
    "tax_id_collection": hash_of(enabled=BOOLEAN, required=enum_of("if_supported", "never")),
    "line_items": LINE_ITEMS,
}
CHECKOUT_SESSION: dict[str, Schema] = {
    **_PAGE,
    "custom_fields": array_of(_custom_field(value=or_null(STRING))),
    "collected_information": or_null(
        hash_of(
            business_name=or_null(STRING),
            individual_name=or_null(STRING),
            shipping_details=or_null(hash_of(address=ADDRESS, name=STRING)),
        )
    ),
    "shipping_cost": or_null(SHIPPING_COST),
    "shipping_details": or_null(SHIPPING),
    "amount_subtotal": or_null(INTEGER),
    "amount_total": or_null(INTEGER),
    "consent": or_null(
        hash_of(promotions=or_null(enum_of("opt_in", "opt_out")), terms_of_service=or_null(enum_of("accepted")))
    ),
    "customer_details": or_null(
        hash_of(
            address=or_null(ADDRESS),
            **dict.fromkeys(("business_name", "email", "individual_name", "name", "phone"), or_null(STRING)),
            tax_exempt=or_null(enum_of("exempt", "none", "reverse")),
            tax_ids=or_null(array_of(hash_of(type=STRING, value=STRING))),
        )
    ),
    "discounts": array_of(hash_of(coupon=or_null(id_or("coupon")), promotion_code=or_null(id_or("promotion_code")))),
    "payment_method_configuration_details": or_null(hash_of(id=STRING, parent=NULL)),
    "payment_method_types": array_of(_METHOD_TYPE),
    "total_details": or_null(TOTAL_DETAILS),
    "ui_mode": enum_of("hosted_page"),
    "url": or_null(STRING),
}
PAYMENT_LINK: dict[str, Schema] = {
    **_PAGE,
    "allow_promotion_codes": BOOLEAN,
    "after_completion": hash_of(
        hosted_confirmation=or_null(hash_of(custom_message=or_null(STRING))),
        redirect=or_null(hash_of(url=STRING)),
        type=enum_of("hosted_confirmation", "redirect"),
    ),
    "billing_address_collection": enum_of("auto", "required"),
    "inactive_message": or_null(STRING),
    "payment_method_types": or_null(array_of(_METHOD_TYPE)),
    "restrictions": or_null(hash_of(completed_sessions=hash_of(count=INTEGER, limit=INTEGER))),
    "subscription_data": or_null(
        hash_of(
            description=or_null(STRING),
            invoice_settings=hash_of(issuer=SELF_ISSUER),
            metadata=MAP,
            trial_period_days=or_null(INTEGER),
            trial_settings=or_null(
                hash_of(end_behavior=hash_of(missing_payment_method=enum_of("cancel", "create_invoice", "pause")))
            ),
        )
    ),
    "url": STRING,
}
