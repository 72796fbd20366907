"""Pictures of a brand: decoded when they come, found for pages, and made small."""

import io
from dataclasses import dataclass, field
from functools import lru_cache

from PIL import Image, UnidentifiedImageError
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.errors import InvalidRequest
from portal.models import File, FileContent, Tenant

#: Purposes whose files are shown to people: pictures, small, and large enough to be sharp.
BRANDING_PURPOSES = frozenset({"business_icon", "business_logo"})
#: Pixels of a side.
LEAST_SIDE, MOST_SIDE = 128, 4096
#: How the wire and the web call what a file can be.
MEDIA_TYPES = {"jpg": "image/jpeg", "pdf": "application/pdf", "png": "image/png"}


@dataclass(frozen=True)
class Picture:
    """The content of a stored picture, and its media type."""

    content: bytes = field(repr=False)
    media_type: str


def find_picture(db: Session, account_id: str, file_id: str) -> Picture | None:
    """A branding picture, which both modes of an account share; needs no scope."""
    found = (
        select(File.type, FileContent.content)
        .select_from(File.__table__)
        .join(FileContent.__table__, (FileContent.tenant_id == File.tenant_id) & (FileContent.id == File.id))
        .join(Tenant, Tenant.id == File.tenant_id)
        .where(Tenant.account_id == account_id, File.id == file_id, File.purpose.in_(BRANDING_PURPOSES))
    )
    row = db.connection().execute(found).first()
    return Picture(row.content, MEDIA_TYPES[row.type]) if row else None


@lru_cache(maxsize=64)
def thumbnail(picture: Picture, width: int, height: int) -> Picture:
    """The picture as a PNG that fits into these pixels."""
    with Image.open(io.BytesIO(picture.content), formats=("PNG", "JPEG")) as image:
        image.thumbnail((width, height))
        buffer = io.BytesIO()
        image.save(buffer, "PNG")
    return Picture(buffer.getvalue(), MEDIA_TYPES["png"])


def open_picture(content: bytes) -> Image.Image:
    """Decode a whole picture once, so that a broken one is refused on upload and not when it is shown."""
    try:
        with Image.open(io.BytesIO(content), formats=("PNG", "JPEG")) as picture:
            if max(picture.size) > MOST_SIDE:
                return picture
            picture.load()
            # the renderer lets its whole process take broken pictures, so that loading alone proves nothing there
            if _END_MARKERS[str(picture.format)] not in content[-4096:]:
                raise SyntaxError("the picture breaks off")
            return picture
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        raise InvalidRequest("The file must be a whole PNG or JPEG picture.", param="file") from None


_END_MARKERS = {"PNG": b"IEND\xaeB\x60\x82", "JPEG": b"\xff\xd9"}
