"""Subscription schedules"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_JSON = sa.JSON(none_as_null=True).with_variant(
    postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), "postgresql"
)
_DUE = sa.text("next_step_at IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "subscription_schedules",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("customer_id", sa.String(length=255), nullable=False),
        sa.Column("subscription_id", sa.String(length=255), nullable=True),
        sa.Column("released_subscription_id", sa.String(length=255), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("phase", sa.BigInteger(), nullable=True),
        sa.Column("phases", _JSON, nullable=False),
        sa.Column("default_settings", _JSON, nullable=False),
        sa.Column("end_behavior", sa.Text(), nullable=False),
        sa.Column("canceled_at", sa.BigInteger(), nullable=True),
        sa.Column("completed_at", sa.BigInteger(), nullable=True),
        sa.Column("released_at", sa.BigInteger(), nullable=True),
        sa.Column("next_step_at", sa.BigInteger(), nullable=True),
        sa.Column("test_clock_id", sa.String(length=255), nullable=True),
        sa.Column("metadata", _JSON, nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_subscription_schedules_tenant_id")),
        _link("customer_id", "customers"),
        _link("subscription_id", "subscriptions"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_subscription_schedules")),
    )
    for name, first in (("", []), ("customer_id_", ["customer_id"])):
        op.create_index(
            f"ix_subscription_schedules_{name}created",
            "subscription_schedules",
            ["tenant_id", *first, "created", "id"],
        )
        op.create_index(
            f"ix_subscription_schedules_{name}next_step_at",
            "subscription_schedules",
            ["tenant_id", *first, "next_step_at"],
            sqlite_where=_DUE,
            postgresql_where=_DUE,
        )
    op.add_column("subscriptions", sa.Column("schedule_id", sa.String(length=255), nullable=True))


def downgrade() -> None:
    op.drop_column("subscriptions", "schedule_id")
    op.drop_table("subscription_schedules")


def _link(column: str, table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", column],
        [f"{table}.tenant_id", f"{table}.id"],
        name=op.f(f"fk_subscription_schedules_tenant_id_{column}"),
        initially="DEFERRED",
        deferrable=True,
    )
