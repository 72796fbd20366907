"""Webhook endpoints, deliveries and queues"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_JSON = sa.JSON(none_as_null=True).with_variant(
    postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), "postgresql"
)
_PENDING = sa.text("status = 'pending'")


def upgrade() -> None:
    op.create_table(
        "webhook_endpoints",
        *_identity("webhook_endpoints"),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("enabled_events", _JSON, nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("api_version", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("disabled_reason", sa.Text(), nullable=True),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("secret_rolled_at", sa.BigInteger(), nullable=True),
        sa.Column("previous_secret", sa.LargeBinary(), nullable=True),
        sa.Column("previous_secret_expires_at", sa.BigInteger(), nullable=True),
        sa.Column("metadata", _JSON, nullable=False),
        sa.Column("failing_since", sa.BigInteger(), nullable=True),
        sa.Column("alerted_at", sa.BigInteger(), nullable=True),
        sa.Column("resumes_at", sa.BigInteger(), nullable=True),
    )
    _newest_first("webhook_endpoints")
    op.create_table(
        "webhook_deliveries",
        *_identity("webhook_deliveries"),
        sa.Column("endpoint_id", sa.String(length=255), nullable=False),
        sa.Column("event_id", sa.String(length=255), nullable=False),
        sa.Column("event_type", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.String(length=255), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("tries", sa.BigInteger(), nullable=False),
        sa.Column("first_try_at", sa.BigInteger(), nullable=True),
        sa.Column("last_try_at", sa.BigInteger(), nullable=True),
        sa.Column("next_try_at", sa.BigInteger(), nullable=True),
        sa.Column("duration", sa.BigInteger(), nullable=True),
        sa.Column("response_status", sa.BigInteger(), nullable=True),
        sa.Column("response_body", sa.Text(), nullable=True),
        sa.Column("failure", sa.Text(), nullable=True),
        _link("webhook_deliveries", "endpoint_id", "webhook_endpoints"),
        _link("webhook_deliveries", "event_id", "events"),
        sa.UniqueConstraint(
            "tenant_id", "event_id", "endpoint_id", name=op.f("uq_webhook_deliveries_tenant_id_event_id_endpoint_id")
        ),
    )
    _newest_first("webhook_deliveries", "endpoint_id")
    op.create_index(
        "ix_webhook_deliveries_pending",
        "webhook_deliveries",
        ["tenant_id", "endpoint_id", "customer_id", "sequence"],
        sqlite_where=_PENDING,
        postgresql_where=_PENDING,
    )
    op.create_table(
        "webhook_queues",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("endpoint_id", sa.String(length=255), nullable=False),
        sa.Column("customer_id", sa.String(length=255), nullable=False),
        sa.Column("next_try_at", sa.BigInteger(), nullable=False),
        sa.Column("lease", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_webhook_queues_tenant_id")),
        _link("webhook_queues", "endpoint_id", "webhook_endpoints"),
        sa.PrimaryKeyConstraint("tenant_id", "endpoint_id", "customer_id", name=op.f("pk_webhook_queues")),
    )
    op.create_index("ix_webhook_queues_due", "webhook_queues", ["tenant_id", "endpoint_id", "next_try_at"])


def downgrade() -> None:
    op.drop_table("webhook_queues")
    op.drop_table("webhook_deliveries")
    op.drop_table("webhook_endpoints")


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
