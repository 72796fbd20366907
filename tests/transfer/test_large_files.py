"""The rest of a large file is parsed by another process: nothing of what an import does or says is another for that."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import func, select

from portal.db import Database, Scope
from portal.models import Customer
from portal.transfer.ahead import parse_ahead
from portal.transfer.importing import BATCH_SIZE, BATCHES_PARSED_HERE
from portal.transfer.origin import SellerDefaults
from portal.transfer.reports import ImportReport
from portal.transfer.spool import ParsedEntry

ORIGIN = SellerDefaults({"name": "Rocket Rides", "country": "DE"}, "en")


def test_every_object_of_a_large_file_is_there(
    database: Database, other: Scope, imported: Callable[..., ImportReport]
) -> None:
    many = BATCHES_PARSED_HERE * BATCH_SIZE + 2
    objects = [customer(number) for number in range(many)]
    report = imported(other, *objects, {"object": "charge", "id": "ch_1"}, {**customer(many), "name": 5})
    with database.reading(other) as db:
        assert db.scalar(select(func.count(Customer.id))) == many == report.written["customer"]
    assert report.skipped == {"charge": 1}
    assert [str(each) for each in report.refused] == [f"line {many + 2}: customer cus_large{many}: name is no text: 5"]


def test_what_can_be_parsed_comes_parsed_and_all_else_as_it_is() -> None:
    preview = {"object": "invoice", "id": "upcoming_in_1", "subscription": "sub_1", "currency": "eur", "total": 5}
    wrong = {**customer(2), "balance": "much"}
    objects = [customer(1), wrong, preview, {"object": "charge"}, 7, None, {**customer(3), "metadata": {"a": 2**70}}]
    came = list(parse_ahead(enumerated(objects), ORIGIN))
    assert [place for place, _ in came] == [place for place, _ in enumerated(objects)]
    parsed = came[0][1]
    assert isinstance(parsed, ParsedEntry)
    assert (parsed.object, [each.row["name"] for each in parsed.records]) == (objects[0], ["Jenny 1"])
    assert [object for _, object in came[1:]] == objects[1:]


def test_what_reading_raises_is_raised_here() -> None:
    def broken() -> Iterator[tuple[str, Any]]:
        yield "line 1", customer(1)
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        list(parse_ahead(broken(), ORIGIN))


def test_an_import_does_not_end_as_if_all_was_read_where_the_process_is_killed() -> None:
    def killed() -> Iterator[tuple[str, Any]]:
        os.kill(os.getpid(), signal.SIGKILL)
        yield "line 1", customer(1)

    with pytest.raises(RuntimeError, match="has been ended"):
        list(parse_ahead(killed(), ORIGIN))


def customer(number: int) -> dict[str, Any]:
    return {"object": "customer", "id": f"cus_large{number}", "created": 1_700_000_000, "name": f"Jenny {number}"}


def enumerated(objects: list[Any]) -> Iterator[tuple[str, Any]]:
    return ((f"line {number}", each) for number, each in enumerate(objects, start=1))
