"""refunds of balances"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0019"
branch_labels = None
depends_on = None

#: What SQLite copies is this table; those that it names are not looked at.
_ALONE = {"resolve_fks": False}
_REFERENCE = "fk_refunds_tenant_id_balance_transaction_id"


def upgrade() -> None:
    with op.batch_alter_table("refunds", reflect_kwargs=_ALONE) as refunds:
        refunds.alter_column("invoice_id", existing_type=sa.String(length=255), nullable=True)
        refunds.alter_column("payment_record_id", existing_type=sa.String(length=255), nullable=True)
        refunds.add_column(sa.Column("balance_transaction_id", sa.String(length=255), nullable=True))
        refunds.create_foreign_key(
            _REFERENCE,
            "customer_balance_transactions",
            ["tenant_id", "balance_transaction_id"],
            ["tenant_id", "id"],
            initially="DEFERRED",
            deferrable=True,
        )


def downgrade() -> None:
    op.execute("DELETE FROM refunds WHERE invoice_id IS NULL")
    with op.batch_alter_table("refunds", reflect_kwargs=_ALONE) as refunds:
        refunds.drop_constraint(_REFERENCE, type_="foreignkey")
        refunds.drop_column("balance_transaction_id")
        refunds.alter_column("payment_record_id", existing_type=sa.String(length=255), nullable=False)
        refunds.alter_column("invoice_id", existing_type=sa.String(length=255), nullable=False)
