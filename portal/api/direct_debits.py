"""Calls for direct debits and the files by which a bank is asked to collect them (beyond the reference)."""

from typing import Any, Literal

from flask import Blueprint, Response
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from portal import clock
from portal.api import endpoint
from portal.api.resource import Resource
from portal.billing.collection import files, writing
from portal.models import DirectDebit, DirectDebitFile
from portal.web.responses import file_response
from portal.web.services import services
from portal.wire.commands import ExpandableCommand, Id, ListCommand, TimestampFilter
from portal.wire.page import equal_conditions, range_conditions


class ListDebits(ListCommand):
    created: TimestampFilter = None
    customer: Id | None = None
    direct_debit_file: Id | None = None
    invoice: Id | None = None
    status: Literal["canceled", "failed", "processing", "scheduled", "succeeded"] | None = None


def register(blueprint: Blueprint) -> None:
    """Add the calls of both nouns."""
    debit = Resource(blueprint, "direct_debit", "direct_debits")
    debit.retrieve()
    debit.list(ListDebits, _select_debits)

    file = Resource(blueprint, "direct_debit_file", "direct_debit_files")
    file.create(files.CreateFile, _create_file)
    file.retrieve()
    file.list(files.ListFiles, _select_files)
    content = endpoint.AnswerType("direct_debit_file", "file")
    endpoint.add(blueprint, "GET", f"{file.path}/<id>/content", ExpandableCommand, _serve_content, content)


def _create_file(db: Session, sent: files.CreateFile, *, now: int) -> DirectDebitFile:
    return files.create(db, sent, seal=services().seal, now=now)


def _serve_content(db: Session, sent: ExpandableCommand, id: str) -> Response:
    """The file for the bank; that it was fetched is noted, so that the worker doesn't put it into the folder too."""
    row = files.fetch(db, services().database, id, now=clock.now())
    return file_response(writing.read_content(row, services().seal), "application/xml", writing.file_name(row))


def _select_debits(sent: ListDebits) -> Select[Any]:
    filters = equal_conditions(
        sent,
        customer=DirectDebit.customer_id,
        direct_debit_file=DirectDebit.file_id,
        invoice=DirectDebit.invoice_id,
        status=DirectDebit.status,
    )
    return select(DirectDebit).where(*range_conditions(DirectDebit.created, sent.created), *filters)


def _select_files(sent: files.ListFiles) -> Select[Any]:
    return select(DirectDebitFile).where(*range_conditions(DirectDebitFile.created, sent.created))
