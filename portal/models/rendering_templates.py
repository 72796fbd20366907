"""A merchant's own templates of documents, version by version; a version never changes."""

from __future__ import annotations

from typing import Any

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, Id, TenantOwned, link, newest_first


class RenderingTemplate(TenantOwned, Base):
    """A template as documents name it; `version` is its newest, `is_default` chooses it for whoever has none."""

    __tablename__ = "rendering_templates"
    __table_args__ = (newest_first("rendering_templates"),)

    nickname: Mapped[str | None]
    status: Mapped[str] = mapped_column(default="active")
    version: Mapped[int]
    is_default: Mapped[bool] = mapped_column(default=False)
    metadata_: Mapped[dict[str, Any]] = mapped_column("metadata", default=dict)


class RenderingTemplateVersion(TenantOwned, Base):
    """The files of one version, name by name in base 64, and the digest that documents made with it are known by."""

    __tablename__ = "rendering_template_versions"
    __table_args__ = (
        link("template_id", "rendering_templates"),
        UniqueConstraint("tenant_id", "template_id", "version"),
    )

    template_id: Mapped[str] = mapped_column(Id)
    version: Mapped[int]
    digest: Mapped[str]
    files: Mapped[dict[str, Any]]
