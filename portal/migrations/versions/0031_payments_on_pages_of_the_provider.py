"""payments whose method is given on a page of the provider, and kept where the customer wants that"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0028"
branch_labels = None
depends_on = None

#: What SQLite copies is this table; those that it names are not looked at.
_ALONE = {"resolve_fks": False}


def upgrade() -> None:
    with op.batch_alter_table("payment_intents", reflect_kwargs=_ALONE) as intents:
        intents.alter_column("payment_method_id", existing_type=sa.String(length=255), nullable=True)
        intents.add_column(sa.Column("setup_future_usage", sa.Text(), nullable=True))


def downgrade() -> None:
    op.execute("DELETE FROM payment_intents WHERE payment_method_id IS NULL")
    with op.batch_alter_table("payment_intents", reflect_kwargs=_ALONE) as intents:
        intents.drop_column("setup_future_usage")
        intents.alter_column("payment_method_id", existing_type=sa.String(length=255), nullable=False)
