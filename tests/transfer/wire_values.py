"""A valid value for every field of the wire's types that is not left out as harmless, unlike what it is by default.

A tuple holds several values, each for an object of its own.
"""

from __future__ import annotations

from typing import Any

from portal import clock
from tests.transfer import plain
from tests.transfer.plain import COUPON, END, PRICE, RATE, START, THEN

Values = dict[str, Any]

ADDRESS = {"city": "Berlin", "country": "DE", "line1": "Torstr. 1", "line2": "2nd floor", "postal_code": "10119"}
ADDRESS |= {"state": "BE"}
POSTED = {"address": ADDRESS, "carrier": "DHL", "name": "Jenny", "phone": "+49 30 1", "tracking_number": "T1"}
WORDS = {"a": "b"}
CUSTOM_FIELDS = [{"name": "Order", "value": "7"}]
SOURCES = [
    {"coupon": "HALF", "discount": None, "promotion_code": None},
    {"discount": "di_0"},
    {"promotion_code": "promo_0"},
]
SETTINGS = {"account_tax_ids": ["txi_own"], "custom_fields": CUSTOM_FIELDS, "description": "Hello", "footer": "Bye"}
TAX = {
    "amount": 190,
    "tax_behavior": "exclusive",
    "tax_rate_details": {"tax_rate": "txr_1"},
    "type": "tax_rate_details",
}
TAX |= {"taxability_reason": "standard_rated", "taxable_amount": 1000}
OFF = [{"amount": 1000, "discount": "di_0"}]
SHIPPING_COST = {"amount_subtotal": 500, "amount_tax": 95, "amount_total": 595, "shipping_rate": "shr_0"}
SHIPPING_COST |= {"taxes": [{"amount": 95, "rate": RATE, "taxability_reason": "standard_rated", "taxable_amount": 500}]}
PERIOD = {"start": START, "end": END}
CREDITED = {"credited_items": {"invoice": "in_0", "invoice_line_items": ["il_0"]}}
PRICING = {
    "price_details": {"price": "price_1", "product": "prod_1"},
    "type": "price_details",
    "unit_amount_decimal": "2000",
}

LINE_PARENT = {
    "invoice_item_details": None,
    "subscription_item_details": {
        "invoice_item": None,
        "proration": True,
        "proration_details": CREDITED,
        "subscription": "sub_0",
        "subscription_item": "si_0",
    },
    "type": "subscription_item_details",
}
LINE_PARENTS = (
    LINE_PARENT,
    {
        "invoice_item_details": {
            "invoice_item": "ii_0",
            "proration": True,
            "proration_details": CREDITED,
            "subscription": "sub_0",
        },
        "type": "invoice_item_details",
    },
)
PHASE_ITEM = {"discounts": SOURCES, "metadata": WORDS, "price": "price_1", "quantity": 3, "tax_rates": [RATE]}
ADDED = {"discountable": True, "discounts": SOURCES, "metadata": WORDS, "price": "price_once", "quantity": 2}
ADDED |= {
    "period": {"end": {"timestamp": END, "type": "timestamp"}, "start": {"timestamp": START, "type": "timestamp"}}
}
ADDED |= {"tax_rates": [RATE]}
PHASE_SETTINGS = SETTINGS | {"days_until_due": 9}
PHASE = plain.phase(START, END, items=[PHASE_ITEM], add_invoice_items=[ADDED], billing_cycle_anchor="phase_start")
PHASE |= {
    "collection_method": "send_invoice",
    "default_tax_rates": [RATE],
    "description": "First",
    "discounts": SOURCES,
}
PHASE |= {"invoice_settings": PHASE_SETTINGS, "metadata": WORDS, "proration_behavior": "always_invoice"}
PHASE |= {"trial_end": END - 9, "currency": "eur"}
FLEXIBLE = {"flexible": {"proration_discounts": "included"}, "type": "flexible", "updated_at": THEN}
PAUSED = {"subscription": {"type": "pause_requested"}, "transitioned_at": THEN, "type": "subscription"}
SUMS = {"amount_subtotal": 2000, "amount_total": 1190}
BREAKDOWN = {
    "discounts": [{"amount": 1000, "discount": plain.discount("di_q", source={"coupon": COUPON, "type": "coupon"})}],
    "taxes": [{"amount": 190, "rate": RATE, "taxability_reason": "standard_rated", "taxable_amount": 1000}],
}
DETAILS = {"amount_discount": 1000, "amount_tax": 190, "amount_shipping": 0}

