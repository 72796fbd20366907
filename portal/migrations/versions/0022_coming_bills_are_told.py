"""When the bill of a coming renewal is told of"""

from __future__ import annotations

import time

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

#: A week, which is what every account begins with.
BEFORE = 7 * 24 * 3600


def upgrade() -> None:
    op.add_column("subscriptions", sa.Column("upcoming_at", sa.BigInteger(), nullable=True))
    op.execute(
        sa.text(
            "UPDATE subscriptions SET upcoming_at = current_period_end - :before,"
            " next_step_at = CASE WHEN next_step_at < current_period_end - :before THEN next_step_at"
            " ELSE current_period_end - :before END"
            " WHERE next_step_at IS NOT NULL AND current_period_end - :before > :now"
        ).bindparams(
            sa.bindparam("before", BEFORE, sa.BigInteger()), sa.bindparam("now", int(time.time()), sa.BigInteger())
        )
    )


def downgrade() -> None:
    op.drop_column("subscriptions", "upcoming_at")
