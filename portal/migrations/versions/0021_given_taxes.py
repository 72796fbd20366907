"""Taxes of lines that were computed elsewhere"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    kind = sa.JSON(none_as_null=True).with_variant(
        postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), "postgresql"
    )
    op.add_column("invoice_lines", sa.Column("given_taxes", kind, nullable=True))


def downgrade() -> None:
    op.drop_column("invoice_lines", "given_taxes")
