"""Uploaded files, whose type is detected from their content, and links that show them without a key."""

from dataclasses import dataclass, field
from typing import Annotated, Literal, Self

from pydantic import PlainValidator, PrivateAttr, model_validator
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import ids
from portal.billing.accounts import pictures
from portal.billing.accounts.pictures import BRANDING_PURPOSES, LEAST_SIDE, MOST_SIDE
from portal.db import find_row
from portal.errors import InvalidRequest
from portal.models import File, FileContent, FileLink
from portal.wire.characters import normalize_text
from portal.wire.commands import (
    Clearable,
    Command,
    ExpandableCommand,
    Flag,
    Id,
    ListCommand,
    Metadata,
    Timestamp,
    TimestampFilter,
    merge_metadata,
    parameter_error,
    schema_override,
)
from portal.wire.moments import NowOrTimestamp

Purpose = Literal["business_icon", "business_logo", "customer_signature", "tax_document_user_upload"]
MOST_BRANDING_BYTES = 512 * 1024
MOST_BYTES = 4 * 1024 * 1024
_LONGEST_NAME = 255
_ENDINGS = {"jpg": (".jpg", ".jpeg"), "pdf": (".pdf",), "png": (".png",)}


@dataclass(frozen=True)
class Upload:
    """A file as it was sent."""

    filename: str | None
    content: bytes = field(repr=False)


def parse_upload(value: object) -> Upload:
    """The file of a multipart body; any other value is refused."""
    if not isinstance(value, Upload):
        raise parameter_error("", "Invalid file: send it as a part with a file name of a multipart/form-data body")
    return value


class FileLinkData(Command):
    """A link that is created together with the file."""

    create: Flag
    expires_at: Timestamp | None = None
    metadata: Metadata = {}


class CreateFile(ExpandableCommand):
    """An upload; its content is examined while the parameters are parsed."""

    file: Annotated[Upload, PlainValidator(parse_upload), schema_override(type="string", format="binary")]
    file_link_data: FileLinkData | None = None
    purpose: Purpose
    _type: str = PrivateAttr()

    @model_validator(mode="after")
    def _validate_content(self) -> Self:
        # here, as decoding a picture takes its time and a transaction is no place for it
        self._type = _detect_type(self.file.content, self.purpose)
        return self

    @property
    def type(self) -> str:
        """The file's type, detected from its content."""
        return self._type


class ListFiles(ListCommand):
    created: TimestampFilter = None
    purpose: Purpose | None = None


class CreateFileLink(ExpandableCommand):
    expires_at: Timestamp | None = None
    file: Id
    metadata: Metadata = {}


class UpdateFileLink(ExpandableCommand):
    """`expires_at` cleared: the link works without end."""

    expires_at: Clearable[NowOrTimestamp] = None
    metadata: Metadata = {}


class ListFileLinks(ListCommand):
    created: TimestampFilter = None
    expired: Flag | None = None
    file: Id | None = None


def create(db: Session, command: CreateFile, *, now: int) -> File:
    """Store a file with its content."""
    content, type = command.file.content, command.type
    file = File(
        id=ids.new("file"),
        created=now,
        filename=_safe_filename(command.file.filename, type),
        purpose=command.purpose,
        size=len(content),
        type=type,
    )
    db.add_all([file, FileContent(id=file.id, created=now, content=content)])
    data = command.file_link_data
    if data is not None and data.create:
        sent = {name: getattr(data, name) for name in ("expires_at", "metadata") if data.was_sent(name)}
        create_link(db, CreateFileLink(file=file.id, **sent), now=now)
    return file


def read_content(db: Session, file: File) -> bytes:
    """The bytes of a file."""
    return find_row(db, FileContent, file.id, noun="file").content


def create_link(db: Session, command: CreateFileLink, *, now: int) -> FileLink:
    """Create a link to a file, without end or until a moment. Raises `InvalidRequest` for a moment in the past."""
    db.flush()
    find_row(db, File, command.file, noun="file", param="file")
    link = FileLink(
        id=ids.new("file_link"),
        created=now,
        file_id=command.file,
        expires_at=_future_moment(command.expires_at, now),
        metadata_=merge_metadata({}, command.metadata),
    )
    db.add(link)
    return link


def update_link(db: Session, link: FileLink, command: UpdateFileLink, *, now: int) -> FileLink:
    """Change when a link expires: at a moment, `now` or never. Raises `InvalidRequest` for an expired link."""
    if command.was_sent("expires_at"):
        if link.expires_at is not None and link.expires_at <= now:
            raise InvalidRequest("An expired file link can't be changed.", param="expires_at")
        at = command.expires_at
        link.expires_at = now if at == "now" else _future_moment(at, now) if isinstance(at, int) else None
    if command.was_sent("metadata"):
        link.metadata_ = merge_metadata(link.metadata_, command.metadata)
    return link


def find_by_link(db: Session, link_id: str, *, now: int) -> tuple[File, bytes] | None:
    """The file behind a link; None where there is no such link or it has expired."""
    link = db.scalars(select(FileLink).where(FileLink.id == link_id)).one_or_none()
    if link is None or (link.expires_at is not None and link.expires_at <= now):
        return None
    file = find_row(db, File, link.file_id, noun="file")
    return file, read_content(db, file)


def refuse_unusable(db: Session, id: str | None, param: str) -> None:
    """Raises `ResourceMissing` or `InvalidRequest` for a file that can't be a brand's picture."""
    if id is not None and find_row(db, File, id, noun="file", param=param).purpose not in BRANDING_PURPOSES:
        raise InvalidRequest(
            f"The file '{id}' must have the purpose {' or '.join(sorted(BRANDING_PURPOSES))}.", param=param
        )


def download_name(file: File) -> str:
    """The file's name with an ending that fits its type, so that no program opens it as something else."""
    name, endings = file.filename or file.id, _ENDINGS[file.type]
    return name if name.lower().endswith(endings) else f"{name}{endings[0]}"


def _detect_type(content: bytes, purpose: str) -> str:
    """The type of a file by its content. Raises `InvalidRequest` for a type or size that its purpose does not allow."""
    most = MOST_BRANDING_BYTES if purpose in BRANDING_PURPOSES else MOST_BYTES
    if not content:
        raise InvalidRequest("The file is empty.", param="file")
    if len(content) > most:
        raise InvalidRequest(f"The file is too large: at most {most // 1024} kB.", param="file")
    if purpose not in BRANDING_PURPOSES and content.startswith(b"%PDF-"):
        return "pdf"
    picture = pictures.open_picture(content)
    if purpose in BRANDING_PURPOSES and not LEAST_SIDE <= min(picture.size) <= max(picture.size) <= MOST_SIDE:
        raise InvalidRequest(
            f"The picture must have {LEAST_SIDE} to {MOST_SIDE} pixels a side; this has"
            f" {picture.width} × {picture.height}.",
            param="file",
        )
    return "png" if picture.format == "PNG" else "jpg"


def _safe_filename(sent: str | None, type: str) -> str:
    """The last part of the name that was sent, without characters that can't be shown."""
    try:
        plain = normalize_text((sent or "").replace("\\", "/").rpartition("/")[2], lines=False).strip()
    except ValueError:
        plain = ""
    return plain[-_LONGEST_NAME:] or f"file.{type}"


def _future_moment(moment: int | None, now: int) -> int | None:
    """The moment itself. Raises `InvalidRequest` where it is in the past."""
    if moment is not None and moment <= now:
        raise InvalidRequest("expires_at must be in the future.", param="expires_at")
    return moment
