"""Coupons, discounts and shipping"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_JSON = sa.JSON(none_as_null=True).with_variant(
    postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), "postgresql"
)
#: Table, column, and what rows have that are there already; None where the column may be null.
_COLUMNS = (
    ("credit_note_lines", "discount_amounts", "[]"),
    ("credit_note_lines", "metadata", "{}"),
    ("credit_notes", "discount_amounts", "[]"),
    ("credit_notes", "shipping_cost", None),
    ("invoice_lines", "discounts", "[]"),
    ("invoice_lines", "discount_amounts", "[]"),
    ("invoiceitems", "discounts", "[]"),
    ("invoices", "discounts", "[]"),
    ("invoices", "total_discount_amounts", "[]"),
    ("invoices", "shipping_cost", None),
    ("invoices", "shipping_details", None),
    ("subscription_items", "discounts", "[]"),
    ("subscriptions", "discounts", "[]"),
)


def upgrade() -> None:
    op.create_table(
        "coupons",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("percent_off", sa.Text(), nullable=True),
        sa.Column("amount_off", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("currency_options", _JSON, nullable=False),
        sa.Column("duration", sa.Text(), nullable=False),
        sa.Column("duration_in_months", sa.BigInteger(), nullable=True),
        sa.Column("max_redemptions", sa.BigInteger(), nullable=True),
        sa.Column("redeem_by", sa.BigInteger(), nullable=True),
        sa.Column("times_redeemed", sa.BigInteger(), nullable=False),
        sa.Column("applies_to", _JSON, nullable=True),
        sa.Column("metadata", _JSON, nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_coupons_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_coupons")),
    )
    op.create_index("ix_coupons_created", "coupons", ["tenant_id", "created", "id"])
    op.create_table(
        "shipping_rates",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("currency_options", _JSON, nullable=False),
        sa.Column("delivery_estimate", _JSON, nullable=True),
        sa.Column("tax_behavior", sa.Text(), nullable=False),
        sa.Column("tax_code", sa.Text(), nullable=True),
        sa.Column("metadata", _JSON, nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_shipping_rates_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_shipping_rates")),
    )
    op.create_index("ix_shipping_rates_created", "shipping_rates", ["tenant_id", "created", "id"])
    op.create_table(
        "discounts",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("customer_id", sa.String(length=255), nullable=False),
        sa.Column("subscription_id", sa.String(length=255), nullable=True),
        sa.Column("subscription_item_id", sa.String(length=255), nullable=True),
        sa.Column("invoice_id", sa.String(length=255), nullable=True),
        sa.Column("invoice_item_id", sa.String(length=255), nullable=True),
        sa.Column("coupon_id", sa.String(length=255), nullable=False),
        sa.Column("coupon", _JSON, nullable=False),
        sa.Column("promotion_code_id", sa.String(length=255), nullable=True),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("end", sa.BigInteger(), nullable=True),
        sa.Column("removed_at", sa.BigInteger(), nullable=True),
        sa.Column("spent_on", sa.String(length=255), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"],
            ["customers.tenant_id", "customers.id"],
            name=op.f("fk_discounts_tenant_id_customer_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_discounts_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_discounts")),
    )
    op.create_index("ix_discounts_customer_id_created", "discounts", ["tenant_id", "customer_id", "created", "id"])
    op.create_table(
        "promotion_codes",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("coupon_id", sa.String(length=255), nullable=False),
        sa.Column("coupon", _JSON, nullable=False),
        sa.Column("customer_id", sa.String(length=255), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("max_redemptions", sa.BigInteger(), nullable=True),
        sa.Column("times_redeemed", sa.BigInteger(), nullable=False),
        sa.Column("restrictions", _JSON, nullable=False),
        sa.Column("metadata", _JSON, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"],
            ["customers.tenant_id", "customers.id"],
            name=op.f("fk_promotion_codes_tenant_id_customer_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_promotion_codes_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_promotion_codes")),
    )
    op.create_index("ix_promotion_codes_code", "promotion_codes", ["tenant_id", "code"])
    op.create_index(
        "ix_promotion_codes_coupon_id_created", "promotion_codes", ["tenant_id", "coupon_id", "created", "id"]
    )
    op.create_index("ix_promotion_codes_created", "promotion_codes", ["tenant_id", "created", "id"])
    for table, column, default in _COLUMNS:
        op.add_column(table, sa.Column(column, _JSON, nullable=default is None, server_default=default))
    op.add_column("customers", sa.Column("discount_id", sa.String(length=255), nullable=True))


def downgrade() -> None:
    op.drop_column("customers", "discount_id")
    for table, column, _ in _COLUMNS:
        op.drop_column(table, column)
    op.drop_index("ix_promotion_codes_created", "promotion_codes")
    op.drop_index("ix_promotion_codes_coupon_id_created", "promotion_codes")
    op.drop_index("ix_promotion_codes_code", "promotion_codes")
    op.drop_table("promotion_codes")
    op.drop_index("ix_discounts_customer_id_created", "discounts")
    op.drop_table("discounts")
    op.drop_index("ix_shipping_rates_created", "shipping_rates")
    op.drop_table("shipping_rates")
    op.drop_index("ix_coupons_created", "coupons")
    op.drop_table("coupons")
