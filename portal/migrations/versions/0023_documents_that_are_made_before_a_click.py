"""Documents that are made before a click"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("documents", sa.Column("kind", sa.Text(), nullable=True))
    op.add_column("documents", sa.Column("wanted_at", sa.BigInteger(), nullable=True))
    op.add_column("documents", sa.Column("tries", sa.BigInteger(), server_default="0", nullable=False))
    some = sa.text("wanted_at IS NOT NULL")
    op.create_index("ix_documents_wanted_at", "documents", ["wanted_at"], sqlite_where=some, postgresql_where=some)


def downgrade() -> None:
    op.execute("DELETE FROM documents WHERE revision = 0")
    op.drop_index("ix_documents_wanted_at", "documents")
    op.drop_column("documents", "tries")
    op.drop_column("documents", "wanted_at")
    op.drop_column("documents", "kind")
