"""host names of merchants"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "hosts",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("account_id", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_hosts_account_id_accounts")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_hosts")),
    )
    op.create_index(op.f("ix_hosts_account_id"), "hosts", ["account_id"])
    op.add_column("tenants", sa.Column("host", sa.Text()))
    op.add_column("portal_configurations", sa.Column("host", sa.Text()))


def downgrade() -> None:
    op.drop_column("portal_configurations", "host")
    op.drop_column("tenants", "host")
    op.drop_table("hosts")
