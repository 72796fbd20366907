"""The wire form of files and file links."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from portal.models import File, FileLink
from portal.objects.kinds import ObjectType, group_by, plain_rows, register, render
from portal.objects.types import files as schemas
from portal.wire.shape import Context, Ref, Row, Shape, render_list

#: Links that stand with a file; a list of its own has them all.
SUBLIST_LIMIT = 10


def _is_expired(row: Row, context: Context) -> bool:
    return row.expires_at is not None and bool(row.expires_at <= context.now)


def _link_url(row: Row, context: Context) -> str | None:
    return None if _is_expired(row, context) else context.links.document("file_link", row.tenant_id, row.id)


FILE_LINK = register(
    ObjectType(
        Shape(
            "file_link",
            same=("created", "expires_at"),
            fields={
                "expired": _is_expired,
                "file": Ref("file_id", "file"),
                "metadata": "metadata_",
                "url": _link_url,
            },
        ),
        FileLink,
        "file link",
        schemas=schemas.FILE_LINK,
        portable=False,
    )
)


def _preload_links(db: Session, rows: Sequence[Row], context: Context) -> Mapping[str, Any]:
    found = group_by(plain_rows(db, FileLink, [row.id for row in rows], column="file_id"), "file_id")
    return {id: render(db, "file_link", links[::-1][: SUBLIST_LIMIT + 1], context.links) for id, links in found.items()}


def _render_link_list(row: Row, context: Context) -> dict[str, Any]:
    links = context.preloaded["links"].get(row.id, [])
    return render_list(links[:SUBLIST_LIMIT], f"/v1/file_links?file={row.id}", has_more=len(links) > SUBLIST_LIMIT)


FILE = register(
    ObjectType(
        Shape(
            "file",
            same=("created", "expires_at", "filename", "purpose", "size", "title", "type"),
            fields={
                "links": _render_link_list,
                "url": lambda row, context: context.links.file(row.id),
            },
        ),
        File,
        "file",
        schemas=schemas.FILE,
        portable=False,
        preload={"links": _preload_links},
    )
)
