"""Quotes"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_JSON = sa.JSON(none_as_null=True).with_variant(
    postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), "postgresql"
)
_DUE = sa.text("next_step_at IS NOT NULL")
_WORDS = ("status", "number", "currency", "collection_method", "description", "header", "footer")
_REQUIRED = {"status", "collection_method"}
_IDS = (
    "customer_id",
    "invoice_id",
    "subscription_id",
    "subscription_schedule_id",
    "from_quote_id",
    "test_clock_id",
)
_LINKS = {
    "customer_id": "customers",
    "invoice_id": "invoices",
    "subscription_id": "subscriptions",
    "subscription_schedule_id": "subscription_schedules",
}


def upgrade() -> None:
    op.create_table(
        "quotes",
        *_keys("quotes"),
        *(sa.Column(name, sa.String(length=255), nullable=True) for name in _IDS),
        *(sa.Column(name, sa.Text(), nullable=name not in _REQUIRED) for name in _WORDS),
        sa.Column("is_revision", sa.Boolean(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=True),
        sa.Column("edition", sa.BigInteger(), nullable=False),
        sa.Column("default_tax_rates", _JSON, nullable=False),
        sa.Column("invoice_settings", _JSON, nullable=False),
        sa.Column("subscription_data", _JSON, nullable=False),
        sa.Column("upfront", _JSON, nullable=False),
        sa.Column("recurring", _JSON, nullable=True),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("finalized_at", sa.BigInteger(), nullable=True),
        sa.Column("accepted_at", sa.BigInteger(), nullable=True),
        sa.Column("canceled_at", sa.BigInteger(), nullable=True),
        sa.Column("next_step_at", sa.BigInteger(), nullable=True),
        sa.Column("seller", _JSON, nullable=True),
        sa.Column("buyer", _JSON, nullable=True),
        sa.Column("metadata", _JSON, nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        *(_link("quotes", column, table) for column, table in _LINKS.items()),
        sa.UniqueConstraint("tenant_id", "number", name=op.f("uq_quotes_tenant_id_number")),
    )
    for first in ([], ["customer_id"], ["status"]):
        op.create_index(f"ix_quotes_{'_'.join([*first, 'created'])}", "quotes", ["tenant_id", *first, "created", "id"])
    for first in ([], ["customer_id"]):
        op.create_index(
            f"ix_quotes_{'_'.join([*first, 'next_step_at'])}",
            "quotes",
            ["tenant_id", *first, "next_step_at"],
            sqlite_where=_DUE,
            postgresql_where=_DUE,
        )
    op.create_table(
        "quote_lines",
        *_keys("quote_lines"),
        sa.Column("quote_id", sa.String(length=255), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("upfront", sa.Boolean(), nullable=False),
        sa.Column("price_id", sa.String(length=255), nullable=False),
        sa.Column("price", _JSON, nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("amount_subtotal", sa.BigInteger(), nullable=False),
        sa.Column("amount_tax", sa.BigInteger(), nullable=False),
        sa.Column("amount_total", sa.BigInteger(), nullable=False),
        sa.Column("tax_rates", _JSON, nullable=False),
        sa.Column("taxes", _JSON, nullable=False),
        _link("quote_lines", "quote_id", "quotes"),
        sa.UniqueConstraint(
            "tenant_id", "quote_id", "position", name=op.f("uq_quote_lines_tenant_id_quote_id_position")
        ),
    )
    op.add_column("invoices", sa.Column("quote_id", sa.String(length=255), nullable=True))


def downgrade() -> None:
    op.drop_column("invoices", "quote_id")
    op.drop_table("quote_lines")
    op.drop_table("quotes")


def _keys(table: str) -> tuple[sa.Column[int] | sa.Column[str] | sa.Constraint, ...]:
    return (
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f(f"fk_{table}_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f(f"pk_{table}")),
    )


def _link(owner: str, column: str, table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", column],
        [f"{table}.tenant_id", f"{table}.id"],
        name=op.f(f"fk_{owner}_tenant_id_{column}"),
        initially="DEFERRED",
        deferrable=True,
    )
