"""Paused collection and ends of trials"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_JSON = sa.JSON(none_as_null=True).with_variant(
    postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), "postgresql"
)


def upgrade() -> None:
    op.add_column("subscriptions", sa.Column("pause_collection", _JSON, nullable=True))
    op.add_column("subscriptions", sa.Column("trial_ends_in", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("subscriptions", "trial_ends_in")
    op.drop_column("subscriptions", "pause_collection")
