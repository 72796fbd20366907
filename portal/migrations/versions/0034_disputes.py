"""disputes, which types of payment methods are offered, and refunds that were made elsewhere"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Text
from sqlalchemy.dialects import postgresql

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "disputes",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("customer_id", sa.String(length=255), nullable=False),
        sa.Column("invoice_id", sa.String(length=255), nullable=False),
        sa.Column("payment_intent_id", sa.String(length=255), nullable=True),
        sa.Column("direct_debit_id", sa.String(length=255), nullable=True),
        sa.Column("invoice_payment_id", sa.String(length=255), nullable=True),
        sa.Column("payment_record_id", sa.String(length=255), nullable=True),
        sa.Column("provider_ref", sa.Text(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("network_reason_code", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("due_by", sa.BigInteger(), nullable=True),
        sa.Column(
            "payment_method_details",
            sa.JSON(none_as_null=True).with_variant(
                postgresql.JSONB(none_as_null=True, astext_type=Text()), "postgresql"
            ),
            nullable=True,
        ),
        sa.Column(
            "evidence",
            sa.JSON(none_as_null=True).with_variant(
                postgresql.JSONB(none_as_null=True, astext_type=Text()), "postgresql"
            ),
            nullable=False,
        ),
        sa.Column("submission_count", sa.BigInteger(), nullable=False),
        sa.Column("accepted_at", sa.BigInteger(), nullable=True),
        sa.Column("funds_withdrawn_at", sa.BigInteger(), nullable=True),
        sa.Column("funds_reinstated_at", sa.BigInteger(), nullable=True),
        sa.Column(
            "metadata",
            sa.JSON(none_as_null=True).with_variant(
                postgresql.JSONB(none_as_null=True, astext_type=Text()), "postgresql"
            ),
            nullable=False,
        ),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"],
            ["customers.tenant_id", "customers.id"],
            name=op.f("fk_disputes_tenant_id_customer_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "direct_debit_id"],
            ["direct_debits.tenant_id", "direct_debits.id"],
            name=op.f("fk_disputes_tenant_id_direct_debit_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "invoice_id"],
            ["invoices.tenant_id", "invoices.id"],
            name=op.f("fk_disputes_tenant_id_invoice_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "invoice_payment_id"],
            ["invoice_payments.tenant_id", "invoice_payments.id"],
            name=op.f("fk_disputes_tenant_id_invoice_payment_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "payment_intent_id"],
            ["payment_intents.tenant_id", "payment_intents.id"],
            name=op.f("fk_disputes_tenant_id_payment_intent_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "payment_record_id"],
            ["payment_records.tenant_id", "payment_records.id"],
            name=op.f("fk_disputes_tenant_id_payment_record_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_disputes_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_disputes")),
        sa.UniqueConstraint(
            "tenant_id",
            "payment_intent_id",
            "provider_ref",
            name=op.f("uq_disputes_tenant_id_payment_intent_id_provider_ref"),
        ),
    )
    op.create_index("ix_disputes_created", "disputes", ["tenant_id", "created", "id"])
    op.create_index("ix_disputes_customer_id_created", "disputes", ["tenant_id", "customer_id", "created", "id"])
    op.create_index("ix_disputes_invoice_id_created", "disputes", ["tenant_id", "invoice_id", "created", "id"])
    op.create_table(
        "payment_method_configurations",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column(
            "preferences",
            sa.JSON(none_as_null=True).with_variant(
                postgresql.JSONB(none_as_null=True, astext_type=Text()), "postgresql"
            ),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_payment_method_configurations_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_payment_method_configurations")),
    )
    op.create_index(
        "ix_payment_method_configurations_created",
        "payment_method_configurations",
        ["tenant_id", "created", "id"],
    )
    op.add_column("refunds", sa.Column("reference", sa.Text(), nullable=True))
    op.add_column("refunds", sa.Column("refunded_at", sa.BigInteger(), nullable=True))
    op.create_index("uq_refunds_reference", "refunds", ["tenant_id", "reference"], unique=True)


def downgrade() -> None:
    op.drop_index("uq_refunds_reference", table_name="refunds")
    op.drop_column("refunds", "refunded_at")
    op.drop_column("refunds", "reference")
    op.drop_table("payment_method_configurations")
    op.drop_index("ix_disputes_invoice_id_created", table_name="disputes")
    op.drop_index("ix_disputes_customer_id_created", table_name="disputes")
    op.drop_index("ix_disputes_created", table_name="disputes")
    op.drop_table("disputes")
