"""Networks and known browsers of login codes"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("login_codes", sa.Column("wide_network_hash", sa.String(length=64), nullable=True))
    op.add_column("login_codes", sa.Column("known_browser_hash", sa.String(length=64), nullable=True))
    op.create_index("ix_login_codes_wide_network", "login_codes", ["wide_network_hash", "created"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_login_codes_wide_network", table_name="login_codes")
    op.drop_column("login_codes", "known_browser_hash")
    op.drop_column("login_codes", "wide_network_hash")
