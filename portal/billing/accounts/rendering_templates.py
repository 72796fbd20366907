"""A merchant's own templates of documents: which there are, which one a document is made with."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import ids
from portal.db import find, locked
from portal.errors import InvalidRequest, ResourceMissing
from portal.models import RenderingTemplate, RenderingTemplateVersion
from portal.wire.commands import Expanding, Listing, whole


class ListTemplates(Listing):
    status: Literal["active", "archived"] | None = None


class RetrieveTemplate(Expanding):
    version: Annotated[int, whole(1, 1_000_000)] | None = None


@dataclass(frozen=True)
class AddTemplate:
    """The operator's command: files by name, for a new template or as the next version of one."""

    files: Mapping[str, bytes]
    nickname: str | None = None
    template: str | None = None
    default: bool = False


def add(db: Session, command: AddTemplate, *, now: int) -> RenderingTemplate:
    """Keep the files as a version; the same files as the newest version make none.

    Raises `ResourceMissing` for an unknown template, `InvalidRequest` for an archived one.
    """
    template = _next(db, command, now)
    if command.nickname:
        template.nickname = command.nickname
    if command.default:
        choose(db, template)
    return template


def choose(db: Session, template: RenderingTemplate | None) -> None:
    """Let documents of customers who have no template of their own be made with this one, or as they come."""
    if template and template.status == "archived":
        raise InvalidRequest(f"The template '{template.id}' is archived.")
    for each in db.scalars(select(RenderingTemplate).where(RenderingTemplate.is_default)):
        each.is_default = False
    if template:
        template.is_default = True


def archive(db: Session, template: RenderingTemplate, command: Expanding, *, now: int) -> RenderingTemplate:
    """Nothing new may name it; what names it already goes on being made with it."""
    template = locked(db, RenderingTemplate, template.id, noun="invoice rendering template")
    template.status, template.is_default = "archived", False
    return template


def unarchive(db: Session, template: RenderingTemplate, command: Expanding, *, now: int) -> RenderingTemplate:
    """It may be named again."""
    template = locked(db, RenderingTemplate, template.id, noun="invoice rendering template")
    template.status = "active"
    return template


def usable(db: Session, id: str, *, param: str) -> RenderingTemplate:
    """A template that new objects may name. Raises `ResourceMissing`, and `InvalidRequest` for an archived one."""
    template = find(db, RenderingTemplate, id, noun="invoice rendering template", param=param)
    if template.status == "archived":
        raise InvalidRequest(f"The invoice rendering template '{id}' is archived.", param=param)
    return template


def version(db: Session, template_id: str, number: int, *, param: str = "version") -> RenderingTemplateVersion:
    """One version of a template. Raises `ResourceMissing`."""
    row = found(db, template_id, number)
    if row is None:
        raise ResourceMissing("version of this invoice rendering template", str(number), param=param)
    return row


def found(db: Session, template_id: str, number: int) -> RenderingTemplateVersion | None:
    """One version of a template, or None."""
    mine = RenderingTemplateVersion.template_id == template_id, RenderingTemplateVersion.version == number
    return db.scalar(select(RenderingTemplateVersion).where(*mine))


def fitting(db: Session, rendering: dict[str, Any], sent: Collection[str]) -> dict[str, Any]:
    """What an invoice is to say of its template once `sent` has changed; another template begins at its newest version.

    Raises `ResourceMissing`, and `InvalidRequest` for an archived template or a version without one.
    """
    if "template" in sent and "template_version" not in sent:
        rendering = {key: value for key, value in rendering.items() if key != "template_version"}
    template, number = rendering.get("template"), rendering.get("template_version")
    if "template" in sent and template:
        usable(db, template, param="rendering[template]")
    if number and not template:
        raise InvalidRequest("A version goes with a template only.", param="rendering[template_version]")
    if number and template and "template_version" in sent:
        version(db, template, number, param="rendering[template_version]")
    return rendering


def frozen(db: Session, rendering: dict[str, Any] | None) -> dict[str, Any] | None:
    """What a document says of its template from now on: the chosen one or the default, in the version of today."""
    chosen = rendering or {}
    if chosen.get("template"):
        template = db.scalar(select(RenderingTemplate).where(RenderingTemplate.id == chosen["template"]))
    else:
        template = db.scalar(select(RenderingTemplate).where(RenderingTemplate.is_default).limit(1))
    if template is None:
        return rendering
    return {**chosen, "template": template.id, "template_version": chosen.get("template_version") or template.version}


def _next(db: Session, command: AddTemplate, now: int) -> RenderingTemplate:
    digest = digest_of(command.files)
    if command.template is None:
        template = RenderingTemplate(
            id=ids.new("invoice_rendering_template"), created=now, status="active", version=1, metadata_={}
        )
        db.add(template)
    else:
        template = locked(db, RenderingTemplate, command.template, noun="invoice rendering template")
        if template.status == "archived":
            raise InvalidRequest(f"The invoice rendering template '{template.id}' is archived and can't be updated.")
        if version(db, template.id, template.version).digest == digest:
            return template
        template.version += 1
    db.add(
        RenderingTemplateVersion(
            id=ids.new("invoice_rendering_template_version"),
            created=now,
            template_id=template.id,
            version=template.version,
            digest=digest,
            files={name: b64encode(content).decode() for name, content in sorted(command.files.items())},
        )
    )
    return template


def digest_of(files: Mapping[str, bytes]) -> str:
    """64 hexadecimal digits that differ whenever a name or a byte does."""
    parts = (f"{name}\0{hashlib.sha256(files[name]).hexdigest()}\n" for name in sorted(files))
    return hashlib.sha256("".join(parts).encode()).hexdigest()
