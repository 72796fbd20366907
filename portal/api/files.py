"""Files and the links to them; an upload is the only call with a multipart body."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response
from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from portal import clock
from portal.api import endpoint
from portal.api.endpoint import Answers
from portal.api.resource import Resource, answer
from portal.billing.accounts import files
from portal.db import find
from portal.models import File, FileLink
from portal.web import as_file
from portal.wire.commands import Expanding
from portal.wire.page import between, equal_conditions


def register(blueprint: Blueprint) -> None:
    """Add the calls of both nouns."""
    file = Resource(blueprint, "file", "files")
    endpoint.add(blueprint, "POST", file.path, files.CreateFile, _create, file.answers, uploads=True)
    file.retrieve()
    file.list(files.ListFiles, _files)
    contents = Answers("file", "file")
    endpoint.add(blueprint, "GET", f"{file.path}/<id>/contents", Expanding, _contents, contents)

    link = Resource(blueprint, "file_link", "file_links")
    link.create(files.CreateFileLink, files.create_link)
    link.retrieve()
    link.change(files.UpdateFileLink, files.update_link)
    link.list(files.ListFileLinks, _links)


def _create(db: Session, params: files.CreateFile) -> dict[str, Any]:
    return answer(db, "file", files.create(db, params, now=clock.now()), params)


def _contents(db: Session, params: Expanding, id: str) -> Response:
    row = find(db, File, id, noun="file")
    return as_file(files.content(db, row), files.MEDIA_TYPES[row.type], row.filename or id)


def _files(params: files.ListFiles) -> Select[Any]:
    statement = select(File).where(*between(File.created, params.created))
    return statement if params.purpose is None else statement.where(File.purpose == params.purpose)


def _links(params: files.ListFileLinks) -> Select[Any]:
    statement = select(FileLink).where(*between(FileLink.created, params.created))
    statement = statement.where(*equal_conditions(params, file=FileLink.file_id))
    if params.expired is None:
        return statement
    now = clock.now()
    lasts = or_(FileLink.expires_at.is_(None), FileLink.expires_at > now)
    return statement.where(FileLink.expires_at <= now if params.expired else lasts)
