"""Tables of a merchant's own document templates and their versions; a version never changes."""

from typing import Any

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, Id, TenantOwned, newest_first, tenant_foreign_key
from portal.rules.statuses import RenderingTemplateStatus


class RenderingTemplate(TenantOwned, Base):
    """A template; `version` is its newest, `is_default` makes it that of customers without one of their own."""

    __tablename__ = "rendering_templates"
    __table_args__ = (newest_first("rendering_templates"),)

    nickname: Mapped[str | None]
    status: Mapped[RenderingTemplateStatus] = mapped_column(default="active")
    version: Mapped[int]
    is_default: Mapped[bool] = mapped_column(default=False)
    metadata_: Mapped[dict[str, Any]] = mapped_column("metadata", default=dict)


class RenderingTemplateVersion(TenantOwned, Base):
    """The files of one version, by name, in base 64, and the digest that identifies it in documents."""

    __tablename__ = "rendering_template_versions"
    __table_args__ = (
        tenant_foreign_key("template_id", "rendering_templates"),
        UniqueConstraint("tenant_id", "template_id", "version"),
    )

    template_id: Mapped[str] = mapped_column(Id)
    version: Mapped[int]
    digest: Mapped[str]
    files: Mapped[dict[str, Any]]
