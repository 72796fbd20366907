"""Why subscriptions are paused"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_JSON = sa.JSON(none_as_null=True).with_variant(
    postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), "postgresql"
)


def upgrade() -> None:
    op.add_column("subscriptions", sa.Column("status_details", _JSON, nullable=True))


def downgrade() -> None:
    op.drop_column("subscriptions", "status_details")
