"""The fields of the wire's types that no column holds: which are harmless and why, and which are refused."""

from collections.abc import Mapping
from typing import Any

from portal import clock
from portal.rules.subscriptions import ENDED
from portal.transfer.fields import Object, RefusedField, TypeFields, is_present

_MODE = "the command says which mode it imports into"
_MONEY = "money is moved elsewhere, so it changes no bill"
_COMPUTED = "it is worked out from other fields"
_PLATFORM = "it names the program or the platform that made the object"
_ADDRESS = "an address of the other system, which has no meaning here"
_SAME = "another field says the same, and that one is read"
_HISTORY = "it tells how the other system collected, which is over"

_SPLIT = "payments are not divided between accounts here"
_AUTOMATIC_TAX = "taxes are not worked out by themselves here; give it tax rates in its place"
_THRESHOLDS = "bills at a threshold have no place here"
_OTHER_ISSUER = "every bill is issued by this account"
_QUANTITIES = "quantities are not transformed here"
_ITEMIZED = "the discounts of prorations are part of their amounts here"


def _because(reason: str, *paths: str) -> dict[str, str]:
    return dict.fromkeys(paths, reason)


def _always(object: Object) -> bool:
    return True


def _is_other_account(type: Any) -> bool:
    return bool(type == "account")


def _is_flat(type: Any) -> bool:
    return bool(type == "flat_amount")


def _is_itemized(value: Any) -> bool:
    return bool(value == "itemized")


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_metered(value: Any) -> bool:
    return value not in (None, "licensed")


def _is_fraction(quantity: Any) -> bool:
    return quantity is not None and float(quantity) % 1 != 0


def _still_waits(update: Any) -> bool:
    return bool(update) and (update.get("expires_at") or clock.now() + 1) > clock.now()


def _split_fields(*prefixes: str) -> tuple[RefusedField, ...]:
    return tuple(RefusedField(f"{prefix}{name}", _SPLIT) for prefix in prefixes for name in _SPLIT_NAMES)


def _price_fields(prefix: str, quantity: str) -> tuple[RefusedField, ...]:
    return (
        RefusedField(f"{prefix}{quantity}", _QUANTITIES, is_present),
        RefusedField(f"{prefix}tiers", "prices in tiers have no place here"),
        RefusedField(f"{prefix}tiers_mode", "prices in tiers have no place here"),
    )


_OLD_BALANCE = "invoice_customer_balance_settings"
_PERIOD = ("current_period_end", "current_period_start")
_SPLIT_NAMES = ("application_fee_amount", "application_fee_percent", "on_behalf_of", "transfer_data")
_QUOTE_UNKNOWN = ("bill_on_acceptance", "prebilling", "phases")
_METERED = "metered prices have no place here"
_PRICE = TypeFields(
    harmless={
        **_because(_MODE, "livemode"),
        **_because(_SAME, "type"),
        "billing_scheme": "prices in tiers are refused, and all others are per_unit",
        "currency_options": "the price keeps its own currency; what is billed in another one is refused by name",
    },
    refused=(
        *_price_fields("", "transform_quantity"),
        RefusedField("recurring.meter", _METERED),
        RefusedField("recurring.aggregate_usage", _METERED),
        RefusedField("recurring.usage_type", _METERED, _is_metered),
        RefusedField("custom_unit_amount", "amounts of the customer's choice have no place here"),
    ),
    brings_bills=_always,
)
_PLAN = TypeFields(
    harmless={
        **_because(_MODE, "livemode"),
        **_because("prices in tiers are refused, and all others are per_unit", "billing_scheme"),
    },
    refused=(
        *_price_fields("", "transform_usage"),
        RefusedField("meter", _METERED),
        RefusedField("aggregate_usage", _METERED),
        RefusedField("usage_type", _METERED, _is_metered),
    ),
    older=(
        *("active", "amount", "amount_decimal", "created", "currency", "id", "interval", "interval_count"),
        *("metadata", "nickname", "object", "product", "trial_period_days", "name", "statement_descriptor"),
    ),
    brings_bills=_always,
)

