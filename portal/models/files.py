"""Tables of files that a merchant has uploaded, and of links to them that work without a key."""

from typing import Any

from sqlalchemy import LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, Id, TenantOwned, newest_first, tenant_foreign_key


class File(TenantOwned, Base):
    """An uploaded file without its content; `type` is what the content is: `png`, `jpg` or `pdf`."""

    __tablename__ = "files"
    __table_args__ = (newest_first("files"), newest_first("files", "purpose"))

    expires_at: Mapped[int | None]
    filename: Mapped[str | None]
    purpose: Mapped[str]
    size: Mapped[int]
    title: Mapped[str | None]
    type: Mapped[str]


class FileContent(TenantOwned, Base):
    """The bytes of the file with the same id, in a table of its own so that lists don't read them."""

    __tablename__ = "file_contents"
    __table_args__ = (tenant_foreign_key("id", "files"),)

    content: Mapped[bytes] = mapped_column(LargeBinary)


class FileLink(TenantOwned, Base):
    """A link to a file's content; it no longer works from `expires_at` on."""

    __tablename__ = "file_links"
    __table_args__ = (
        tenant_foreign_key("file_id", "files"),
        newest_first("file_links"),
        newest_first("file_links", "file_id"),
    )

    file_id: Mapped[str] = mapped_column(Id)
    expires_at: Mapped[int | None]
    metadata_: Mapped[dict[str, Any]] = mapped_column("metadata", default=dict)
