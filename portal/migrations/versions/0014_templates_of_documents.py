"""Templates of documents, and numbers of receipts"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_DOCUMENT = sa.JSON(none_as_null=True).with_variant(
    postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), "postgresql"
)


def upgrade() -> None:
    op.create_table(
        "rendering_templates",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("nickname", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("metadata", _DOCUMENT, nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_rendering_templates_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_rendering_templates")),
    )
    op.create_index("ix_rendering_templates_created", "rendering_templates", ["tenant_id", "created", "id"])
    op.create_table(
        "rendering_template_versions",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("template_id", sa.String(length=255), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("files", _DOCUMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "template_id"],
            ["rendering_templates.tenant_id", "rendering_templates.id"],
            name=op.f("fk_rendering_template_versions_tenant_id_template_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_rendering_template_versions_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_rendering_template_versions")),
        sa.UniqueConstraint(
            "tenant_id",
            "template_id",
            "version",
            name=op.f("uq_rendering_template_versions_tenant_id_template_id_version"),
        ),
    )
    op.add_column("invoices", sa.Column("receipt_number", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("invoices", "receipt_number")
    op.drop_table("rendering_template_versions")
    op.drop_index("ix_rendering_templates_created", "rendering_templates")
    op.drop_table("rendering_templates")