_SUBSCRIPTION = TypeFields(
    harmless={
        **_because(_MODE, "livemode"),
        **_because(_PLATFORM, "application", "customer_account"),
        **_because(_MONEY, "payment_settings", "pending_setup_intent", "presentment_details"),
        **_because(
            "money is moved elsewhere; that it is there is read, as a trial then ends with a bill",
            "default_payment_method",
            "default_source",
        ),
        **_because("its items say the same", "plan", "quantity"),
        **_because("a subscription that names its taxes itself works none out", "automatic_tax"),
        **_because("this account issues every bill; another issuer is refused", "invoice_settings.issuer"),
        **_because("the older name of start_date", "start"),
        **_because("it is about invoices that become void, which are not of the next bill", _OLD_BALANCE),
        "pending_update": "one that has expired changes nothing any more; one that waits is refused",
        "latest_invoice": "it is history; the next bill takes its place",
    },
    refused=(
        *_split_fields(""),
        RefusedField("automatic_tax.enabled", _AUTOMATIC_TAX),
        RefusedField("billing_thresholds", _THRESHOLDS),
        RefusedField("billing_schedules", "billing schedules have no place here"),
        RefusedField("billing_mode.flexible.proration_discounts", _ITEMIZED, _is_itemized),
        RefusedField("invoice_settings.issuer.type", _OTHER_ISSUER, _is_other_account),
        RefusedField("managed_payments", "a seller in between has no place here"),
        RefusedField("pending_update", "an update that waits for its payment can't be taken over", _still_waits),
        RefusedField(
            "trial_settings.end_behavior.billing_cycle_anchor", "the anchor can't be chosen for the end of a trial here"
        ),
    ),
    older=("billing", "tax_percent"),
    brings_bills=lambda object: object.get("status") not in ENDED,
)
_SUBSCRIPTION_ITEM = TypeFields(
    harmless={
        **_because(_MODE, "livemode"),
        **_because(_COMPUTED, "billed_until"),
        **_because("the subscription is billed as a whole; items with other periods are refused", *_PERIOD),
        **_because("the item belongs to the subscription that it stands in", "subscription"),
    },
    refused=(
        RefusedField("billing_thresholds", _THRESHOLDS),
        RefusedField("current_trial", "trials of single items have no place here"),
        *_price_fields("price.", "transform_quantity"),
        *_price_fields("plan.", "transform_usage"),
        RefusedField("price.recurring.usage_type", _METERED, _is_metered),
        RefusedField("plan.usage_type", _METERED, _is_metered),
    ),
)
_SCHEDULE = TypeFields(
    harmless={
        **_because(_MODE, "livemode"),
        **_because(_PLATFORM, "application", "customer_account"),
        **_because(_MONEY, "default_settings.default_payment_method", "phases.default_payment_method"),
        **_because(
            "a phase that names its taxes itself works none out", "default_settings.automatic_tax", "phases.automatic_tax"
        ),
        **_because(
            "this account issues every bill; another issuer is refused",
            "default_settings.invoice_settings.issuer",
            "phases.invoice_settings.issuer",
        ),
        **_because("the price says the same", "phases.items.plan"),
        **_because("it goes with end_behavior=renew, which is refused", "renewal_interval"),
    },
    refused=(
        *_split_fields("default_settings.", "phases."),
        RefusedField("default_settings.automatic_tax.enabled", _AUTOMATIC_TAX),
        RefusedField("phases.automatic_tax.enabled", _AUTOMATIC_TAX),
        RefusedField("phases.tax_percent", _AUTOMATIC_TAX),
        RefusedField("default_settings.billing_thresholds", _THRESHOLDS),
        RefusedField("phases.billing_thresholds", _THRESHOLDS),
        RefusedField("phases.items.billing_thresholds", _THRESHOLDS),
        RefusedField("default_settings.invoice_settings.issuer.type", _OTHER_ISSUER, _is_other_account),
        RefusedField("phases.invoice_settings.issuer.type", _OTHER_ISSUER, _is_other_account),
        RefusedField("billing_mode.flexible.proration_discounts", _ITEMIZED, _is_itemized),
        RefusedField("pause_schedules", "pauses that are planned have no place here"),
        RefusedField(
            "end_behavior", "a schedule ends with cancel or release here", lambda word: word not in {"cancel", "release"}
        ),
    ),
    brings_bills=lambda object: object.get("status") in {"active", "not_started"},
)
_CUSTOMER = TypeFields(
    harmless={
        **_because(_MODE, "livemode"),
        **_because(_PLATFORM, "customer_account"),
        **_because(_MONEY, "cash_balance", "sources"),
        **_because("bills name the customer by name", "business_name", "individual_name"),
        **_because(_COMPUTED, "delinquent"),
        "invoice_credit_balance": "the balance says the same; a balance in another currency is refused",
        "tax": "taxes are not worked out by themselves here, and what needs that is refused",
    },
    older=("account_balance",),
    brings_bills=_always,
)
_INVOICE = TypeFields(
    harmless={
        **_because(_MODE, "livemode"),
        **_because(_PLATFORM, "application", "customer_account"),
        **_because(_MONEY, "default_payment_method", "default_source", "payment_settings", "confirmation_secret"),
        **_because(_MONEY, "payment_intent", "charge", "last_payment_attempt", "next_payment_attempt"),
        **_because(_HISTORY, "attempt_count", "attempted", "last_finalization_error", "status_details"),
        **_because(_HISTORY, "threshold_reason", "webhooks_delivered_at", "redaction"),
        **_because(_ADDRESS, "hosted_invoice_url", "invoice_pdf", "receipt_pdf"),
        **_because(_COMPUTED, "amount_paid_off_stripe", "amount_shipping", "total_pretax_credit_amounts"),
        **_because("invoice_payment objects of their own are read", "payments"),
        **_because(_SAME, "closed", "forgiven", "paid", "rendering_options", "issued_at"),
        **_because("a draft that names its taxes itself works none out; what was billed keeps its taxes", "automatic_tax"),
        **_because("this account issues every bill; another issuer of a draft is refused", "issuer"),
        **_because("on an invoice that was issued nothing is divided any more", *_SPLIT_NAMES),
        **_because("it goes with previews", "subscription_proration_date"),
        "latest_revision": "it is followed where the revision is there",
    },
    refused=(
        *_split_fields(""),
        RefusedField("automatic_tax.enabled", _AUTOMATIC_TAX),
        RefusedField("tax_percent", _AUTOMATIC_TAX),
        RefusedField("issuer.type", _OTHER_ISSUER, _is_other_account),
        RefusedField("lines.data.quantity_decimal", "quantities are whole here", _is_fraction),
    ),
    older=("date", "billing", "application_fee", "statement_description", "finalized_at", "ending_balance"),
    brings_bills=lambda object: object.get("status") == "draft",
)
_LINE = TypeFields(
    harmless={
        **_because(_MODE, "livemode"),
        **_because(_COMPUTED, "subtotal", "pretax_credit_amounts", "amount_excluding_tax", "unit_amount_excluding_tax"),
        **_because(_SAME, "quantity_decimal", "type", "invoice"),
    },
)
_INVOICE_ITEM = TypeFields(
    harmless={
        **_because(_MODE, "livemode"),
        **_because(_PLATFORM, "customer_account"),
        **_because(_COMPUTED, "net_amount", "unit_amount"),
        **_because("a whole one says the same as quantity; others are refused", "quantity_decimal"),
        **_because("it limits what the other system's programs may change", "frozen_fields"),
        **_because("the amount is after them", "proration_details.discount_amounts"),
        "invoicing_rules": "they say when an item is billed; one that was billed needs none",
    },
    refused=(
        RefusedField("invoicing_rules", "rules for when an item is billed have no place here"),
        RefusedField("quantity_decimal", "quantities are whole here", _is_fraction),
    ),
    older=("created", "discount"),
    brings_bills=lambda object: object.get("invoice") is None,
)
_CREDIT_NOTE = TypeFields(
    harmless={
        **_because(_MODE, "livemode"),
        **_because(_PLATFORM, "customer_account"),
        **_because(_ADDRESS, "pdf"),
        **_because(_MONEY, "refund", "refunds"),
        **_because(_COMPUTED, "amount", "amount_shipping", "discount_amount", "pretax_credit_amounts"),
    },
)
_CREDIT_NOTE_LINE = TypeFields(
    harmless={
        **_because(_MODE, "livemode"),
        **_because(_COMPUTED, "discount_amount", "pretax_credit_amounts", "amount_excluding_tax"),
        **_because(_COMPUTED, "unit_amount", "unit_amount_excluding_tax"),
    },
)
_QUOTE = TypeFields(
    harmless={
        **_because(_MODE, "livemode"),
        **_because(_PLATFORM, "application", "customer_account"),
        **_because(_SAME, "amount_subtotal", "amount_total", "total_details"),
        **_because("a quote that names its taxes itself works none out", "automatic_tax"),
        **_because("this account issues every bill; another issuer is refused", "invoice_settings.issuer"),
        **_because("of a quote that has ended nothing is divided any more", *_SPLIT_NAMES),
    },
    refused=(
        *_split_fields(""),
        RefusedField("automatic_tax.enabled", _AUTOMATIC_TAX),
        RefusedField("invoice_settings.issuer.type", _OTHER_ISSUER, _is_other_account),
        RefusedField("subscription_data.billing_mode.flexible.proration_discounts", _ITEMIZED, _is_itemized),
        RefusedField("discounts", "only the id of one is there; expand it", _is_text),
        RefusedField("total_details.amount_shipping", "quotes with shipping have no place here"),
        *(RefusedField(f"subscription_data.{name}", "this has no place here") for name in _QUOTE_UNKNOWN),
    ),
    brings_bills=lambda object: object.get("status") in {"draft", "open"},
)
_QUOTE_LINE = TypeFields(
    harmless={
        **_because(_MODE, "livemode"),
        **_because(_COMPUTED, "amount_discount"),
        **_because("checkout pages need it, and a quote is accepted as it is", "adjustable_quantity"),
        **_because("what a line becomes takes its metadata from the quote", "metadata"),
    },
    refused=_price_fields("price.", "transform_quantity"),
)