CUSTOMER: Values = {
    "address": ADDRESS,
    "balance": -500,
    "business_name": "Rosen GmbH",
    "created": THEN,
    "currency": "usd",
    "description": "A customer",
    "discount": plain.discount("di_c"),
    "email": "j@example.com",
    "individual_name": "Jenny Rosen",
    "invoice_prefix": "ZZ9",
    "invoice_settings": {
        "custom_fields": CUSTOM_FIELDS,
        "default_payment_method": "pm_1",
        "footer": "Bye",
        "rendering_options": {"amount_tax_display": "include_inclusive_tax", "template": "inrtem_0"},
    },
    "metadata": WORDS,
    "name": "Jenny",
    "next_invoice_sequence": 12,
    "phone": "+49 30 1",
    "preferred_locales": ["de"],
    "shipping": POSTED,
    "subscriptions": plain.listed(
        plain.subscription(plain.item("si_c", subscription="sub_c"), id="sub_c", customer="x_subscriptions_0")
    ),
    "tax_exempt": "reverse",
    "tax_ids": plain.listed(
        plain.part("tax_id", "txi_c", created=THEN, type="eu_vat", value="DE3", customer="x_tax_ids_0")
    ),
    "test_clock": "clock_0",
}
PRODUCT: Values = {
    "active": False,
    "created": THEN,
    "default_price": "price_1",
    "description": "Shiny",
    "images": ["https://example.com/a.png"],
    "marketing_features": [{"name": "Fast"}],
    "metadata": WORDS,
    "name": "Silver",
    "shippable": True,
    "statement_descriptor": "SILVER",
    "tax_code": "txcd_1",
    "unit_label": "seat",
    "updated": THEN + 1,
    "url": "https://example.com",
}
PRICE_VALUES: Values = {
    "active": False,
    "created": THEN,
    "currency": "usd",
    "custom_unit_amount": {"maximum": 9, "minimum": 1, "preset": 5},
    "lookup_key": "gold",
    "metadata": WORDS,
    "nickname": "Monthly",
    "product": "prod_1",
    "recurring": {"interval": "year", "interval_count": 2, "trial_period_days": 7, "usage_type": "licensed"},
    "tax_behavior": "inclusive",
    "tiers": [{"flat_amount": 1, "flat_amount_decimal": "1", "unit_amount": 5, "unit_amount_decimal": "5", "up_to": 9}],
    "tiers_mode": "volume",
    "transform_quantity": {"divide_by": 10, "round": "up"},
    "unit_amount": 700,
    "unit_amount_decimal": "700.5",
}
PLAN: Values = {
    "active": False,
    "amount": 700,
    "amount_decimal": "700.5",
    "created": THEN,
    "currency": "usd",
    "interval": "year",
    "interval_count": 2,
    "metadata": WORDS,
    "meter": "mtr_1",
    "nickname": "Yearly",
    "product": "prod_1",
    "tiers": PRICE_VALUES["tiers"],
    "tiers_mode": "volume",
    "transform_usage": {"divide_by": 10, "round": "up"},
    "trial_period_days": 7,
    "usage_type": "metered",
}
COUPON_VALUES: Values = {
    "amount_off": 500,
    "applies_to": {"products": ["prod_1"]},
    "created": THEN,
    "currency": "eur",
    "currency_options": {"usd": {"amount_off": 600}},
    "duration": "repeating",
    "duration_in_months": 3,
    "max_redemptions": 9,
    "metadata": WORDS,
    "name": "Spring",
    "percent_off": 12.5,
    "redeem_by": END,
    "times_redeemed": 4,
}
PROMOTION_CODE: Values = {
    "active": False,
    "code": "SUMMER",
    "created": THEN,
    "customer": "cus_1",
    "expires_at": END,
    "max_redemptions": 9,
    "metadata": WORDS,
    "promotion": {"coupon": "THIRD", "type": "coupon"},
    "restrictions": {
        "currency_options": {"usd": {"minimum_amount": 600}},
        "first_time_transaction": True,
        "minimum_amount": 500,
        "minimum_amount_currency": "eur",
    },
    "times_redeemed": 4,
}
DISCOUNT: Values = {
    "customer": "cus_1",
    "end": END,
    "invoice": "in_0",
    "invoice_item": "ii_0",
    "promotion_code": "promo_0",
    "source": {"coupon": "THIRD", "type": "coupon"},
    "start": START + 1,
    "subscription": "sub_0",
    "subscription_item": "si_0",
}
TAX_RATE: Values = {
    "active": False,
    "country": "DE",
    "created": THEN,
    "description": "Value added tax",
    "display_name": "USt",
    "flat_amount": {"amount": 5, "currency": "eur"},
    "inclusive": True,
    "jurisdiction": "Germany",
    "metadata": WORDS,
    "percentage": 7.25,
    "state": "BE",
    "tax_type": "vat",
}
TAX_ID: Values = {
    "country": "FR",
    "created": THEN,
    "customer": "cus_1",
    "type": "gb_vat",
    "value": "FR123",
    "verification": {"status": "verified"},
}
SHIPPING_RATE: Values = {
    "active": False,
    "created": THEN,
    "delivery_estimate": {"maximum": {"unit": "day", "value": 5}, "minimum": {"unit": "hour", "value": 2}},
    "display_name": "Express",
    "fixed_amount": {
        "amount": 900,
        "currency": "usd",
        "currency_options": {"gbp": {"amount": 800, "tax_behavior": "exclusive"}},
    },
    "metadata": WORDS,
    "tax_behavior": "inclusive",
    "tax_code": "txcd_1",
}
ITEM: Values = {
    "billing_thresholds": {"usage_gte": 9},
    "created": THEN + 1,
    "current_trial": {"end_date": END, "start_date": START, "trial_offer": "to_1"},
    "discounts": ["di_0"],
    "metadata": WORDS,
    "price": plain.price("price_2"),
    "quantity": 4,
    "tax_rates": [RATE],
}
SUBSCRIPTION: Values = {
    "application_fee_percent": 5.5,
    "billing_cycle_anchor": START + 9,
    "billing_cycle_anchor_config": {"day_of_month": 1, "hour": 2, "minute": 3, "month": 4, "second": 5},
    "billing_mode": FLEXIBLE,
    "billing_schedules": [{"key": "a", "applies_to": [{"price": "price_1", "type": "price"}]}],
    "billing_thresholds": {"amount_gte": 900, "reset_billing_cycle_anchor": True},
    "cancel_at": END + 9,
    "cancel_at_period_end": True,
    "canceled_at": THEN + 1,
    "cancellation_details": {
        "comment": "Bye",
        "feedback": "unused",
        "feedback_option": "fo_0",
        "reason": "cancellation_requested",
    },
    "collection_method": "charge_automatically",
    "created": THEN + 1,
    "currency": "usd",
    "customer": "cus_2",
    "days_until_due": 33,
    "default_tax_rates": [RATE],
    "description": "Gold plan",
    "discounts": ["di_0"],
    "ended_at": THEN + 2,
    "invoice_settings": SETTINGS,
    "items": plain.listed(plain.item("si_x", quantity=3)),
    "latest_invoice": "in_0",
    "managed_payments": {"enabled": True},
    "metadata": WORDS,
    "next_pending_invoice_item_invoice": END - 9,
    "on_behalf_of": "acct_2",
    "pause_collection": {"behavior": "void", "resumes_at": END},
    "pending_invoice_item_interval": {"interval": "week", "interval_count": 2},
    "schedule": "sub_sched_x",
    "start_date": START + 9,
    "status": "past_due",
    "status_details": {"paused": PAUSED},
    "test_clock": "clock_0",
    "transfer_data": {"amount_percent": 5.5, "destination": "acct_2"},
    "trial_end": START + 9,
    "trial_settings": {"end_behavior": {"billing_cycle_anchor": None, "missing_payment_method": "pause"}},
    "trial_start": START + 1,
}
SCHEDULE: Values = {
    "billing_mode": FLEXIBLE,
    "canceled_at": THEN + 1,
    "completed_at": THEN + 2,
    "created": THEN + 1,
    "current_phase": {"end_date": END, "start_date": START},
    "customer": "cus_2",
    "default_settings": {
        "billing_cycle_anchor": "phase_start",
        "collection_method": "charge_automatically",
        "description": "All",
        "invoice_settings": PHASE_SETTINGS,
    },
    "end_behavior": "cancel",
    "metadata": WORDS,
    "pause_schedules": [
        {
            "key": "a",
            "pause": {
                "pause_at": END,
                "settings": {
                    "bill_for": {
                        "outstanding_usage_through": {"type": "none"},
                        "unused_time_from": {"type": "none"},
                    },
                    "invoicing_behavior": "invoice",
                    "type": "subscription",
                },
                "status": {"error": {"code": "a", "message": "b"}, "type": "error"},
            },
            "resume": {
                "resume_at": END + 1,
                "settings": {
                    "billing_cycle_anchor": "unchanged",
                    "payment_behavior": "resume_on_payment_attempt",
                    "proration_behavior": "none",
                },
                "status": {"error": {"code": "a", "message": "b"}, "type": "error"},
            },
        }
    ],
    "phases": [PHASE, {**plain.phase(END, END + clock.DAY)}],
    "released_at": THEN + 3,
    "released_subscription": "sub_0",
    "status": "completed",
    "subscription": "sub_0",
    "test_clock": "clock_0",
}
LINE: Values = {
    "amount": 700,
    "currency": "usd",
    "description": "Seven",
    "discount_amounts": OFF,
    "discountable": False,
    "discounts": ["di_0"],
    "metadata": WORDS,
    "parent": LINE_PARENTS,
    "period": {"start": THEN, "end": THEN + 1},
    "pricing": PRICING,
    "quantity": 3,
    "subscription": "sub_0",
    "taxes": [TAX],
}
INVOICE: Values = {
    "account_country": "DE",
    "account_name": "Rocket",
    "account_tax_ids": ["txi_own"],
    "amount_due": 700,
    "amount_overpaid": 5,
    "amount_paid": 700,
    "amount_remaining": 300,
    "auto_advance": True,
    "automatically_finalizes_at": END,
    "billing_reason": "subscription_cycle",
    "collection_method": "send_invoice",
    "created": THEN + 1,
    "currency": "usd",
    "custom_fields": CUSTOM_FIELDS,
    "customer": "cus_2",
    "customer_address": ADDRESS,
    "customer_email": "a@example.com",
    "customer_name": "Anna",
    "customer_phone": "+49 1",
    "customer_shipping": POSTED,
    "customer_tax_exempt": "reverse",
    "customer_tax_ids": [{"type": "eu_vat", "value": "DE1"}],
    "default_tax_rates": [RATE],
    "description": "For all",
    "discounts": ["di_0"],
    "due_date": END,
    "effective_at": THEN + 5,
    "ending_balance": -7,
    "footer": "Bye",
    "from_invoice": {"action": "revision", "invoice": "in_0"},
    "latest_revision": "in_0",
    "lines": plain.listed(plain.part("line_item", "il_x", amount=5, currency="eur", period=PERIOD, quantity=2)),
    "metadata": WORDS,
    "number": "N-1",
    "parent": (
        {
            "quote_details": None,
            "subscription_details": {"metadata": WORDS, "subscription": "sub_0"},
            "type": "subscription_details",
        },
        {"quote_details": {"quote": "qt_0"}, "type": "quote_details"},
    ),
    "period_end": END,
    "period_start": START,
    "post_payment_credit_notes_amount": 3,
    "pre_payment_credit_notes_amount": 4,
    "receipt_number": "1111-2222",
    "rendering": {
        "amount_tax_display": "include_inclusive_tax",
        "pdf": {"page_size": "a4"},
        "template": "inrtem_0",
        "template_version": 2,
    },
    "shipping_cost": SHIPPING_COST,
    "shipping_details": POSTED,
    "starting_balance": -9,
    "statement_descriptor": "ROCKET",
    "status": "uncollectible",
    "status_transitions": {
        "finalized_at": THEN,
        "marked_uncollectible_at": THEN + 1,
        "paid_at": THEN + 2,
        "voided_at": THEN + 3,
    },
    "subtotal": 700,
    "subtotal_excluding_tax": 650,
    "test_clock": "clock_0",
    "total": 700,
    "total_discount_amounts": OFF,
    "total_excluding_tax": 640,
    "total_taxes": [TAX],
}
INVOICE_ITEM: Values = {
    "amount": 700,
    "currency": "usd",
    "customer": "cus_2",
    "date": THEN + 1,
    "description": "Seven",
    "discountable": False,
    "discounts": ["di_0"],
    "invoice": "in_0",
    "metadata": WORDS,
    "parent": {
        "subscription_details": {"subscription": "sub_0", "subscription_item": "si_0"},
        "type": "subscription_details",
    },
    "period": PERIOD,
    "pricing": PRICING,
    "proration": True,
    "proration_details": (
        {
            "credited_items": {
                "invoice_item": None,
                "invoice_line_item_details": {"invoice": "in_0", "invoice_line_items": ["il_0"]},
                "type": "invoice_line_items",
            }
        },
        {"credited_items": {"invoice_item": "ii_0", "type": "invoice_item"}},
    ),
    "quantity": 3,
    "tax_rates": [RATE],
    "test_clock": "clock_0",
}
CREDIT_NOTE: Values = {
    "created": THEN + 1,
    "currency": "usd",
    "customer": "cus_2",
    "customer_balance_transaction": "cbtxn_0",
    "discount_amounts": OFF,
    "effective_at": THEN + 5,
    "invoice": "in_0",
    "lines": plain.listed(plain.part("credit_note_line_item", "cnli_x", amount=5, type="custom_line_item", quantity=2)),
    "memo": "Sorry",
    "metadata": WORDS,
    "number": "CN-9",
    "out_of_band_amount": 4,
    "post_payment_amount": 3,
    "pre_payment_amount": 2,
    "reason": "duplicate",
    "shipping_cost": SHIPPING_COST,
    "status": "void",
    "subtotal": 700,
    "subtotal_excluding_tax": 650,
    "total": 700,
    "total_excluding_tax": 640,
    "total_taxes": [TAX],
    "type": "post_payment",
    "voided_at": THEN + 7,
}
CREDIT_NOTE_LINE: Values = {
    "amount": 700,
    "description": "Seven",
    "discount_amounts": OFF,
    "invoice_line_item": "il_0",
    "metadata": WORDS,
    "quantity": 3,
    "tax_rates": [RATE],
    "taxes": [TAX],
    "type": "custom_line_item",
    "unit_amount_decimal": "7.5",
}
QUOTE: Values = {
    "collection_method": "send_invoice",
    "computed": {
        "recurring": {**SUMS, "interval": "month", "interval_count": 1, "total_details": DETAILS},
        "upfront": {**SUMS, "total_details": DETAILS},
    },
    "created": THEN + 1,
    "currency": "usd",
    "customer": "cus_2",
    "default_tax_rates": ["txr_1"],
    "description": "For you",
    "discounts": [plain.discount("di_q")],
    "expires_at": END + 9,
    "footer": "Bye",
    "from_quote": {"is_revision": True, "quote": "qt_0"},
    "header": "Quote",
    "invoice": "in_0",
    "invoice_settings": {
        "custom_fields": CUSTOM_FIELDS,
        "days_until_due": 9,
        "description": "Hello",
        "footer": "Bye",
    },
    "line_items": plain.listed({**plain.part("item", "li_x", price=PRICE, quantity=3, amount_tax=0), **SUMS}),
    "metadata": WORDS,
    "number": "QT-A-0001-2",
    "status": "canceled",
    "status_transitions": {"accepted_at": THEN, "canceled_at": THEN + 1, "finalized_at": THEN + 2},
    "subscription": "sub_0",
    "subscription_data": {
        "billing_mode": {"type": "classic"},
        "description": "Sub",
        "effective_date": END,
        "metadata": WORDS,
        "trial_period_days": 7,
    },
    "subscription_schedule": "sub_sched_0",
    "test_clock": "clock_0",
}
QUOTE_LINE: Values = {
    "amount_subtotal": 2000,
    "amount_tax": 190,
    "amount_total": 1190,
    "currency": "eur",
    "description": "Gold",
    "discounts": BREAKDOWN["discounts"],
    "price": plain.price("price_2"),
    "quantity": 4,
    "taxes": BREAKDOWN["taxes"],
}
BALANCE_TRANSACTION: Values = {
    "amount": -700,
    "created": THEN + 1,
    "credit_note": "cn_0",
    "currency": "usd",
    "customer": "cus_2",
    "description": "Gift",
    "ending_balance": -9,
    "invoice": "in_0",
    "metadata": WORDS,
    "type": "migration",
}

