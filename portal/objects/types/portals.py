"""Portal configurations and sessions."""

from __future__ import annotations

from portal.wire.schemas import BOOLEAN, INTEGER, NULL, STRING, Schema, array, hash_of, id_or, maybe, words

ENABLED = hash_of(enabled=BOOLEAN)
PRORATION = words("always_invoice", "create_prorations", "none")
PRODUCTS = array(
    hash_of(
        adjustable_quantity=hash_of(enabled=BOOLEAN, maximum=maybe(INTEGER), minimum=maybe(INTEGER)),
        prices=array(STRING),
        product=STRING,
    )
)
FEATURES = hash_of(
    customer_update=hash_of(
        allowed_updates=array(words("address", "email", "name", "phone", "shipping", "tax_id")), enabled=BOOLEAN
    ),
    invoice_history=ENABLED,
    payment_method_update=hash_of(enabled=BOOLEAN, payment_method_configuration=maybe(STRING)),
    subscription_cancel=hash_of(
        cancellation_reason=hash_of(
            enabled=BOOLEAN, feedback_options=array(id_or("billing.feedback_option")), options=array(STRING)
        ),
        enabled=BOOLEAN,
        mode=words("at_period_end", "immediately"),
        proration_behavior=PRORATION,
    ),
    subscription_pause=hash_of(duration=NULL, enabled=BOOLEAN),
    subscription_update=hash_of(
        {"products": PRODUCTS},
        billing_cycle_anchor=maybe(words("now", "unchanged")),
        default_allowed_updates=array(words("price", "promotion_code", "quantity")),
        enabled=BOOLEAN,
        proration_behavior=PRORATION,
        schedule_at_period_end=hash_of(
            conditions=array(hash_of(type=words("decreasing_item_amount", "shortening_interval")))
        ),
        trial_update_behavior=words("continue_trial", "end_trial"),
    ),
)
SUBSCRIPTION = maybe(hash_of(subscription=STRING))
FLOW = hash_of(
    after_completion=hash_of(
        hosted_confirmation=maybe(hash_of(custom_message=maybe(STRING))),
        redirect=maybe(hash_of(return_url=STRING)),
        type=words("hosted_confirmation", "portal_homepage", "redirect"),
    ),
    customer_update=maybe(hash_of()),
    subscription_cancel=maybe(
        hash_of(
            retention=maybe(hash_of(coupon_offer=maybe(hash_of(coupon=STRING)), type=words("coupon_offer"))),
            subscription=STRING,
        )
    ),
    subscription_pause=NULL,
    subscription_update=SUBSCRIPTION,
    subscription_update_confirm=maybe(
        hash_of(
            discounts=maybe(array(hash_of(coupon=maybe(STRING), promotion_code=maybe(STRING)))),
            items=array(hash_of(id=STRING, price=maybe(STRING), quantity=maybe(INTEGER))),
            subscription=STRING,
        )
    ),
    type=STRING,
)
TYPES: dict[str, dict[str, Schema]] = {
    "billing_portal.configuration": {
        "business_profile": hash_of(
            headline=maybe(STRING), privacy_policy_url=maybe(STRING), terms_of_service_url=maybe(STRING)
        ),
        "features": FEATURES,
        "login_page": hash_of(enabled=BOOLEAN, url=maybe(STRING)),
        "session_limits": {"type": "object", "additionalProperties": maybe(INTEGER)},
    },
    "billing.feedback_option": {
        "status": words("active", "inactive"),
        "status_transitions": hash_of(deactivated_at=maybe(INTEGER)),
    },
    "billing_portal.session": {
        "after_expiration": maybe(
            hash_of(customer_login=hash_of(expires_at=maybe(INTEGER)), type=words("customer_login"))
        ),
        "flow": maybe(FLOW),
        "url": maybe(STRING),
    },
}
