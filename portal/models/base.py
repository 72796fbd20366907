"""What every table shares: the declarative base, the tenant in the key, foreign keys and indexes."""

from typing import Any, Literal

from sqlalchemy import JSON, BigInteger, ForeignKey, ForeignKeyConstraint, Index, Integer, MetaData, String, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column

JsonDocument = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
Id = String(255)


class Base(DeclarativeBase):
    """The declarative base; it names constraints, so that migrations can drop them on every database."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - declarative reads it from the class
        int: BigInteger,
        str: Text,
        Literal: Text,
        dict[str, Any]: JsonDocument,
        list[Any]: JsonDocument,
    }


class TenantOwned:
    """A row of one account in one mode: its primary key and foreign keys start with the tenant."""

    @declared_attr
    def tenant_id(cls) -> Mapped[int]:
        return mapped_column(Integer, ForeignKey("tenants.id"), primary_key=True, sort_order=-3)

    id: Mapped[str] = mapped_column(Id, primary_key=True, sort_order=-2)
    created: Mapped[int] = mapped_column(sort_order=-1)


def tenant_foreign_key(column: str, table: str) -> ForeignKeyConstraint:
    """A foreign key that can't cross accounts or modes: (tenant_id, column) -> table.

    Checked at commit, so that rows of one use case may be written in any order.
    """
    return ForeignKeyConstraint(
        ["tenant_id", column], [f"{table}.tenant_id", f"{table}.id"], deferrable=True, initially="DEFERRED"
    )


def due_first(table: str, *columns: str) -> Index:
    """The partial index of rows that have a next step; most rows have none."""
    return Index(
        f"ix_{table}_{'_'.join((*columns, 'next_step_at'))}",
        "tenant_id",
        *columns,
        "next_step_at",
        sqlite_where=text("next_step_at IS NOT NULL"),
        postgresql_where=text("next_step_at IS NOT NULL"),
    )


def newest_first(table: str, *columns: str) -> Index:
    """The index of a keyset list filtered by `columns`: newest first within the tenant."""
    return Index(f"ix_{table}_{'_'.join((*columns, 'created'))}", "tenant_id", *columns, "created", "id")


def case_insensitive_index(table: str, column: str) -> Index:
    """The index of a text column by `lower(column)`, for searches."""
    return Index(f"ix_{table}_{column}_lower", "tenant_id", text(f"lower({column})"))


def metadata_index(table: str) -> Index:
    """The index of values in metadata, in lower case, for searches; PostgreSQL only."""
    values = text("(lower(jsonb_path_query_array(metadata, '$.*')::text)::jsonb)")
    return Index(f"ix_{table}_metadata", values, postgresql_using="gin").ddl_if(dialect="postgresql")
