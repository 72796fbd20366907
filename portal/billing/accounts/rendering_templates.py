"""The merchant's own document templates and their versions, and the choice of one for a document."""

import hashlib
from base64 import b64encode
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import ids
from portal.db import find_row, lock_and_refresh, lock_row
from portal.errors import InvalidRequest, ResourceMissing
from portal.models import RenderingTemplate, RenderingTemplateVersion
from portal.rules.statuses import RenderingTemplateStatus
from portal.wire.commands import ExpandableCommand, ListCommand, integer_between


class ListTemplates(ListCommand):
    status: RenderingTemplateStatus | None = None


class RetrieveTemplate(ExpandableCommand):
    version: Annotated[int, integer_between(1, 1_000_000)] | None = None


@dataclass(frozen=True)
class AddTemplate:
    """The operator's command: files by name, for a new template or as the next version of one."""

    files: Mapping[str, bytes]
    nickname: str | None = None
    template: str | None = None
    default: bool = False


def add(db: Session, command: AddTemplate, *, now: int) -> RenderingTemplate:
    """Store the files as a new version, unless they equal the newest version.

    Raises `ResourceMissing` for an unknown template, `InvalidRequest` for an archived one.
    """
    template = _add_version(db, command, now)
    if command.nickname:
        template.nickname = command.nickname
    if command.default:
        set_default(db, template)
    return template


def set_default(db: Session, template: RenderingTemplate | None) -> None:
    """Make this the template of documents whose customer has none; None for the built-in design."""
    if template and template.status == "archived":
        raise InvalidRequest(f"The template '{template.id}' is archived.")
    for each in db.scalars(select(RenderingTemplate).where(RenderingTemplate.is_default)):
        each.is_default = False
    if template:
        template.is_default = True


def archive(db: Session, template: RenderingTemplate, command: ExpandableCommand, *, now: int) -> RenderingTemplate:
    """Archive a template: new objects can't name it, existing ones keep it."""
    lock_and_refresh(db, template, noun="invoice rendering template")
    template.status, template.is_default = "archived", False
    return template


def unarchive(db: Session, template: RenderingTemplate, command: ExpandableCommand, *, now: int) -> RenderingTemplate:
    """Make an archived template usable again."""
    lock_and_refresh(db, template, noun="invoice rendering template")
    template.status = "active"
    return template


def find_usable(db: Session, id: str, *, param: str) -> RenderingTemplate:
    """A template that new objects may name. Raises `ResourceMissing`, and `InvalidRequest` for an archived one."""
    template = find_row(db, RenderingTemplate, id, noun="invoice rendering template", param=param)
    if template.status == "archived":
        raise InvalidRequest(f"The invoice rendering template '{id}' is archived.", param=param)
    return template


def find_version(db: Session, template_id: str, number: int, *, param: str = "version") -> RenderingTemplateVersion:
    """One version of a template. Raises `ResourceMissing`."""
    row = find_version_or_none(db, template_id, number)
    if row is None:
        raise ResourceMissing("version of this invoice rendering template", str(number), param=param)
    return row


def find_version_or_none(db: Session, template_id: str, number: int) -> RenderingTemplateVersion | None:
    """One version of a template, or None."""
    mine = RenderingTemplateVersion.template_id == template_id, RenderingTemplateVersion.version == number
    return db.scalar(select(RenderingTemplateVersion).where(*mine))


def validate_rendering(db: Session, rendering: dict[str, Any], sent: Collection[str]) -> dict[str, Any]:
    """The `rendering` of an invoice once `sent` has changed; another template starts at its newest version.

    Raises `ResourceMissing`, and `InvalidRequest` for an archived template or a version without one.
    """
    if "template" in sent and "template_version" not in sent:
        rendering = {key: value for key, value in rendering.items() if key != "template_version"}
    template, number = rendering.get("template"), rendering.get("template_version")
    if "template" in sent and template:
        find_usable(db, template, param="rendering[template]")
    if number and not template:
        raise InvalidRequest("A version goes with a template only.", param="rendering[template_version]")
    if number and template and "template_version" in sent:
        find_version(db, template, number, param="rendering[template_version]")
    return rendering


def freeze_rendering(db: Session, rendering: dict[str, Any] | None) -> dict[str, Any] | None:
    """The template and version that a document keeps from now on: the chosen template, else the default one."""
    chosen = rendering or {}
    if chosen.get("template"):
        template = db.scalar(select(RenderingTemplate).where(RenderingTemplate.id == chosen["template"]))
    else:
        template = db.scalar(_DEFAULT_TEMPLATE)
    if template is None:
        return rendering
    return {**chosen, "template": template.id, "template_version": chosen.get("template_version") or template.version}


_DEFAULT_TEMPLATE = (
    select(RenderingTemplate).where(RenderingTemplate.is_default).limit(1).execution_options(prebuilt=True)
)


def _add_version(db: Session, command: AddTemplate, now: int) -> RenderingTemplate:
    digest = files_digest(command.files)
    if command.template is None:
        template = RenderingTemplate(
            id=ids.new("invoice_rendering_template"), created=now, status="active", version=1, metadata_={}
        )
        db.add(template)
    else:
        template = lock_row(db, RenderingTemplate, command.template, noun="invoice rendering template")
        if template.status == "archived":
            raise InvalidRequest(f"The invoice rendering template '{template.id}' is archived and can't be updated.")
        if find_version(db, template.id, template.version).digest == digest:
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


def files_digest(files: Mapping[str, bytes]) -> str:
    """64 hexadecimal digits that differ whenever a name or a byte does."""
    parts = (f"{name}\0{hashlib.sha256(files[name]).hexdigest()}\n" for name in sorted(files))
    return hashlib.sha256("".join(parts).encode()).hexdigest()
