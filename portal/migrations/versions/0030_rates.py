"""limits of rates, and the sums that processes count together"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("tenants", sa.Column("rate_limit", sa.BigInteger(), nullable=True))
    op.create_table(
        "rate_counts",
        sa.Column("second", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("second", "subject", name=op.f("pk_rate_counts")),
        # a sum lives for a second: after a crash it may be gone, so no commit has to wait for the disk
        prefixes=["UNLOGGED"] if op.get_bind().dialect.name == "postgresql" else [],
    )


def downgrade() -> None:
    op.drop_table("rate_counts")
    op.drop_column("tenants", "rate_limit")
