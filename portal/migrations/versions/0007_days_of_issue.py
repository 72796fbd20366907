"""Days of issue"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

#: The day of a moment, capped at the end of the calendar. Documents from before accounts had a time zone count in UTC.
_DAYS = {
    "postgresql": "CAST(to_timestamp(LEAST(%s, 253402300799)) AT TIME ZONE 'UTC' AS DATE)",
    "sqlite": "date(MIN(%s, 253402300799), 'unixepoch')",
}


def upgrade() -> None:
    day = _DAYS[op.get_bind().dialect.name] % "COALESCE(effective_at, created)"
    for table in ("credit_notes", "invoices"):
        op.add_column(table, sa.Column("issued_on", sa.Date(), nullable=True))
        op.execute(f"UPDATE {table} SET issued_on = {day} WHERE status <> 'draft'")  # noqa: S608


def downgrade() -> None:
    op.drop_column("invoices", "issued_on")
    op.drop_column("credit_notes", "issued_on")
