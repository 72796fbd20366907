"""Revisions of what customers see"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("journals", sa.Column("shared", sa.BigInteger(), nullable=False, server_default="0"))
    op.create_index("ix_audit_log_customer_id_sequence", "audit_log", ["tenant_id", "customer_id", "sequence"])


def downgrade() -> None:
    op.drop_index("ix_audit_log_customer_id_sequence", "audit_log")
    op.drop_column("journals", "shared")