FIELDS: Mapping[str, TypeFields] = {
    "coupon": TypeFields(
        harmless={**_because(_MODE, "livemode"), **_because(_COMPUTED, "valid")},
        older=("percent_off_precise",),
        brings_bills=_always,
    ),
    "credit_note": _CREDIT_NOTE,
    "credit_note_line_item": _CREDIT_NOTE_LINE,
    "customer": _CUSTOMER,
    "customer_balance_transaction": TypeFields(
        harmless={**_because(_MODE, "livemode"), **_because(_PLATFORM, "customer_account", "checkout_session")}
    ),
    "discount": TypeFields(
        harmless={**_because(_MODE, "livemode"), **_because(_PLATFORM, "customer_account", "checkout_session")},
        brings_bills=_always,
    ),
    "invoice": _INVOICE,
    "invoiceitem": _INVOICE_ITEM,
    "item": _QUOTE_LINE,
    "line_item": _LINE,
    "plan": _PLAN,
    "price": _PRICE,
    "product": TypeFields(
        harmless={
            **_because(_MODE, "livemode"),
            **_because("nothing is sent by post here", "package_dimensions"),
            **_because("taxes are not worked out by themselves here", "tax_details"),
            **_because("goods and services are billed alike", "type"),
        },
        older=("features",),
    ),
    "promotion_code": TypeFields(
        harmless={**_because(_MODE, "livemode"), **_because(_PLATFORM, "customer_account")}, brings_bills=_always
    ),
    "quote": _QUOTE,
    "shipping_rate": TypeFields(harmless={**_because(_MODE, "livemode"), **_because("there is only one", "type")}),
    "subscription": _SUBSCRIPTION,
    "subscription_item": _SUBSCRIPTION_ITEM,
    "subscription_schedule": _SCHEDULE,
    "tax_id": TypeFields(
        harmless={
            **_because(_MODE, "livemode"),
            **_because(_PLATFORM, "customer_account"),
            **_because("the customer says the same, and one without is the account's own", "owner"),
            **_because("what the register answered is told by the status", "verification.verified_address"),
            **_because("what the register answered is told by the status", "verification.verified_name"),
        }
    ),
    "tax_rate": TypeFields(
        harmless={
            **_because(_MODE, "livemode"),
            **_because(_SAME, "effective_percentage"),
            **_because("jurisdiction says it in words", "jurisdiction_level"),
            **_because("taxes of a flat amount are refused, and all others are a percentage", "rate_type"),
        },
        refused=(
            RefusedField("flat_amount", "taxes of a flat amount have no place here"),
            RefusedField("rate_type", "taxes of a flat amount have no place here", _is_flat),
        ),
        brings_bills=_always,
    ),
}


def fields_of(type: str) -> TypeFields:
    """The table of a type; one that brings no bills needs none."""
    return FIELDS.get(type, _NO_TABLE)


_NO_TABLE = TypeFields()
