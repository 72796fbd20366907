"""No two active promotion codes read the same"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("promotion_codes", sa.Column("active_key", sa.Text(), nullable=True))
    op.create_index("uq_promotion_codes_active_key", "promotion_codes", ["tenant_id", "active_key"], unique=True)


def downgrade() -> None:
    op.drop_index("uq_promotion_codes_active_key", "promotion_codes")
    op.drop_column("promotion_codes", "active_key")
