"""visits within pages of merchants"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Text
from sqlalchemy.dialects import postgresql

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    json = sa.JSON(none_as_null=True).with_variant(
        postgresql.JSONB(none_as_null=True, astext_type=Text()), "postgresql"
    )
    nobody = sa.text("""'{"origins": []}'""")
    op.add_column("portal_configurations", sa.Column("embedding", json, nullable=False, server_default=nobody))
    op.add_column("portal_sessions", sa.Column("embed", json, nullable=True))


def downgrade() -> None:
    op.drop_column("portal_sessions", "embed")
    op.drop_column("portal_configurations", "embedding")
