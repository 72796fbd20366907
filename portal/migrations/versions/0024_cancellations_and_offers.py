"""cancellations and offers"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Text
from sqlalchemy.dialects import postgresql

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_INDEX = "ix_retention_offers_created"
_UNIQUE = "uq_retention_offers_tenant_id_subscription_id_coupon_id"


def _offers(*, before: bool) -> sa.Table:
    """The table of offers, which SQLite writes anew: as it is found, without its indexes."""
    added = () if before else (sa.Column("type", sa.Text()), sa.Column("reason", sa.Text()), _id("price_id"))
    unique = (sa.UniqueConstraint("tenant_id", "subscription_id", "coupon_id", name=_UNIQUE),) if before else ()
    moments = (sa.Column(name, sa.BigInteger()) for name in ("accepted_at", "declined_at"))
    return sa.Table(
        "retention_offers",
        sa.MetaData(),
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        *(_id(name, nullable=False) for name in ("id", "customer_id", "subscription_id", "session_id")),
        sa.Column("created", sa.BigInteger(), nullable=False),
        _id("coupon_id", nullable=not before),
        *moments,
        *added,
        *unique,
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name="fk_retention_offers_tenant_id"),
        *(_foreign_key(column, table) for column, table in _PARENTS),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_retention_offers"),
    )


_PARENTS = (("customer_id", "customers"), ("subscription_id", "subscriptions"))


def _id(name: str, *, nullable: bool = True) -> sa.Column[str]:
    return sa.Column(name, sa.String(length=255), nullable=nullable)


def _foreign_key(column: str, table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", column],
        [f"{table}.tenant_id", f"{table}.id"],
        name=f"fk_retention_offers_tenant_id_{column}",
        initially="DEFERRED",
        deferrable=True,
    )


def upgrade() -> None:
    op.create_table(
        "cancellation_notices",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("configuration_id", sa.String(length=255), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("wanted_on", sa.Text(), nullable=True),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column(
            "seller",
            sa.JSON(none_as_null=True).with_variant(
                postgresql.JSONB(none_as_null=True, astext_type=Text()), "postgresql"
            ),
            nullable=False,
        ),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.String(length=255), nullable=True),
        sa.Column("subscription_id", sa.String(length=255), nullable=True),
        sa.Column("next_step_at", sa.BigInteger(), nullable=True),
        sa.Column("once", sa.String(length=64), nullable=False),
        sa.Column("network_hash", sa.String(length=64), nullable=False),
        sa.Column("wide_network_hash", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "configuration_id"],
            ["portal_configurations.tenant_id", "portal_configurations.id"],
            name=op.f("fk_cancellation_notices_tenant_id_configuration_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_cancellation_notices_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_cancellation_notices")),
    )
    op.create_index(
        "ix_cancellation_notices_created", "cancellation_notices", ["tenant_id", "created", "id"], unique=False
    )
    op.create_index(
        "ix_cancellation_notices_email_created",
        "cancellation_notices",
        ["tenant_id", "email", "created", "id"],
        unique=False,
    )
    op.create_index(
        "ix_cancellation_notices_network", "cancellation_notices", ["network_hash", "created"], unique=False
    )
    op.create_index(
        "ix_cancellation_notices_next_step_at",
        "cancellation_notices",
        ["tenant_id", "next_step_at"],
        unique=False,
        sqlite_where=sa.text("next_step_at IS NOT NULL"),
        postgresql_where=sa.text("next_step_at IS NOT NULL"),
    )
    op.create_index(
        "ix_cancellation_notices_wide_network", "cancellation_notices", ["wide_network_hash", "created"], unique=False
    )
    op.create_index("uq_cancellation_notices_once", "cancellation_notices", ["tenant_id", "once"], unique=True)
    op.add_column("portal_configurations", sa.Column("cancel_token", sa.String(length=64), nullable=True))
    op.create_index("uq_portal_configurations_cancel_token", "portal_configurations", ["cancel_token"], unique=True)
    op.create_table(
        "plan_cancellations",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("customer_id", sa.String(length=255), nullable=False),
        sa.Column("subscription_id", sa.String(length=255), nullable=False),
        sa.Column("session_id", sa.String(length=255), nullable=True),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column(
            "cancellation_details",
            sa.JSON(none_as_null=True).with_variant(
                postgresql.JSONB(none_as_null=True, astext_type=Text()), "postgresql"
            ),
            nullable=False,
        ),
        sa.Column(
            "seller",
            sa.JSON(none_as_null=True).with_variant(
                postgresql.JSONB(none_as_null=True, astext_type=Text()), "postgresql"
            ),
            nullable=False,
        ),
        sa.Column(
            "buyer",
            sa.JSON(none_as_null=True).with_variant(
                postgresql.JSONB(none_as_null=True, astext_type=Text()), "postgresql"
            ),
            nullable=False,
        ),
        sa.Column(
            "content",
            sa.JSON(none_as_null=True).with_variant(
                postgresql.JSONB(none_as_null=True, astext_type=Text()), "postgresql"
            ),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"],
            ["customers.tenant_id", "customers.id"],
            name=op.f("fk_plan_cancellations_tenant_id_customer_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "subscription_id"],
            ["subscriptions.tenant_id", "subscriptions.id"],
            name=op.f("fk_plan_cancellations_tenant_id_subscription_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_plan_cancellations_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_plan_cancellations")),
    )
    op.create_index("ix_plan_cancellations_created", "plan_cancellations", ["tenant_id", "created", "id"], unique=False)
    op.create_index(
        "ix_plan_cancellations_subscription_id_created",
        "plan_cancellations",
        ["tenant_id", "subscription_id", "created", "id"],
        unique=False,
    )
    op.drop_index(_INDEX, table_name="retention_offers")
    with op.batch_alter_table("retention_offers", copy_from=_offers(before=True)) as offers:
        offers.drop_constraint(_UNIQUE, type_="unique")
        offers.alter_column("coupon_id", existing_type=sa.String(length=255), nullable=True)
        offers.add_column(sa.Column("type", sa.Text(), nullable=False, server_default="coupon"))
        offers.add_column(sa.Column("reason", sa.Text(), nullable=True))
        offers.add_column(sa.Column("price_id", sa.String(length=255), nullable=True))
    op.create_index(_INDEX, "retention_offers", ["tenant_id", "created", "id"])
    op.create_index(
        "ix_retention_offers_subscription_id_created",
        "retention_offers",
        ["tenant_id", "subscription_id", "created", "id"],
    )


def downgrade() -> None:
    op.drop_index("ix_retention_offers_subscription_id_created", table_name="retention_offers")
    # what could not be said before: offers without a coupon, and a coupon that was offered more than once
    op.execute("DELETE FROM retention_offers WHERE coupon_id IS NULL")
    op.execute(
        "DELETE FROM retention_offers WHERE EXISTS (SELECT 1 FROM retention_offers AS newer"
        " WHERE newer.tenant_id = retention_offers.tenant_id"
        " AND newer.subscription_id = retention_offers.subscription_id"
        " AND newer.coupon_id = retention_offers.coupon_id AND newer.id > retention_offers.id)"
    )
    op.drop_index(_INDEX, table_name="retention_offers")
    with op.batch_alter_table("retention_offers", copy_from=_offers(before=False)) as offers:
        for name in ("price_id", "reason", "type"):
            offers.drop_column(name)
        offers.alter_column("coupon_id", existing_type=sa.String(length=255), nullable=False)
        offers.create_unique_constraint(_UNIQUE, ["tenant_id", "subscription_id", "coupon_id"])
    op.create_index(_INDEX, "retention_offers", ["tenant_id", "created", "id"])
    op.drop_index("ix_plan_cancellations_subscription_id_created", table_name="plan_cancellations")
    op.drop_index("ix_plan_cancellations_created", table_name="plan_cancellations")
    op.drop_table("plan_cancellations")
    op.drop_index("uq_portal_configurations_cancel_token", table_name="portal_configurations")
    op.drop_column("portal_configurations", "cancel_token")
    op.drop_index("uq_cancellation_notices_once", table_name="cancellation_notices")
    op.drop_index("ix_cancellation_notices_wide_network", table_name="cancellation_notices")
    op.drop_index(
        "ix_cancellation_notices_next_step_at",
        table_name="cancellation_notices",
        sqlite_where=sa.text("next_step_at IS NOT NULL"),
        postgresql_where=sa.text("next_step_at IS NOT NULL"),
    )
    op.drop_index("ix_cancellation_notices_network", table_name="cancellation_notices")
    op.drop_index("ix_cancellation_notices_email_created", table_name="cancellation_notices")
    op.drop_index("ix_cancellation_notices_created", table_name="cancellation_notices")
    op.drop_table("cancellation_notices")
