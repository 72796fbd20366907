"""When the coming end of a trial was told of"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("subscriptions", sa.Column("trial_will_end_at", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("subscriptions", "trial_will_end_at")
