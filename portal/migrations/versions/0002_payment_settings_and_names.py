"""Payment settings of subscriptions and invoices, and the two further names of a customer"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

DOCUMENT = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    op.add_column("customers", sa.Column("business_name", sa.Text(), nullable=True))
    op.add_column("customers", sa.Column("individual_name", sa.Text(), nullable=True))
    for table in ("invoices", "subscriptions"):
        op.add_column(table, sa.Column("payment_settings", DOCUMENT, nullable=True))


def downgrade() -> None:
    for table in ("subscriptions", "invoices"):
        op.drop_column(table, "payment_settings")
    op.drop_column("customers", "individual_name")
    op.drop_column("customers", "business_name")
