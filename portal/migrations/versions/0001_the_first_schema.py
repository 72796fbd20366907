"""The first schema

Databases stand that it has made: whatever changes them is a migration of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ID = sa.String(255)
HASH = sa.String(64)
TEXT = sa.Text()
NUMBER = sa.BigInteger()
FLAG = sa.Boolean()
BYTES = sa.LargeBinary()
DOCUMENT = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    _accounts()
    _test_clocks()
    _catalogue()
    _customers()
    _discounts()
    _subscriptions()
    _schedules()
    _invoices()
    _balances()
    _payments()
    _quotes()
    _rendering_templates()
    _portals()
    _mails()
    _files()
    _events()
    _webhooks()
    _workers()


def downgrade() -> None:
    _drop("workers")
    _drop("webhook_queues", "webhook_deliveries", "webhook_endpoints")
    _drop("journals", "audit_log", "events")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_change_of_audit_log")
    _drop("file_links", "file_contents", "files")
    _drop("login_codes", "mails")
    _drop("email_changes", "feedback_options", "retention_offers", "portal_sessions", "portal_configurations")
    _drop("rendering_template_versions", "rendering_templates")
    _drop("quote_lines", "quotes")
    _drop("invoice_payments", "payment_records")
    _drop("customer_balance_transactions")
    _drop(
        "documents",
        "credit_note_lines",
        "credit_notes",
        "invoice_lines",
        "invoice_sequences",
        "invoiceitems",
        "invoices",
    )
    _drop("subscription_schedules")
    _drop("subscription_items", "subscriptions")
    _drop("discounts", "promotion_codes", "coupons")
    _drop("tax_ids", "customers")
    _drop("shipping_rates", "tax_rates", "prices", "products")
    _drop("test_clocks")
    _drop("idempotency_keys", "api_keys", "tenants", "accounts")


def _accounts() -> None:
    _table(
        "accounts",
        sa.Column("id", ID, nullable=False),
        sa.Column("created", NUMBER, nullable=False),
        sa.Column("country", TEXT, nullable=False),
        sa.Column("default_currency", TEXT, nullable=False),
        sa.Column("email", TEXT),
        sa.Column("business_profile", DOCUMENT, nullable=False),
        sa.Column("company", DOCUMENT, nullable=False),
        sa.Column("settings", DOCUMENT, nullable=False),
        sa.Column("metadata", DOCUMENT, nullable=False),
        sa.Column("revision", NUMBER, nullable=False),
        key=("id",),
    )
    _table(
        "tenants",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("livemode", FLAG, nullable=False),
        key=("id",),
        references={"account_id": "accounts"},
        unique=[("account_id", "livemode")],
    )
    _table(
        "api_keys",
        sa.Column("id", ID, nullable=False),
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("created", NUMBER, nullable=False),
        sa.Column("hash", TEXT, nullable=False),
        sa.Column("hint", TEXT, nullable=False),
        sa.Column("expires_at", NUMBER),
        sa.Column("last_used_at", NUMBER),
        key=("id",),
        references={"tenant_id": "tenants"},
        unique=[("hash",)],
    )
    op.create_index("ix_api_keys_tenant_id", "api_keys", ["tenant_id"])
    _table(
        "idempotency_keys",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("key", TEXT, nullable=False),
        sa.Column("created", NUMBER, nullable=False),
        sa.Column("fingerprint", TEXT, nullable=False),
        sa.Column("status", NUMBER),
        sa.Column("body", BYTES),
        sa.Column("request_id", TEXT, nullable=False),
        key=("tenant_id", "key"),
        references={"tenant_id": "tenants"},
    )
    op.create_index("ix_idempotency_keys_created", "idempotency_keys", ["created"])


def _test_clocks() -> None:
    _owned(
        "test_clocks",
        sa.Column("name", TEXT),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("frozen_time", NUMBER, nullable=False),
        sa.Column("target_frozen_time", NUMBER),
        sa.Column("deletes_after", NUMBER, nullable=False),
    )
    _newest_first("test_clocks")
    op.create_index("ix_test_clocks_advancing", "test_clocks", ["tenant_id"], **_where("status = 'advancing'"))


def _catalogue() -> None:
    _owned(
        "products",
        sa.Column("updated", NUMBER, nullable=False),
        sa.Column("active", FLAG, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("description", TEXT),
        sa.Column("default_price_id", ID),
        sa.Column("images", DOCUMENT, nullable=False),
        sa.Column("marketing_features", DOCUMENT, nullable=False),
        sa.Column("shippable", FLAG),
        sa.Column("statement_descriptor", TEXT),
        sa.Column("tax_code", TEXT),
        sa.Column("unit_label", TEXT),
        sa.Column("url", TEXT),
        sa.Column("metadata", DOCUMENT, nullable=False),
    )
    _newest_first("products")
    _owned(
        "prices",
        sa.Column("product_id", ID, nullable=False),
        sa.Column("active", FLAG, nullable=False),
        sa.Column("currency", TEXT, nullable=False),
        sa.Column("unit_amount", NUMBER),
        sa.Column("unit_amount_decimal", TEXT, nullable=False),
        sa.Column("interval", TEXT),
        sa.Column("interval_count", NUMBER),
        sa.Column("trial_period_days", NUMBER),
        sa.Column("nickname", TEXT),
        sa.Column("lookup_key", TEXT),
        sa.Column("tax_behavior", TEXT, nullable=False),
        sa.Column("metadata", DOCUMENT, nullable=False),
        links={"product_id": "products"},
        unique=[("tenant_id", "lookup_key")],
    )
    _newest_first("prices")
    _newest_first("prices", "product_id")
    _owned(
        "tax_rates",
        sa.Column("active", FLAG, nullable=False),
        sa.Column("display_name", TEXT, nullable=False),
        sa.Column("description", TEXT),
        sa.Column("percentage", TEXT, nullable=False),
        sa.Column("inclusive", FLAG, nullable=False),
        sa.Column("country", TEXT),
        sa.Column("state", TEXT),
        sa.Column("jurisdiction", TEXT),
        sa.Column("tax_type", TEXT),
        sa.Column("metadata", DOCUMENT, nullable=False),
    )
    _newest_first("tax_rates")
    _owned(
        "shipping_rates",
        sa.Column("active", FLAG, nullable=False),
        sa.Column("display_name", TEXT, nullable=False),
        sa.Column("amount", NUMBER, nullable=False),
        sa.Column("currency", TEXT, nullable=False),
        sa.Column("currency_options", DOCUMENT, nullable=False),
        sa.Column("delivery_estimate", DOCUMENT),
        sa.Column("tax_behavior", TEXT, nullable=False),
        sa.Column("tax_code", TEXT),
        sa.Column("metadata", DOCUMENT, nullable=False),
    )
    _newest_first("shipping_rates")


def _customers() -> None:
    _owned(
        "customers",
        sa.Column("deleted_at", NUMBER),
        sa.Column("name", TEXT),
        sa.Column("email", TEXT),
        sa.Column("email_folded", TEXT),
        sa.Column("phone", TEXT),
        sa.Column("description", TEXT),
        sa.Column("address", DOCUMENT),
        sa.Column("shipping", DOCUMENT),
        sa.Column("balance", NUMBER, nullable=False),
        sa.Column("currency", TEXT),
        sa.Column("discount_id", ID),
        sa.Column("tax_exempt", TEXT, nullable=False),
        sa.Column("preferred_locales", DOCUMENT, nullable=False),
        sa.Column("invoice_prefix", TEXT, nullable=False),
        sa.Column("next_invoice_sequence", NUMBER, nullable=False),
        sa.Column("invoice_settings", DOCUMENT, nullable=False),
        sa.Column("mail_failure", DOCUMENT),
        sa.Column("unsubscribed_from", DOCUMENT, nullable=False, server_default="[]"),
        sa.Column("metadata", DOCUMENT, nullable=False),
        sa.Column("test_clock_id", ID),
        sa.Column("revision", NUMBER, nullable=False),
        unique=[("tenant_id", "invoice_prefix")],
    )
    _newest_first("customers")
    _newest_first("customers", "email")
    op.create_index("ix_customers_email_folded", "customers", ["tenant_id", "email_folded"])
    op.create_index(
        "ix_customers_test_clock_id", "customers", ["tenant_id", "test_clock_id"], **_where("test_clock_id IS NOT NULL")
    )
    _in_any_case("customers", "email")
    _in_any_case("customers", "name")
    _metadata_values("customers")
    _owned(
        "tax_ids",
        sa.Column("customer_id", ID),
        sa.Column("type", TEXT, nullable=False),
        sa.Column("value", TEXT, nullable=False),
        sa.Column("country", TEXT),
        sa.Column("verification", TEXT, nullable=False),
        links={"customer_id": "customers"},
    )
    _newest_first("tax_ids", "customer_id")
    op.create_index("uq_tax_ids_customer_value", "tax_ids", ["tenant_id", "customer_id", "type", "value"], unique=True)


def _discounts() -> None:
    _owned(
        "coupons",
        sa.Column("name", TEXT),
        sa.Column("percent_off", TEXT),
        sa.Column("amount_off", NUMBER),
        sa.Column("currency", TEXT),
        sa.Column("currency_options", DOCUMENT, nullable=False),
        sa.Column("duration", TEXT, nullable=False),
        sa.Column("duration_in_months", NUMBER),
        sa.Column("max_redemptions", NUMBER),
        sa.Column("redeem_by", NUMBER),
        sa.Column("times_redeemed", NUMBER, nullable=False),
        sa.Column("applies_to", DOCUMENT),
        sa.Column("metadata", DOCUMENT, nullable=False),
    )
    _newest_first("coupons")
    _owned(
        "promotion_codes",
        sa.Column("code", TEXT, nullable=False),
        sa.Column("active_key", TEXT),
        sa.Column("coupon_id", ID, nullable=False),
        sa.Column("coupon", DOCUMENT, nullable=False),
        sa.Column("customer_id", ID),
        sa.Column("active", FLAG, nullable=False),
        sa.Column("expires_at", NUMBER),
        sa.Column("max_redemptions", NUMBER),
        sa.Column("times_redeemed", NUMBER, nullable=False),
        sa.Column("restrictions", DOCUMENT, nullable=False),
        sa.Column("metadata", DOCUMENT, nullable=False),
        links={"customer_id": "customers"},
    )
    _newest_first("promotion_codes")
    _newest_first("promotion_codes", "coupon_id")
    op.create_index("ix_promotion_codes_code", "promotion_codes", ["tenant_id", "code"])
    op.create_index("uq_promotion_codes_active_key", "promotion_codes", ["tenant_id", "active_key"], unique=True)
    _owned(
        "discounts",
        sa.Column("customer_id", ID, nullable=False),
        sa.Column("subscription_id", ID),
        sa.Column("subscription_item_id", ID),
        sa.Column("invoice_id", ID),
        sa.Column("invoice_item_id", ID),
        sa.Column("coupon_id", ID, nullable=False),
        sa.Column("coupon", DOCUMENT, nullable=False),
        sa.Column("promotion_code_id", ID),
        sa.Column("start", NUMBER, nullable=False),
        sa.Column("end", NUMBER),
        sa.Column("removed_at", NUMBER),
        sa.Column("spent_on", ID),
        links={"customer_id": "customers"},
    )
    _newest_first("discounts", "customer_id")


def _subscriptions() -> None:
    _owned(
        "subscriptions",
        sa.Column("customer_id", ID, nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("status_details", DOCUMENT),
        sa.Column("currency", TEXT, nullable=False),
        sa.Column("collection_method", TEXT, nullable=False),
        sa.Column("days_until_due", NUMBER),
        sa.Column("description", TEXT),
        sa.Column("start_date", NUMBER, nullable=False),
        sa.Column("billing_cycle_anchor", NUMBER, nullable=False),
        sa.Column("current_period_start", NUMBER, nullable=False),
        sa.Column("current_period_end", NUMBER, nullable=False),
        sa.Column("trial_start", NUMBER),
        sa.Column("trial_end", NUMBER),
        sa.Column("cancel_at", NUMBER),
        sa.Column("cancel_at_period_end", FLAG, nullable=False),
        sa.Column("canceled_at", NUMBER),
        sa.Column("ended_at", NUMBER),
        sa.Column("cancellation_details", DOCUMENT, nullable=False),
        sa.Column("default_tax_rates", DOCUMENT, nullable=False),
        sa.Column("discounts", DOCUMENT, nullable=False),
        sa.Column("latest_invoice_id", ID),
        sa.Column("schedule_id", ID),
        sa.Column("pause_collection", DOCUMENT),
        sa.Column("trial_ends_in", TEXT),
        sa.Column("trial_will_end_at", NUMBER),
        sa.Column("invoice_settings", DOCUMENT),
        sa.Column("billing_cycle_anchor_config", DOCUMENT),
        sa.Column("billing_mode", DOCUMENT),
        sa.Column("pending_invoice_item_interval", DOCUMENT),
        sa.Column("next_pending_invoice_item_invoice", NUMBER),
        sa.Column("pending_update", DOCUMENT),
        sa.Column("test_clock_id", ID),
        sa.Column("upcoming_at", NUMBER),
        sa.Column("next_step_at", NUMBER),
        sa.Column("metadata", DOCUMENT, nullable=False),
        sa.Column("revision", NUMBER, nullable=False),
        links={"customer_id": "customers"},
    )
    _newest_first("subscriptions")
    _newest_first("subscriptions", "customer_id")
    _newest_first("subscriptions", "status")
    _due_first("subscriptions")
    _due_first("subscriptions", "customer_id")
    _metadata_values("subscriptions")
    _owned(
        "subscription_items",
        sa.Column("subscription_id", ID, nullable=False),
        sa.Column("price_id", ID, nullable=False),
        sa.Column("quantity", NUMBER, nullable=False),
        sa.Column("tax_rates", DOCUMENT, nullable=False),
        sa.Column("discounts", DOCUMENT, nullable=False),
        sa.Column("metadata", DOCUMENT, nullable=False),
        links={"subscription_id": "subscriptions", "price_id": "prices"},
    )
    _newest_first("subscription_items", "price_id")
    _newest_first("subscription_items", "subscription_id")


def _schedules() -> None:
    _owned(
        "subscription_schedules",
        sa.Column("customer_id", ID, nullable=False),
        sa.Column("subscription_id", ID),
        sa.Column("released_subscription_id", ID),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("phase", NUMBER),
        sa.Column("phases", DOCUMENT, nullable=False),
        sa.Column("default_settings", DOCUMENT, nullable=False),
        sa.Column("end_behavior", TEXT, nullable=False),
        sa.Column("billing_mode", DOCUMENT),
        sa.Column("canceled_at", NUMBER),
        sa.Column("completed_at", NUMBER),
        sa.Column("released_at", NUMBER),
        sa.Column("next_step_at", NUMBER),
        sa.Column("test_clock_id", ID),
        sa.Column("metadata", DOCUMENT, nullable=False),
        sa.Column("revision", NUMBER, nullable=False),
        links={"customer_id": "customers", "subscription_id": "subscriptions"},
    )
    _newest_first("subscription_schedules")
    _newest_first("subscription_schedules", "customer_id")
    _due_first("subscription_schedules")
    _due_first("subscription_schedules", "customer_id")


def _invoices() -> None:
    _owned(
        "invoices",
        sa.Column("customer_id", ID, nullable=False),
        sa.Column("subscription_id", ID),
        sa.Column("quote_id", ID),
        sa.Column("from_invoice_id", ID),
        sa.Column("latest_revision_id", ID),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("number", TEXT),
        sa.Column("currency", TEXT, nullable=False),
        sa.Column("billing_reason", TEXT, nullable=False),
        sa.Column("collection_method", TEXT, nullable=False),
        sa.Column("auto_advance", FLAG, nullable=False),
        sa.Column("automatically_finalizes_at", NUMBER),
        sa.Column("overdue_at", NUMBER),
        sa.Column("gives_up_at", NUMBER),
        sa.Column("next_step_at", NUMBER),
        sa.Column("test_clock_id", ID),
        sa.Column("days_until_due", NUMBER),
        sa.Column("due_date", NUMBER),
        sa.Column("effective_at", NUMBER),
        sa.Column("period_start", NUMBER, nullable=False),
        sa.Column("period_end", NUMBER, nullable=False),
        sa.Column("description", TEXT),
        sa.Column("footer", TEXT),
        sa.Column("statement_descriptor", TEXT),
        sa.Column("custom_fields", DOCUMENT),
        sa.Column("default_tax_rates", DOCUMENT, nullable=False),
        sa.Column("discounts", DOCUMENT, nullable=False),
        sa.Column("account_tax_ids", DOCUMENT),
        sa.Column("rendering", DOCUMENT),
        sa.Column("subtotal", NUMBER, nullable=False),
        sa.Column("subtotal_excluding_tax", NUMBER, nullable=False),
        sa.Column("tax", NUMBER, nullable=False),
        sa.Column("total", NUMBER, nullable=False),
        sa.Column("total_excluding_tax", NUMBER, nullable=False),
        sa.Column("total_taxes", DOCUMENT, nullable=False),
        sa.Column("total_discount_amounts", DOCUMENT, nullable=False),
        sa.Column("shipping_cost", DOCUMENT),
        sa.Column("shipping_details", DOCUMENT),
        sa.Column("starting_balance", NUMBER, nullable=False),
        sa.Column("ending_balance", NUMBER),
        sa.Column("amount_due", NUMBER, nullable=False),
        sa.Column("amount_paid", NUMBER, nullable=False),
        sa.Column("amount_overpaid", NUMBER, nullable=False, server_default="0"),
        sa.Column("amount_remaining", NUMBER, nullable=False),
        sa.Column("receipt_number", TEXT),
        sa.Column("paid_out_of_band", FLAG, nullable=False),
        sa.Column("pre_payment_credit_notes_amount", NUMBER, nullable=False),
        sa.Column("post_payment_credit_notes_amount", NUMBER, nullable=False),
        sa.Column("next_credit_note_sequence", NUMBER, nullable=False),
        sa.Column("finalized_at", NUMBER),
        sa.Column("paid_at", NUMBER),
        sa.Column("voided_at", NUMBER),
        sa.Column("marked_uncollectible_at", NUMBER),
        sa.Column("sent_at", NUMBER),
        sa.Column("seller", DOCUMENT),
        sa.Column("buyer", DOCUMENT),
        sa.Column("metadata", DOCUMENT, nullable=False),
        sa.Column("revision", NUMBER, nullable=False),
        links={"customer_id": "customers", "subscription_id": "subscriptions"},
        unique=[("tenant_id", "number")],
    )
    _newest_first("invoices")
    _newest_first("invoices", "customer_id")
    _newest_first("invoices", "status")
    _newest_first("invoices", "subscription_id")
    _due_first("invoices")
    _due_first("invoices", "customer_id")
    op.create_index("ix_invoices_due_date", "invoices", ["tenant_id", "due_date"])
    op.create_index("ix_invoices_total", "invoices", ["tenant_id", "total"])
    _in_any_case("invoices", "number")
    _metadata_values("invoices")
    _owned(
        "invoiceitems",
        sa.Column("customer_id", ID, nullable=False),
        sa.Column("invoice_id", ID),
        sa.Column("subscription_id", ID),
        sa.Column("subscription_item_id", ID),
        sa.Column("price_id", ID),
        sa.Column("amount", NUMBER, nullable=False),
        sa.Column("currency", TEXT, nullable=False),
        sa.Column("description", TEXT),
        sa.Column("discountable", FLAG, nullable=False),
        sa.Column("discounts", DOCUMENT, nullable=False),
        sa.Column("quantity", NUMBER, nullable=False),
        sa.Column("unit_amount_decimal", TEXT, nullable=False),
        sa.Column("period_start", NUMBER, nullable=False),
        sa.Column("period_end", NUMBER, nullable=False),
        sa.Column("proration", FLAG, nullable=False),
        sa.Column("credited_items", DOCUMENT),
        sa.Column("tax_rates", DOCUMENT, nullable=False),
        sa.Column("test_clock_id", ID),
        sa.Column("metadata", DOCUMENT, nullable=False),
        links={
            "customer_id": "customers",
            "invoice_id": "invoices",
            "subscription_id": "subscriptions",
            "price_id": "prices",
        },
    )
    _newest_first("invoiceitems")
    _newest_first("invoiceitems", "customer_id")
    _newest_first("invoiceitems", "invoice_id")
    _table(
        "invoice_sequences",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last", NUMBER, nullable=False),
        key=("tenant_id",),
        references={"tenant_id": "tenants"},
    )
    _owned(
        "invoice_lines",
        sa.Column("invoice_id", ID, nullable=False),
        sa.Column("position", NUMBER, nullable=False),
        sa.Column("amount", NUMBER, nullable=False),
        sa.Column("currency", TEXT, nullable=False),
        sa.Column("description", TEXT),
        sa.Column("discountable", FLAG, nullable=False),
        sa.Column("discounts", DOCUMENT, nullable=False),
        sa.Column("discount_amounts", DOCUMENT, nullable=False),
        sa.Column("quantity", NUMBER, nullable=False),
        sa.Column("unit_amount_decimal", TEXT, nullable=False),
        sa.Column("period_start", NUMBER, nullable=False),
        sa.Column("period_end", NUMBER, nullable=False),
        sa.Column("price_id", ID),
        sa.Column("price", DOCUMENT),
        sa.Column("invoice_item_id", ID),
        sa.Column("subscription_id", ID),
        sa.Column("subscription_item_id", ID),
        sa.Column("proration", FLAG, nullable=False),
        sa.Column("credited_items", DOCUMENT),
        sa.Column("tax_rates", DOCUMENT, nullable=False),
        sa.Column("taxes", DOCUMENT, nullable=False),
        sa.Column("given_taxes", DOCUMENT),
        sa.Column("metadata", DOCUMENT, nullable=False),
        links={"invoice_id": "invoices"},
        unique=[("tenant_id", "invoice_id", "position")],
    )
    _owned(
        "credit_notes",
        sa.Column("customer_id", ID, nullable=False),
        sa.Column("invoice_id", ID, nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("number", TEXT, nullable=False),
        sa.Column("currency", TEXT, nullable=False),
        sa.Column("type", TEXT, nullable=False),
        sa.Column("reason", TEXT),
        sa.Column("memo", TEXT),
        sa.Column("subtotal", NUMBER, nullable=False),
        sa.Column("subtotal_excluding_tax", NUMBER, nullable=False),
        sa.Column("tax", NUMBER, nullable=False),
        sa.Column("total", NUMBER, nullable=False),
        sa.Column("total_excluding_tax", NUMBER, nullable=False),
        sa.Column("total_taxes", DOCUMENT, nullable=False),
        sa.Column("discount_amounts", DOCUMENT, nullable=False),
        sa.Column("shipping_cost", DOCUMENT),
        sa.Column("pre_payment_amount", NUMBER, nullable=False),
        sa.Column("post_payment_amount", NUMBER, nullable=False),
        sa.Column("credit_amount", NUMBER, nullable=False),
        sa.Column("out_of_band_amount", NUMBER),
        sa.Column("balance_transaction_id", ID),
        sa.Column("effective_at", NUMBER, nullable=False),
        sa.Column("voided_at", NUMBER),
        sa.Column("seller", DOCUMENT, nullable=False),
        sa.Column("buyer", DOCUMENT, nullable=False),
        sa.Column("metadata", DOCUMENT, nullable=False),
        sa.Column("revision", NUMBER, nullable=False),
        links={"customer_id": "customers", "invoice_id": "invoices"},
        unique=[("tenant_id", "number")],
    )
    _newest_first("credit_notes")
    _newest_first("credit_notes", "customer_id")
    _newest_first("credit_notes", "invoice_id")
    _owned(
        "credit_note_lines",
        sa.Column("credit_note_id", ID, nullable=False),
        sa.Column("invoice_line_id", ID),
        sa.Column("position", NUMBER, nullable=False),
        sa.Column("type", TEXT, nullable=False),
        sa.Column("amount", NUMBER, nullable=False),
        sa.Column("discount_amounts", DOCUMENT, nullable=False),
        sa.Column("description", TEXT),
        sa.Column("quantity", NUMBER),
        sa.Column("unit_amount_decimal", TEXT),
        sa.Column("tax_rates", DOCUMENT, nullable=False),
        sa.Column("taxes", DOCUMENT, nullable=False),
        sa.Column("metadata", DOCUMENT, nullable=False),
        links={"credit_note_id": "credit_notes", "invoice_line_id": "invoice_lines"},
        unique=[("tenant_id", "credit_note_id", "position")],
    )
    op.create_index("ix_credit_note_lines_invoice_line", "credit_note_lines", ["tenant_id", "invoice_line_id"])
    _owned(
        "documents",
        sa.Column("revision", NUMBER, nullable=False),
        sa.Column("fingerprint", TEXT, nullable=False),
        sa.Column("kind", TEXT),
        sa.Column("wanted_at", NUMBER),
        sa.Column("tries", NUMBER, nullable=False, server_default="0"),
    )
    op.create_index("ix_documents_wanted_at", "documents", ["wanted_at"], **_where("wanted_at IS NOT NULL"))


def _balances() -> None:
    """The ledger of customers, which names the invoices and credit notes that moved it."""
    _owned(
        "customer_balance_transactions",
        sa.Column("customer_id", ID, nullable=False),
        sa.Column("type", TEXT, nullable=False),
        sa.Column("amount", NUMBER, nullable=False),
        sa.Column("currency", TEXT, nullable=False),
        sa.Column("ending_balance", NUMBER, nullable=False),
        sa.Column("description", TEXT),
        sa.Column("invoice_id", ID),
        sa.Column("credit_note_id", ID),
        sa.Column("metadata", DOCUMENT, nullable=False),
        links={"customer_id": "customers", "invoice_id": "invoices", "credit_note_id": "credit_notes"},
    )
    _newest_first("customer_balance_transactions", "customer_id")


def _payments() -> None:
    _owned(
        "payment_records",
        sa.Column("customer_id", ID),
        sa.Column("amount", NUMBER, nullable=False),
        sa.Column("currency", TEXT, nullable=False),
        sa.Column("initiated_at", NUMBER, nullable=False),
        sa.Column("outcome", TEXT),
        sa.Column("outcome_at", NUMBER),
        sa.Column("description", TEXT),
        sa.Column("customer_presence", TEXT),
        sa.Column("customer_details", DOCUMENT),
        sa.Column("payment_method_details", DOCUMENT),
        sa.Column("processor_details", DOCUMENT),
        sa.Column("shipping_details", DOCUMENT),
        sa.Column("test_clock_id", ID),
        sa.Column("metadata", DOCUMENT, nullable=False),
        links={"customer_id": "customers"},
    )
    _newest_first("payment_records")
    _owned(
        "invoice_payments",
        sa.Column("invoice_id", ID, nullable=False),
        sa.Column("payment_record_id", ID, nullable=False),
        sa.Column("amount_requested", NUMBER, nullable=False),
        sa.Column("amount_paid", NUMBER, nullable=False),
        sa.Column("currency", TEXT, nullable=False),
        sa.Column("is_default", FLAG, nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("paid_at", NUMBER),
        links={"invoice_id": "invoices", "payment_record_id": "payment_records"},
        unique=[("tenant_id", "payment_record_id")],
    )
    _newest_first("invoice_payments")
    _newest_first("invoice_payments", "invoice_id")


def _quotes() -> None:
    _owned(
        "quotes",
        sa.Column("customer_id", ID),
        sa.Column("invoice_id", ID),
        sa.Column("subscription_id", ID),
        sa.Column("subscription_schedule_id", ID),
        sa.Column("from_quote_id", ID),
        sa.Column("is_revision", FLAG, nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("number", TEXT),
        sa.Column("sequence", NUMBER),
        sa.Column("edition", NUMBER, nullable=False),
        sa.Column("currency", TEXT),
        sa.Column("collection_method", TEXT, nullable=False),
        sa.Column("description", TEXT),
        sa.Column("header", TEXT),
        sa.Column("footer", TEXT),
        sa.Column("default_tax_rates", DOCUMENT, nullable=False),
        sa.Column("invoice_settings", DOCUMENT, nullable=False),
        sa.Column("subscription_data", DOCUMENT, nullable=False),
        sa.Column("discounts", DOCUMENT, nullable=False),
        sa.Column("upfront", DOCUMENT, nullable=False),
        sa.Column("recurring", DOCUMENT),
        sa.Column("expires_at", NUMBER, nullable=False),
        sa.Column("finalized_at", NUMBER),
        sa.Column("accepted_at", NUMBER),
        sa.Column("canceled_at", NUMBER),
        sa.Column("seller", DOCUMENT),
        sa.Column("buyer", DOCUMENT),
        sa.Column("next_step_at", NUMBER),
        sa.Column("test_clock_id", ID),
        sa.Column("metadata", DOCUMENT, nullable=False),
        sa.Column("revision", NUMBER, nullable=False),
        links={
            "customer_id": "customers",
            "invoice_id": "invoices",
            "subscription_id": "subscriptions",
            "subscription_schedule_id": "subscription_schedules",
        },
        unique=[("tenant_id", "number")],
    )
    _newest_first("quotes")
    _newest_first("quotes", "customer_id")
    _newest_first("quotes", "status")
    _due_first("quotes")
    _due_first("quotes", "customer_id")
    _owned(
        "quote_lines",
        sa.Column("quote_id", ID, nullable=False),
        sa.Column("position", NUMBER, nullable=False),
        sa.Column("upfront", FLAG, nullable=False),
        sa.Column("price_id", ID, nullable=False),
        sa.Column("price", DOCUMENT, nullable=False),
        sa.Column("description", TEXT, nullable=False),
        sa.Column("quantity", NUMBER, nullable=False),
        sa.Column("currency", TEXT, nullable=False),
        sa.Column("discounts", DOCUMENT, nullable=False),
        sa.Column("discount_amounts", DOCUMENT, nullable=False),
        sa.Column("amount_subtotal", NUMBER, nullable=False),
        sa.Column("amount_tax", NUMBER, nullable=False),
        sa.Column("amount_total", NUMBER, nullable=False),
        sa.Column("tax_rates", DOCUMENT, nullable=False),
        sa.Column("taxes", DOCUMENT, nullable=False),
        links={"quote_id": "quotes"},
        unique=[("tenant_id", "quote_id", "position")],
    )


def _rendering_templates() -> None:
    _owned(
        "rendering_templates",
        sa.Column("nickname", TEXT),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("version", NUMBER, nullable=False),
        sa.Column("is_default", FLAG, nullable=False),
        sa.Column("metadata", DOCUMENT, nullable=False),
    )
    _newest_first("rendering_templates")
    _owned(
        "rendering_template_versions",
        sa.Column("template_id", ID, nullable=False),
        sa.Column("version", NUMBER, nullable=False),
        sa.Column("digest", TEXT, nullable=False),
        sa.Column("files", DOCUMENT, nullable=False),
        links={"template_id": "rendering_templates"},
        unique=[("tenant_id", "template_id", "version")],
    )


def _portals() -> None:
    _owned(
        "portal_configurations",
        sa.Column("updated", NUMBER, nullable=False),
        sa.Column("active", FLAG, nullable=False),
        sa.Column("is_default", FLAG, nullable=False),
        sa.Column("name", TEXT),
        sa.Column("business_profile", DOCUMENT, nullable=False),
        sa.Column("default_return_url", TEXT),
        sa.Column("features", DOCUMENT, nullable=False),
        sa.Column("login_token", sa.String(64)),
        sa.Column("session_limits", DOCUMENT, nullable=False),
        sa.Column("metadata", DOCUMENT, nullable=False),
        unique=[("login_token",)],
    )
    _newest_first("portal_configurations")
    op.create_index(
        "uq_portal_configurations_default", "portal_configurations", ["tenant_id"], unique=True, **_where("is_default")
    )
    _owned(
        "portal_sessions",
        sa.Column("customer_id", ID, nullable=False),
        sa.Column("configuration_id", ID, nullable=False),
        sa.Column("return_url", TEXT),
        sa.Column("locale", TEXT),
        sa.Column("on_behalf_of", TEXT),
        sa.Column("after_expiration", DOCUMENT),
        sa.Column("origin", TEXT, nullable=False, server_default="link"),
        sa.Column("flow", DOCUMENT),
        sa.Column("flow_completed_at", NUMBER),
        sa.Column("link_hash", HASH, nullable=False),
        sa.Column("link_expires_at", NUMBER, nullable=False),
        sa.Column("secret_hash", HASH),
        sa.Column("opened_at", NUMBER),
        sa.Column("last_seen_at", NUMBER),
        sa.Column("expires_at", NUMBER, nullable=False),
        sa.Column("ended_at", NUMBER),
        sa.Column("data", DOCUMENT, nullable=False),
        links={"customer_id": "customers", "configuration_id": "portal_configurations"},
        unique=[("link_hash",), ("secret_hash",)],
    )
    _newest_first("portal_sessions")
    _newest_first("portal_sessions", "customer_id")
    _owned(
        "retention_offers",
        sa.Column("customer_id", ID, nullable=False),
        sa.Column("subscription_id", ID, nullable=False),
        sa.Column("session_id", ID, nullable=False),
        sa.Column("coupon_id", ID, nullable=False),
        sa.Column("accepted_at", NUMBER),
        sa.Column("declined_at", NUMBER),
        links={"customer_id": "customers", "subscription_id": "subscriptions"},
        unique=[("tenant_id", "subscription_id", "coupon_id")],
    )
    _newest_first("retention_offers")
    _owned("feedback_options", sa.Column("description", TEXT, nullable=False), sa.Column("deactivated_at", NUMBER))
    _newest_first("feedback_options")
    _owned(
        "email_changes",
        sa.Column("customer_id", ID, nullable=False),
        sa.Column("session_id", ID, nullable=False),
        sa.Column("old_email", TEXT),
        sa.Column("new_email", TEXT, nullable=False),
        sa.Column("code_hash", TEXT, nullable=False),
        sa.Column("expires_at", NUMBER, nullable=False),
        sa.Column("tries", NUMBER, nullable=False),
        sa.Column("confirmed_at", NUMBER),
        sa.Column("undo_hash", HASH),
        sa.Column("undone_at", NUMBER),
        links={"customer_id": "customers"},
        unique=[("undo_hash",)],
    )
    _newest_first("email_changes", "customer_id")
    _newest_first("email_changes", "new_email")


def _mails() -> None:
    _owned(
        "mails",
        sa.Column("name", TEXT, nullable=False),
        sa.Column("key", TEXT, nullable=False),
        sa.Column("customer_id", ID),
        sa.Column("address", TEXT),
        sa.Column("data", DOCUMENT, nullable=False),
        sa.Column("sealed", BYTES),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("tries", NUMBER, nullable=False),
        sa.Column("next_try_at", NUMBER, nullable=False),
        sa.Column("expires_at", NUMBER),
        sa.Column("sent_at", NUMBER),
        sa.Column("failure", TEXT),
        links={"customer_id": "customers"},
        unique=[("tenant_id", "key")],
    )
    _newest_first("mails")
    _newest_first("mails", "customer_id")
    op.create_index("ix_mails_due", "mails", ["status", "next_try_at"])
    _owned(
        "login_codes",
        sa.Column("configuration_id", ID, nullable=False),
        sa.Column("session_id", ID),
        sa.Column("email", TEXT, nullable=False),
        sa.Column("network_hash", HASH, nullable=False),
        sa.Column("browser_hash", HASH, nullable=False),
        sa.Column("code_hash", TEXT, nullable=False),
        sa.Column("expires_at", NUMBER, nullable=False),
        sa.Column("tries", NUMBER, nullable=False),
        sa.Column("verified_at", NUMBER),
        sa.Column("used_at", NUMBER),
        links={"configuration_id": "portal_configurations"},
        unique=[("browser_hash",)],
    )
    op.create_index("ix_login_codes_network", "login_codes", ["network_hash", "created"])
    op.create_index("ix_login_codes_email", "login_codes", ["tenant_id", "email", "created"])


def _files() -> None:
    _owned(
        "files",
        sa.Column("expires_at", NUMBER),
        sa.Column("filename", TEXT),
        sa.Column("purpose", TEXT, nullable=False),
        sa.Column("size", NUMBER, nullable=False),
        sa.Column("title", TEXT),
        sa.Column("type", TEXT, nullable=False),
    )
    _newest_first("files")
    _newest_first("files", "purpose")
    _owned("file_contents", sa.Column("content", BYTES, nullable=False), links={"id": "files"})
    _owned(
        "file_links",
        sa.Column("file_id", ID, nullable=False),
        sa.Column("expires_at", NUMBER),
        sa.Column("metadata", DOCUMENT, nullable=False),
        links={"file_id": "files"},
    )
    _newest_first("file_links")
    _newest_first("file_links", "file_id")


def _events() -> None:
    _owned(
        "events",
        sa.Column("sequence", NUMBER, nullable=False),
        sa.Column("type", TEXT, nullable=False),
        sa.Column("api_version", TEXT, nullable=False),
        sa.Column("object_type", TEXT, nullable=False),
        sa.Column("object_id", ID, nullable=False),
        sa.Column("customer_id", ID),
        sa.Column("data", DOCUMENT, nullable=False),
        sa.Column("previous_attributes", DOCUMENT),
        sa.Column("request", DOCUMENT, nullable=False),
        sa.Column("actor", DOCUMENT, nullable=False),
        sa.Column("pending_webhooks", NUMBER, nullable=False),
        unique=[("tenant_id", "sequence")],
    )
    _newest_first("events")
    _newest_first("events", "object_id")
    _newest_first("events", "type")
    _owned(
        "audit_log",
        sa.Column("sequence", NUMBER, nullable=False),
        sa.Column("action", TEXT, nullable=False),
        sa.Column("object_type", TEXT, nullable=False),
        sa.Column("object_id", ID, nullable=False),
        sa.Column("customer_id", ID),
        sa.Column("actor", DOCUMENT, nullable=False),
        sa.Column("request_id", TEXT),
        sa.Column("before", DOCUMENT),
        sa.Column("after", DOCUMENT),
        unique=[("tenant_id", "sequence")],
    )
    _newest_first("audit_log", "customer_id")
    for statement in _GUARDS[op.get_bind().dialect.name]:
        op.execute(statement)
    _table(
        "journals",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last", NUMBER, nullable=False),
        key=("tenant_id",),
        references={"tenant_id": "tenants"},
    )


def _webhooks() -> None:
    _owned(
        "webhook_endpoints",
        sa.Column("url", TEXT, nullable=False),
        sa.Column("enabled_events", DOCUMENT, nullable=False),
        sa.Column("description", TEXT),
        sa.Column("api_version", TEXT),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("disabled_reason", TEXT),
        sa.Column("secret", BYTES, nullable=False),
        sa.Column("secret_rolled_at", NUMBER),
        sa.Column("previous_secret", BYTES),
        sa.Column("previous_secret_expires_at", NUMBER),
        sa.Column("metadata", DOCUMENT, nullable=False),
        sa.Column("failing_since", NUMBER),
        sa.Column("alerted_at", NUMBER),
        sa.Column("resumes_at", NUMBER),
    )
    _newest_first("webhook_endpoints")
    _owned(
        "webhook_deliveries",
        sa.Column("endpoint_id", ID, nullable=False),
        sa.Column("event_id", ID, nullable=False),
        sa.Column("event_type", TEXT, nullable=False),
        sa.Column("customer_id", ID, nullable=False),
        sa.Column("sequence", NUMBER, nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("tries", NUMBER, nullable=False),
        sa.Column("first_try_at", NUMBER),
        sa.Column("last_try_at", NUMBER),
        sa.Column("next_try_at", NUMBER),
        sa.Column("duration", NUMBER),
        sa.Column("response_status", NUMBER),
        sa.Column("response_body", TEXT),
        sa.Column("failure", TEXT),
        links={"endpoint_id": "webhook_endpoints", "event_id": "events"},
        unique=[("tenant_id", "event_id", "endpoint_id")],
    )
    _newest_first("webhook_deliveries", "endpoint_id")
    op.create_index(
        "ix_webhook_deliveries_pending",
        "webhook_deliveries",
        ["tenant_id", "endpoint_id", "customer_id", "sequence"],
        **_where("status = 'pending'"),
    )
    _table(
        "webhook_queues",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("endpoint_id", ID, nullable=False),
        sa.Column("customer_id", ID, nullable=False),
        sa.Column("next_try_at", NUMBER, nullable=False),
        sa.Column("lease", TEXT),
        key=("tenant_id", "endpoint_id", "customer_id"),
        references={"tenant_id": "tenants"},
        links={"endpoint_id": "webhook_endpoints"},
    )
    op.create_index("ix_webhook_queues_due", "webhook_queues", ["tenant_id", "endpoint_id", "next_try_at"])


def _workers() -> None:
    _table(
        "workers",
        sa.Column("id", ID, nullable=False),
        sa.Column("host", TEXT, nullable=False),
        sa.Column("pid", NUMBER, nullable=False),
        sa.Column("started_at", NUMBER, nullable=False),
        sa.Column("seen_at", NUMBER, nullable=False),
        key=("id",),
    )


_REFUSAL = "the audit log can only be added to"

_GUARDS = {
    "sqlite": [
        f"CREATE TRIGGER audit_log_no_{verb} BEFORE {verb} ON audit_log BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
        for verb in ("update", "delete")
    ],
    "postgresql": [
        f"CREATE FUNCTION refuse_change_of_audit_log() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN RAISE EXCEPTION '{_REFUSAL}'; END $$",
        "CREATE TRIGGER audit_log_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_audit_log()",
    ],
}


def _owned(
    table: str,
    *columns: sa.Column[Any],
    links: dict[str, str] | None = None,
    unique: Sequence[tuple[str, ...]] = (),
) -> None:
    """A table of rows that belong to a tenant: its key starts with the tenant, and so do its links."""
    _table(
        table,
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("created", NUMBER, nullable=False),
        *columns,
        key=("tenant_id", "id"),
        references={"tenant_id": "tenants"},
        links=links,
        unique=unique,
    )


def _table(
    table: str,
    *columns: sa.Column[Any],
    key: tuple[str, ...],
    references: dict[str, str] | None = None,
    links: dict[str, str] | None = None,
    unique: Sequence[tuple[str, ...]] = (),
) -> None:
    """A table whose `references` name another's id, and whose `links` name an id of the same tenant.

    Links are checked at commit, so that rows of one use case may be written in any order.
    """
    op.create_table(
        table,
        *columns,
        sa.PrimaryKeyConstraint(*key, name=f"pk_{table}"),
        *(
            sa.ForeignKeyConstraint([column], [f"{target}.id"], name=f"fk_{table}_{column}")
            for column, target in (references or {}).items()
        ),
        *(
            sa.ForeignKeyConstraint(
                ["tenant_id", column],
                [f"{target}.tenant_id", f"{target}.id"],
                name=f"fk_{table}_tenant_id_{column}",
                deferrable=True,
                initially="DEFERRED",
            )
            for column, target in (links or {}).items()
        ),
        *(sa.UniqueConstraint(*names, name=f"uq_{table}_{'_'.join(names)}") for names in unique),
    )


def _newest_first(table: str, *columns: str) -> None:
    op.create_index(f"ix_{'_'.join((table, *columns))}_created", table, ["tenant_id", *columns, "created", "id"])


def _due_first(table: str, *columns: str) -> None:
    op.create_index(
        f"ix_{'_'.join((table, *columns))}_next_step_at",
        table,
        ["tenant_id", *columns, "next_step_at"],
        **_where("next_step_at IS NOT NULL"),
    )


def _in_any_case(table: str, column: str) -> None:
    op.create_index(f"ix_{table}_{column}_lower", table, ["tenant_id", sa.text(f"lower({column})")])


def _metadata_values(table: str) -> None:
    """SQLite has no kind of index for them."""
    if op.get_bind().dialect.name == "postgresql":
        values = sa.text("(lower(jsonb_path_query_array(metadata, '$.*')::text)::jsonb)")
        op.create_index(f"ix_{table}_metadata", table, [values], postgresql_using="gin")


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def _drop(*tables: str) -> None:
    for table in tables:
        op.drop_table(table)
