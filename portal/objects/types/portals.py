"""JSON schemas of the values of portal configurations, sessions and feedback options."""

from portal.rules.corrections import FIELDS
from portal.rules.portal_features import UPDATABLE_DETAILS
from portal.wire.schemas import BOOLEAN, INTEGER, STRING, Schema, array_of, enum_of, hash_of, id_or, or_null

OFFER_TYPE = enum_of("coupon", "pause", "price")
ENABLED_HASH = hash_of(enabled=BOOLEAN)
PRORATION = enum_of("always_invoice", "create_prorations", "none")
PRODUCTS = array_of(
    hash_of(
        adjustable_quantity=hash_of(enabled=BOOLEAN, maximum=or_null(INTEGER), minimum=or_null(INTEGER)),
        prices=array_of(STRING),
        product=STRING,
        role=enum_of("add_on", "plan"),
    )
)
RULES = hash_of(
    allowed_changes=array_of(
        enum_of("decreasing_item_amount", "increasing_item_amount", "lengthening_interval", "shortening_interval")
    ),
    commitment=or_null(hash_of(interval=or_null(STRING), interval_count=INTEGER, metadata=or_null(STRING))),
    minimum_quantity=or_null(hash_of(metadata=or_null(STRING), quantity=or_null(INTEGER))),
)
FEATURES = hash_of(
    contacts=ENABLED_HASH,
    customer_update=hash_of(
        allowed_updates=array_of(enum_of(*UPDATABLE_DETAILS)),
        enabled=BOOLEAN,
    ),
    invoice_correction=hash_of(
        countries=array_of(STRING),
        days=INTEGER,
        enabled=BOOLEAN,
        fields=array_of(enum_of(*sorted(FIELDS))),
        tax_period=enum_of("month", "quarter"),
    ),
    invoice_history=ENABLED_HASH,
    payment_calendar=ENABLED_HASH,
    payment_method_update=hash_of(enabled=BOOLEAN, payment_method_configuration=or_null(STRING)),
    quotes=ENABLED_HASH,
    spending=ENABLED_HASH,
    subscription_cancel=hash_of(
        cancellation_reason=hash_of(
            enabled=BOOLEAN, feedback_options=array_of(id_or("billing.feedback_option")), options=array_of(STRING)
        ),
        enabled=BOOLEAN,
        mode=enum_of("at_period_end", "immediately"),
        proration_behavior=PRORATION,
        retention=hash_of(
            days=INTEGER,
            enabled=BOOLEAN,
            offers=array_of(
                hash_of(coupon=or_null(STRING), price=or_null(STRING), reasons=array_of(STRING), type=OFFER_TYPE)
            ),
        ),
    ),
    subscription_create=hash_of(
        allow_promotion_codes=BOOLEAN,
        enabled=BOOLEAN,
        products=PRODUCTS,
        several=hash_of(enabled=BOOLEAN, same_product=BOOLEAN),
        trial_period_days=or_null(INTEGER),
    ),
    subscription_pause=hash_of(
        duration=hash_of(
            interval_options=array_of(
                hash_of(interval=enum_of("day", "month", "week", "year"), interval_count=INTEGER)
            ),
            type=enum_of("indefinite", "interval_options"),
        ),
        enabled=BOOLEAN,
    ),
    subscription_update=hash_of(
        {"products": PRODUCTS},
        billing_cycle_anchor=or_null(enum_of("now", "unchanged")),
        default_allowed_updates=array_of(enum_of("price", "promotion_code", "quantity")),
        enabled=BOOLEAN,
        proration_behavior=PRORATION,
        rules=RULES,
        schedule_at_period_end=hash_of(
            conditions=array_of(hash_of(type=enum_of("decreasing_item_amount", "shortening_interval")))
        ),
        trial_update_behavior=enum_of("continue_trial", "end_trial"),
    ),
    subscription_withdrawal=hash_of(
        customers=enum_of("all", "consumers"), days=INTEGER, enabled=BOOLEAN, refund=enum_of("full", "prorated")
    ),
    balance_payout=ENABLED_HASH,
    visits=ENABLED_HASH,
)
OFF = hash_of({"enabled": BOOLEAN})
SUBSCRIPTION = or_null(hash_of(subscription=STRING))
FLOW = hash_of(
    after_completion=hash_of(
        hosted_confirmation=or_null(hash_of(custom_message=or_null(STRING))),
        redirect=or_null(hash_of(return_url=STRING)),
        type=enum_of("hosted_confirmation", "portal_homepage", "redirect"),
    ),
    customer_update=or_null(hash_of()),
    subscription_cancel=or_null(
        hash_of(
            retention=or_null(hash_of(coupon_offer=or_null(hash_of(coupon=STRING)), type=enum_of("coupon_offer"))),
            subscription=STRING,
        )
    ),
    invoice_correction=or_null(hash_of(invoice=STRING)),
    quote_accept=or_null(hash_of(quote=STRING)),
    subscription_create=or_null(hash_of(price=or_null(STRING))),
    subscription_pause=SUBSCRIPTION,
    subscription_update=SUBSCRIPTION,
    subscription_update_confirm=or_null(
        hash_of(
            discounts=or_null(array_of(hash_of(coupon=or_null(STRING), promotion_code=or_null(STRING)))),
            items=array_of(hash_of(id=STRING, price=or_null(STRING), quantity=or_null(INTEGER))),
            subscription=STRING,
        )
    ),
    subscription_withdrawal=SUBSCRIPTION,
    type=STRING,
)
CONFIGURATION: dict[str, Schema] = {
    "business_profile": hash_of(
        headline=or_null(STRING), privacy_policy_url=or_null(STRING), terms_of_service_url=or_null(STRING)
    ),
    "cancel_page": hash_of(enabled=BOOLEAN, url=or_null(STRING), withdrawal_url=or_null(STRING)),
    "embedding": hash_of(origins=array_of(STRING)),
    "features": FEATURES,
    "host": or_null(STRING),
    "login_page": hash_of(enabled=BOOLEAN, url=or_null(STRING)),
    "session_limits": {"type": "object", "additionalProperties": or_null(INTEGER)},
}
FEEDBACK_OPTION: dict[str, Schema] = {
    "status": enum_of("active", "inactive"),
    "status_transitions": hash_of(deactivated_at=or_null(INTEGER)),
}
PORTAL_SESSION: dict[str, Schema] = {
    "after_expiration": or_null(
        hash_of(customer_login=hash_of(expires_at=or_null(INTEGER)), type=enum_of("customer_login"))
    ),
    "embed": or_null(
        hash_of(
            origin=STRING,
            section=or_null(enum_of("details", "invoices", "payment_methods", "plans")),
            theme=enum_of("auto", "dark", "light"),
        )
    ),
    "features": or_null(
        hash_of(
            {
                **{name: OFF for name in FEATURES["properties"] if name != "subscription_update"},
                "subscription_update": hash_of({"enabled": BOOLEAN, "rules": RULES}),
            }
        )
    ),
    "flow": or_null(FLOW),
    "url": STRING,
}
RETENTION_OFFER: dict[str, Schema] = {"type": OFFER_TYPE}
RETENTION_OFFER_COUNT = hash_of(
    object=enum_of("billing_portal.retention_offer_count"),
    livemode=BOOLEAN,
    accepted=INTEGER,
    declined=INTEGER,
    reason=or_null(STRING),
    shown=INTEGER,
    type=OFFER_TYPE,
)
