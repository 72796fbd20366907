"""What becomes of those fields of customers, prices, subscriptions and schedules that no column holds."""

from portal.rules.subscriptions import ENDED
from portal.transfer.field_words import (
    AUTOMATIC_TAX,
    COMPUTED,
    ITEMIZED,
    METERED,
    MODE,
    MONEY,
    OLD_BALANCE,
    OTHER_ISSUER,
    PERIOD,
    PLATFORM,
    SAME,
    THRESHOLDS,
    always,
    because,
    is_itemized,
    is_metered,
    is_other_account,
    price_fields,
    split_fields,
    still_waits,
)
from portal.transfer.fields import RefusedField, TypeFields

PRICE = TypeFields(
    harmless={
        **because(MODE, "livemode"),
        **because(SAME, "type"),
        "billing_scheme": "prices in tiers are refused, and all others are per_unit",
        "currency_options": "the price keeps its own currency; what is billed in another one is refused by name",
    },
    told={"currency_options": "amounts in further currencies are left out"},
    refused=(
        *price_fields("", "transform_quantity"),
        RefusedField("recurring.meter", METERED),
        RefusedField("recurring.aggregate_usage", METERED),
        RefusedField("recurring.usage_type", METERED, is_metered),
        RefusedField("custom_unit_amount", "amounts of the customer's choice have no place here"),
    ),
    brings_bills=always,
)
PLAN = TypeFields(
    harmless={
        **because(MODE, "livemode"),
        **because("prices in tiers are refused, and all others are per_unit", "billing_scheme"),
    },
    refused=(
        *price_fields("", "transform_usage"),
        RefusedField("meter", METERED),
        RefusedField("aggregate_usage", METERED),
        RefusedField("usage_type", METERED, is_metered),
    ),
    older=(
        *("active", "amount", "amount_decimal", "created", "currency", "id", "interval", "interval_count"),
        *("metadata", "nickname", "object", "product", "trial_period_days", "name", "statement_descriptor"),
    ),
    brings_bills=always,
)

SUBSCRIPTION = TypeFields(
    harmless={
        **because(MODE, "livemode"),
        **because(PLATFORM, "application", "customer_account"),
        **because(MONEY, "payment_settings", "pending_setup_intent", "presentment_details"),
        **because(
            "money is moved elsewhere; that it is there is read, as a trial then ends with a bill",
            "default_payment_method",
            "default_source",
        ),
        **because("its items say the same", "plan", "quantity"),
        **because("an item belongs to the subscription that it stands in", "items.data.subscription"),
        **because("a subscription that names its taxes itself works none out", "automatic_tax"),
        **because("this account issues every bill; another issuer is refused", "invoice_settings.issuer"),
        **because("the older name of start_date", "start"),
        **because("it is about invoices that become void, which are not of the next bill", OLD_BALANCE),
        "pending_update": "one that has expired changes nothing any more; one that waits is refused",
    },
    refused=(
        *split_fields(""),
        RefusedField("automatic_tax.enabled", AUTOMATIC_TAX),
        RefusedField("billing_thresholds", THRESHOLDS),
        RefusedField("billing_schedules", "billing schedules have no place here"),
        RefusedField("billing_mode.flexible.proration_discounts", ITEMIZED, is_itemized),
        RefusedField("invoice_settings.issuer.type", OTHER_ISSUER, is_other_account),
        RefusedField("managed_payments", "a seller in between has no place here"),
        RefusedField("pending_update", "an update that waits for its payment can't be taken over", still_waits),
        RefusedField(
            "trial_settings.end_behavior.billing_cycle_anchor", "the anchor can't be chosen for the end of a trial here"
        ),
    ),
    older=("billing", "tax_percent"),
    brings_bills=lambda object: object.get("status") not in ENDED,
)
SUBSCRIPTION_ITEM = TypeFields(
    harmless={
        **because(MODE, "livemode"),
        **because(COMPUTED, "billed_until"),
        **because("the subscription is billed as a whole; items with other periods are refused", *PERIOD),
        **because("the price says the same; where there is none, the plan is read", "plan"),
        **because("the item belongs to the subscription that it stands in", "subscription"),
    },
    refused=(
        RefusedField("billing_thresholds", THRESHOLDS),
        RefusedField("current_trial", "trials of single items have no place here"),
        *price_fields("price.", "transform_quantity"),
        *price_fields("plan.", "transform_usage"),
        RefusedField("price.recurring.usage_type", METERED, is_metered),
        RefusedField("plan.usage_type", METERED, is_metered),
    ),
)
SCHEDULE = TypeFields(
    harmless={
        **because(MODE, "livemode"),
        **because(PLATFORM, "application", "customer_account"),
        **because(MONEY, "default_settings.default_payment_method", "phases.default_payment_method"),
        **because(
            "a phase that names its taxes itself works none out",
            "default_settings.automatic_tax",
            "phases.automatic_tax",
        ),
        **because(
            "this account issues every bill; another issuer is refused",
            "default_settings.invoice_settings.issuer",
            "phases.invoice_settings.issuer",
        ),
        **because("the price says the same", "phases.items.plan"),
        **because("it is kept as the trial_end that it means", "phases.trial"),
        **because("it goes with end_behavior=renew, which is refused", "renewal_interval"),
    },
    refused=(
        *split_fields("default_settings.", "phases."),
        RefusedField("default_settings.automatic_tax.enabled", AUTOMATIC_TAX),
        RefusedField("phases.automatic_tax.enabled", AUTOMATIC_TAX),
        RefusedField("phases.tax_percent", AUTOMATIC_TAX),
        RefusedField("default_settings.billing_thresholds", THRESHOLDS),
        RefusedField("phases.billing_thresholds", THRESHOLDS),
        RefusedField("phases.items.billing_thresholds", THRESHOLDS),
        RefusedField("default_settings.invoice_settings.issuer.type", OTHER_ISSUER, is_other_account),
        RefusedField("phases.invoice_settings.issuer.type", OTHER_ISSUER, is_other_account),
        RefusedField("billing_mode.flexible.proration_discounts", ITEMIZED, is_itemized),
        RefusedField(
            "end_behavior",
            "a schedule ends with cancel or release here",
            lambda word: word not in {"cancel", "release"},
        ),
    ),
    brings_bills=lambda object: object.get("status") in {"active", "not_started"},
)
CUSTOMER = TypeFields(
    harmless={
        **because(MODE, "livemode"),
        **because(PLATFORM, "customer_account"),
        **because(MONEY, "cash_balance", "sources"),
        "default_source": "it is kept as invoice_settings.default_payment_method",
        **because(COMPUTED, "delinquent"),
        "invoice_credit_balance": "the balance says the same; a balance in another currency is refused",
        "tax": "taxes are not worked out by themselves here, and what needs that is refused",
    },
    older=("account_balance",),
    brings_bills=always,
)
