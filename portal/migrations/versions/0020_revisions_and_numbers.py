"""Revisions of invoices, and numbers of the account"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("invoices", sa.Column("from_invoice_id", sa.String(length=255), nullable=True))
    op.add_column("invoices", sa.Column("latest_revision_id", sa.String(length=255), nullable=True))
    op.create_table(
        "invoice_sequences",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_invoice_sequences_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_invoice_sequences")),
    )


def downgrade() -> None:
    op.drop_table("invoice_sequences")
    op.drop_column("invoices", "latest_revision_id")
    op.drop_column("invoices", "from_invoice_id")
