"""Pending updates, billing modes, what prorations credit, and discounts of quotes"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_JSON = sa.JSON(none_as_null=True).with_variant(
    postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), "postgresql"
)
_NULLABLE = [
    ("subscriptions", "billing_cycle_anchor_config"),
    ("subscriptions", "billing_mode"),
    ("subscriptions", "pending_invoice_item_interval"),
    ("subscriptions", "pending_update"),
    ("subscription_schedules", "billing_mode"),
    ("invoiceitems", "credited_items"),
    ("invoice_lines", "credited_items"),
]
_LISTS = [("quotes", "discounts"), ("quote_lines", "discounts"), ("quote_lines", "discount_amounts")]


def upgrade() -> None:
    op.add_column("subscriptions", sa.Column("next_pending_invoice_item_invoice", sa.BigInteger(), nullable=True))
    for table, column in _NULLABLE:
        op.add_column(table, sa.Column(column, _JSON, nullable=True))
    for table, column in _LISTS:
        op.add_column(table, sa.Column(column, _JSON, nullable=False, server_default="[]"))


def downgrade() -> None:
    for table, column in reversed(_NULLABLE + _LISTS):
        op.drop_column(table, column)
    op.drop_column("subscriptions", "next_pending_invoice_item_invoice")
