"""planned pauses of schedules"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Text
from sqlalchemy.dialects import postgresql

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    json = sa.JSON(none_as_null=True).with_variant(
        postgresql.JSONB(none_as_null=True, astext_type=Text()), "postgresql"
    )
    op.add_column("subscription_schedules", sa.Column("pause_schedules", json, nullable=False, server_default="[]"))


def downgrade() -> None:
    op.drop_column("subscription_schedules", "pause_schedules")
