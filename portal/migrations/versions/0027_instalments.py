"""invoices that are to be paid in parts, each by a date of its own"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Text
from sqlalchemy.dialects import postgresql

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    json = sa.JSON(none_as_null=True).with_variant(
        postgresql.JSONB(none_as_null=True, astext_type=Text()), "postgresql"
    )
    op.add_column("invoices", sa.Column("amounts_due", json))
    op.add_column("invoices", sa.Column("amount_next", sa.BigInteger()))
    op.add_column("direct_debits", sa.Column("due_by", sa.BigInteger()))


def downgrade() -> None:
    op.drop_column("direct_debits", "due_by")
    op.drop_column("invoices", "amount_next")
    op.drop_column("invoices", "amounts_due")
