"""When each record's next step is due, and clocks to try it with"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_DUE = sa.text("next_step_at IS NOT NULL")
_ON_A_CLOCK = sa.text("test_clock_id IS NOT NULL")
_ADVANCING = sa.text("status = 'advancing'")
_MOMENTS = {
    "subscriptions": ("next_step_at",),
    "invoices": ("automatically_finalizes_at", "overdue_at", "gives_up_at", "next_step_at"),
}
_CLOCKED = ("customers", "subscriptions", "invoices", "invoiceitems")


def upgrade() -> None:
    for table in _CLOCKED:
        op.add_column(table, sa.Column("test_clock_id", sa.String(length=255), nullable=True))
    for table, columns in _MOMENTS.items():
        for column in columns:
            op.add_column(table, sa.Column(column, sa.BigInteger(), nullable=True))
        for names in (("next_step_at",), ("customer_id", "next_step_at")):
            op.create_index(
                f"ix_{table}_{'_'.join(names)}",
                table,
                ["tenant_id", *names],
                sqlite_where=_DUE,
                postgresql_where=_DUE,
            )
    op.create_index(
        "ix_customers_test_clock_id",
        "customers",
        ["tenant_id", "test_clock_id"],
        sqlite_where=_ON_A_CLOCK,
        postgresql_where=_ON_A_CLOCK,
    )
    _create_test_clocks()
    _fill()


def downgrade() -> None:
    op.drop_table("test_clocks")
    op.drop_index("ix_customers_test_clock_id", "customers")
    for table, columns in _MOMENTS.items():
        for names in ("next_step_at", "customer_id_next_step_at"):
            op.drop_index(f"ix_{table}_{names}", table)
        for column in columns:
            op.drop_column(table, column)
    for table in _CLOCKED:
        op.drop_column(table, "test_clock_id")


def _create_test_clocks() -> None:
    op.create_table(
        "test_clocks",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("frozen_time", sa.BigInteger(), nullable=False),
        sa.Column("target_frozen_time", sa.BigInteger(), nullable=True),
        sa.Column("deletes_after", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_test_clocks_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_test_clocks")),
    )
    op.create_index("ix_test_clocks_created", "test_clocks", ["tenant_id", "created", "id"])
    op.create_index(
        "ix_test_clocks_advancing",
        "test_clocks",
        ["tenant_id"],
        sqlite_where=_ADVANCING,
        postgresql_where=_ADVANCING,
    )


def _fill() -> None:
    """Records that are there already take their steps too; a worker corrects moments that are only near."""
    for statement in (
        "UPDATE subscriptions SET next_step_at = current_period_end WHERE ended_at IS NULL",
        "UPDATE invoices SET automatically_finalizes_at = created + 3600, next_step_at = created + 3600"
        " WHERE status = 'draft' AND auto_advance",
        "UPDATE invoices SET next_step_at = due_date WHERE status = 'open' AND due_date IS NOT NULL",
    ):
        op.execute(statement)
