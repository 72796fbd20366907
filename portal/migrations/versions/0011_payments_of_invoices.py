"""Payments made elsewhere, and what they paid"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_JSON = sa.JSON(none_as_null=True).with_variant(
    postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), "postgresql"
)


def upgrade() -> None:
    op.create_table(
        "payment_records",
        *_identity("payment_records"),
        sa.Column("customer_id", sa.String(length=255), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("initiated_at", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("outcome_at", sa.BigInteger(), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("customer_presence", sa.Text(), nullable=True),
        sa.Column("customer_details", _JSON, nullable=True),
        sa.Column("payment_method_details", _JSON, nullable=True),
        sa.Column("processor_details", _JSON, nullable=True),
        sa.Column("shipping_details", _JSON, nullable=True),
        sa.Column("test_clock_id", sa.String(length=255), nullable=True),
        sa.Column("metadata", _JSON, nullable=False),
        _link("payment_records", "customer_id", "customers"),
    )
    op.create_table(
        "invoice_payments",
        *_identity("invoice_payments"),
        sa.Column("invoice_id", sa.String(length=255), nullable=False),
        sa.Column("payment_record_id", sa.String(length=255), nullable=False),
        sa.Column("amount_requested", sa.BigInteger(), nullable=False),
        sa.Column("amount_paid", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("paid_at", sa.BigInteger(), nullable=True),
        _link("invoice_payments", "invoice_id", "invoices"),
        _link("invoice_payments", "payment_record_id", "payment_records"),
        sa.UniqueConstraint(
            "tenant_id", "payment_record_id", name=op.f("uq_invoice_payments_tenant_id_payment_record_id")
        ),
    )
    _newest_first("payment_records")
    _newest_first("invoice_payments")
    _newest_first("invoice_payments", "invoice_id")
    op.add_column("invoices", sa.Column("amount_overpaid", sa.BigInteger(), server_default="0", nullable=False))


def downgrade() -> None:
    op.drop_column("invoices", "amount_overpaid")
    op.drop_table("invoice_payments")
    op.drop_table("payment_records")


def _identity(table: str) -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f(f"fk_{table}_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f(f"pk_{table}")),
    ]


def _link(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", column],
        [f"{target}.tenant_id", f"{target}.id"],
        name=op.f(f"fk_{table}_tenant_id_{column}"),
        initially="DEFERRED",
        deferrable=True,
    )


def _newest_first(table: str, *columns: str) -> None:
    op.create_index(f"ix_{'_'.join((table, *columns))}_created", table, ["tenant_id", *columns, "created", "id"])
