"""Calls for files and file links; uploading a file is the only call with a multipart body."""

from typing import Any

from flask import Blueprint, Response
from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from portal import clock
from portal.api import endpoint
from portal.api.endpoint import AnswerType
from portal.api.resource import Resource, render_answer
from portal.billing.accounts import files
from portal.billing.accounts.pictures import MEDIA_TYPES
from portal.db import find_row
from portal.models import File, FileLink
from portal.web.responses import file_response
from portal.wire.commands import ExpandableCommand
from portal.wire.page import equal_conditions, range_conditions


def register(blueprint: Blueprint) -> None:
    """Add the calls of both nouns."""
    file = Resource(blueprint, "file", "files")
    endpoint.add(blueprint, "POST", file.path, files.CreateFile, _create_file, file.answers, uploads=True)
    file.retrieve()
    file.list(files.ListFiles, _select_files)
    contents = AnswerType("file", "file")
    endpoint.add(blueprint, "GET", f"{file.path}/<id>/contents", ExpandableCommand, _serve_contents, contents)

    link = Resource(blueprint, "file_link", "file_links")
    link.create(files.CreateFileLink, files.create_link)
    link.retrieve()
    link.change(files.UpdateFileLink, files.update_link)
    link.list(files.ListFileLinks, _select_file_links)


def _create_file(db: Session, params: files.CreateFile) -> dict[str, Any]:
    return render_answer(db, "file", files.create(db, params, now=clock.now()), params)


def _serve_contents(db: Session, params: ExpandableCommand, id: str) -> Response:
    row = find_row(db, File, id, noun="file")
    return file_response(files.read_content(db, row), MEDIA_TYPES[row.type], files.download_name(row))


def _select_files(params: files.ListFiles) -> Select[Any]:
    statement = select(File).where(*range_conditions(File.created, params.created))
    return statement if params.purpose is None else statement.where(File.purpose == params.purpose)


def _select_file_links(params: files.ListFileLinks) -> Select[Any]:
    statement = select(FileLink).where(*range_conditions(FileLink.created, params.created))
    statement = statement.where(*equal_conditions(params, file=FileLink.file_id))
    if params.expired is None:
        return statement
    now = clock.now()
    lasts = or_(FileLink.expires_at.is_(None), FileLink.expires_at > now)
    return statement.where(FileLink.expires_at <= now if params.expired else lasts)
