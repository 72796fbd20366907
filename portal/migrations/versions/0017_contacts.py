"""contacts of customers, and whose browser holds a portal session"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Text
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

DOCUMENT = sa.JSON(none_as_null=True).with_variant(
    postgresql.JSONB(none_as_null=True, astext_type=Text()), "postgresql"
)


def upgrade() -> None:
    op.create_table(
        "customer_contacts",
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("customer_id", sa.String(length=255), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("email_folded", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("locale", sa.Text(), nullable=True),
        sa.Column("configuration_id", sa.String(length=255), nullable=True),
        sa.Column("invited_at", sa.BigInteger(), nullable=True),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("joined_at", sa.BigInteger(), nullable=True),
        sa.Column("metadata", DOCUMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "configuration_id"],
            ["portal_configurations.tenant_id", "portal_configurations.id"],
            name=op.f("fk_customer_contacts_tenant_id_configuration_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"],
            ["customers.tenant_id", "customers.id"],
            name=op.f("fk_customer_contacts_tenant_id_customer_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_customer_contacts_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_customer_contacts")),
    )
    op.create_index(
        "ix_customer_contacts_customer_id_created",
        "customer_contacts",
        ["tenant_id", "customer_id", "created", "id"],
    )
    op.create_index(
        "uq_customer_contacts_address", "customer_contacts", ["tenant_id", "customer_id", "email_folded"], unique=True
    )
    op.create_index("ix_customer_contacts_email_folded", "customer_contacts", ["tenant_id", "email_folded"])
    op.add_column("portal_sessions", sa.Column("contact_id", sa.String(length=255), nullable=True))
    op.add_column("portal_sessions", sa.Column("device", DOCUMENT, nullable=True))


def downgrade() -> None:
    op.drop_column("portal_sessions", "device")
    op.drop_column("portal_sessions", "contact_id")
    op.drop_table("customer_contacts")
