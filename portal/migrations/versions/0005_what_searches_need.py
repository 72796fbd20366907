"""What searches need: texts in any case, totals, and on PostgreSQL the values in metadata"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_TEXTS = (("customers", "email"), ("customers", "name"), ("invoices", "number"))
_METADATA = ("customers", "invoices", "subscriptions")


def upgrade() -> None:
    for table, column in _TEXTS:
        op.create_index(f"ix_{table}_{column}_lower", table, ["tenant_id", sa.text(f"lower({column})")])
    op.create_index("ix_invoices_total", "invoices", ["tenant_id", "total"])
    for table in _METADATA if op.get_bind().dialect.name == "postgresql" else ():
        values = sa.text("(lower(jsonb_path_query_array(metadata, '$.*')::text)::jsonb)")
        op.create_index(f"ix_{table}_metadata", table, [values], postgresql_using="gin")


def downgrade() -> None:
    for table in _METADATA if op.get_bind().dialect.name == "postgresql" else ():
        op.drop_index(f"ix_{table}_metadata", table)
    op.drop_index("ix_invoices_total", "invoices")
    for table, column in _TEXTS:
        op.drop_index(f"ix_{table}_{column}_lower", table)