#: What an object needs beside a field for the field to mean something.
COMPANIONS: dict[tuple[str, str], Values] = {
    ("credit_note_line_item", "unit_amount_decimal"): {"type": "custom_line_item"},
    ("invoice", "automatically_finalizes_at"): {"status": "draft", "auto_advance": True},
    ("invoice", "receipt_number"): {"status": "paid", "amount_paid": 700, "number": "N-2"},
    ("invoiceitem", "proration_details"): {"proration": True},
    ("subscription", "status_details"): {"status": "paused"},
}
#: Objects that go with one field only.
EXTRAS: dict[tuple[str, str], tuple[plain.Object, ...]] = {
    ("subscription", "schedule"): (
        {**plain.schedule(plain.phase(START, END), subscription="x_schedule_0"), "id": "sub_sched_x"},
    ),
}
#: The objects that those values name.
CONTEXT = (
    plain.CUSTOMER,
    plain.obj("customer", "cus_2"),
    plain.PRODUCT,
    PRICE,
    plain.price("price_2"),
    plain.price("price_once", recurring=None),
    COUPON,
    COUPON | {"id": "THIRD", "percent_off": 33.3},
    RATE,
    plain.obj("tax_id", "txi_own", type="eu_vat", value="DE2", owner={"type": "self"}, verification=None),
    plain.obj("promotion_code", "promo_0", code="ZERO", active=True, promotion={"coupon": "HALF", "type": "coupon"}),
    plain.discount("di_0"),
    plain.obj("test_helpers.test_clock", "clock_0", frozen_time=START, deletes_after=END, status="ready"),
    plain.obj(
        "invoice",
        "in_0",
        customer="cus_1",
        currency="eur",
        status="paid",
        total=0,
        lines=plain.listed(plain.part("line_item", "il_0", amount=0, currency="eur", period=PERIOD, quantity=1)),
    ),
    plain.subscription(plain.item("si_0"), id="sub_0"),
    {**plain.schedule(plain.phase(START, END), subscription="sub_0"), "id": "sub_sched_0"},
    plain.obj("quote", "qt_0", status="draft", customer="cus_1", expires_at=END, line_items=plain.listed()),
    plain.obj("invoiceitem", "ii_0", customer="cus_1", amount=1, currency="eur", invoice="in_0", date=THEN),
    plain.obj(
        "credit_note",
        "cn_0",
        customer="cus_1",
        invoice="in_0",
        number="CN-0",
        total=0,
        currency="eur",
        type="pre_payment",
    ),
    plain.obj("shipping_rate", "shr_0", display_name="Post", fixed_amount={"amount": 500, "currency": "eur"}),
)
