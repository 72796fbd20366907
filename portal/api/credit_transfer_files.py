"""Calls for the files by which a bank is asked to make refunds (beyond the reference)."""

from typing import Any

from flask import Blueprint, Response
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from portal import clock
from portal.api import endpoint
from portal.api.resource import Resource
from portal.billing.refunds import files
from portal.billing.refunds.params import CreateTransferFile, ListTransferFiles
from portal.models import CreditTransferFile
from portal.web.responses import file_response
from portal.web.services import services
from portal.wire.commands import ExpandableCommand
from portal.wire.page import range_conditions


def register(blueprint: Blueprint) -> None:
    """Add the calls of this noun."""
    file = Resource(blueprint, "credit_transfer_file", "credit_transfer_files")
    file.create(CreateTransferFile, _create_file)
    file.retrieve()
    file.list(ListTransferFiles, _select_files)
    content = endpoint.AnswerType("credit_transfer_file", "file")
    endpoint.add(blueprint, "GET", f"{file.path}/<id>/content", ExpandableCommand, _serve_content, content)


def _create_file(db: Session, sent: CreateTransferFile, *, now: int) -> CreditTransferFile:
    return files.create(db, sent, seal=services().seal, now=now)


def _serve_content(db: Session, sent: ExpandableCommand, id: str) -> Response:
    """The file for the bank; that it was fetched is noted, so that the worker doesn't put it into the folder too."""
    name, content = files.fetch(db, services().database, id, seal=services().seal, now=clock.now())
    return file_response(content, "application/xml", name)


def _select_files(sent: ListTransferFiles) -> Select[Any]:
    return select(CreditTransferFile).where(*range_conditions(CreditTransferFile.created, sent.created))
