"""payments in parts"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_UNPAID = "ix_checkout_sessions_unpaid"


def upgrade() -> None:
    for name in ("amount_requested", "resume_at"):
        op.add_column("payment_intents", sa.Column(name, sa.BigInteger(), nullable=True))
    _index_unpaid("invoice_id IS NOT NULL AND payment_status = 'unpaid'")


def downgrade() -> None:
    _index_unpaid("status = 'complete' AND payment_status = 'unpaid'")
    for name in ("resume_at", "amount_requested"):
        op.drop_column("payment_intents", name)


def _index_unpaid(where: str) -> None:
    op.drop_index(_UNPAID, table_name="checkout_sessions")
    op.create_index(
        _UNPAID,
        "checkout_sessions",
        ["tenant_id", "invoice_id"],
        sqlite_where=sa.text(where),
        postgresql_where=sa.text(where),
    )
