"""Offers, feedback options and files."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "feedback_options",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("deactivated_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_feedback_options_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_feedback_options")),
    )
    with op.batch_alter_table("feedback_options", schema=None) as batch_op:
        batch_op.create_index("ix_feedback_options_created", ["tenant_id", "created", "id"], unique=False)

    op.create_table(
        "files",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("filename", sa.Text(), nullable=True),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("type", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_files_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_files")),
    )
    with op.batch_alter_table("files", schema=None) as batch_op:
        batch_op.create_index("ix_files_created", ["tenant_id", "created", "id"], unique=False)
        batch_op.create_index("ix_files_purpose_created", ["tenant_id", "purpose", "created", "id"], unique=False)

    op.create_table(
        "file_contents",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "id"],
            ["files.tenant_id", "files.id"],
            name=op.f("fk_file_contents_tenant_id_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_file_contents_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_file_contents")),
    )
    op.create_table(
        "file_links",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("file_id", sa.String(length=255), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column(
            "metadata",
            sa.JSON(none_as_null=True).with_variant(
                postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), "postgresql"
            ),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "file_id"],
            ["files.tenant_id", "files.id"],
            name=op.f("fk_file_links_tenant_id_file_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_file_links_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_file_links")),
    )
    with op.batch_alter_table("file_links", schema=None) as batch_op:
        batch_op.create_index("ix_file_links_created", ["tenant_id", "created", "id"], unique=False)
        batch_op.create_index("ix_file_links_file_id_created", ["tenant_id", "file_id", "created", "id"], unique=False)

    op.create_table(
        "retention_offers",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("customer_id", sa.String(length=255), nullable=False),
        sa.Column("subscription_id", sa.String(length=255), nullable=False),
        sa.Column("session_id", sa.String(length=255), nullable=False),
        sa.Column("coupon_id", sa.String(length=255), nullable=False),
        sa.Column("accepted_at", sa.BigInteger(), nullable=True),
        sa.Column("declined_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"],
            ["customers.tenant_id", "customers.id"],
            name=op.f("fk_retention_offers_tenant_id_customer_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "subscription_id"],
            ["subscriptions.tenant_id", "subscriptions.id"],
            name=op.f("fk_retention_offers_tenant_id_subscription_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_retention_offers_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_retention_offers")),
        sa.UniqueConstraint(
            "tenant_id",
            "subscription_id",
            "coupon_id",
            name=op.f("uq_retention_offers_tenant_id_subscription_id_coupon_id"),
        ),
    )
    with op.batch_alter_table("retention_offers", schema=None) as batch_op:
        batch_op.create_index("ix_retention_offers_created", ["tenant_id", "created", "id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("retention_offers", schema=None) as batch_op:
        batch_op.drop_index("ix_retention_offers_created")

    op.drop_table("retention_offers")
    with op.batch_alter_table("file_links", schema=None) as batch_op:
        batch_op.drop_index("ix_file_links_file_id_created")
        batch_op.drop_index("ix_file_links_created")

    op.drop_table("file_links")
    op.drop_table("file_contents")
    with op.batch_alter_table("files", schema=None) as batch_op:
        batch_op.drop_index("ix_files_purpose_created")
        batch_op.drop_index("ix_files_created")

    op.drop_table("files")
    with op.batch_alter_table("feedback_options", schema=None) as batch_op:
        batch_op.drop_index("ix_feedback_options_created")

    op.drop_table("feedback_options")
