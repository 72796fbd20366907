"""Takes the objects of a file by batches; those of a large one are parsed by a process that is ahead of the writing."""

import gc
import multiprocessing
import os
import signal
from collections.abc import Iterable, Iterator
from itertools import count, islice
from multiprocessing.connection import Connection
from typing import Any

import orjson

from portal.transfer.origin import SellerDefaults
from portal.transfer.previews import GivenPreviews
from portal.transfer.records import is_transferable, parse_records
from portal.transfer.spool import ImportEntry, ParsedEntry
from portal.transfer.tables import RefusedObject

#: Objects that share a transaction.
BATCH_SIZE = 500
#: Batches after which garbage is looked for: a look into objects that all are in use costs a third of the time.
BATCHES_PER_COLLECTION = 20


def in_batches(entries: Iterable[ImportEntry]) -> Iterator[list[ImportEntry]]:
    """The entries by batches; garbage is collected now and then, as the collector does not run by itself here."""
    left = iter(entries)
    for number in count(1):
        batch = list(islice(left, BATCH_SIZE))
        if not batch:
            return
        if number % BATCHES_PER_COLLECTION == 0:
            gc.collect()
        yield batch


def is_worthwhile() -> bool:
    """Whether this process may use more than one core."""
    return len(os.sched_getaffinity(0)) > 1


def parse_ahead(entries: Iterator[ImportEntry], origin: SellerDefaults) -> Iterator[ImportEntry]:
    """The same entries in the same order; a `ParsedEntry` stands for an object that could be parsed.

    They come in batches, of which there are three at most: in hand, on the way and being parsed. The process is a fork,
    so that it goes on where this one has stopped to read. Raises what reading raises.
    """
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_parse_all, args=(entries, origin, here, there), daemon=True)
    process.start()
    there.close()
    try:
        while batch := here.recv():
            if isinstance(batch, BaseException):
                raise batch
            yield from batch
    except EOFError as error:
        raise RuntimeError("the process that parses the file has been ended") from error
    finally:
        here.close()
        process.kill()
        process.join()
        process.close()


def _parse_all(entries: Iterator[ImportEntry], origin: SellerDefaults, here: Connection, there: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that writes ends this one
    here.close()
    try:
        for batch in in_batches(entries):
            there.send([(place, _parse(place, object, origin)) for place, object in batch])
        there.send(None)
    except BrokenPipeError:
        pass
    except Exception as error:
        there.send(error)


def _parse(place: str, object: Any, origin: SellerDefaults) -> Any:
    """The object parsed; or itself, where something is to be said about it: that is for the process that writes."""
    type = object.get("object") if isinstance(object, dict) else None
    if not isinstance(type, str) or not (type == "plan" or is_transferable(type)) or GivenPreviews().take(object):
        return object
    try:
        records = parse_records(object, origin)
        entry = ParsedEntry(place, orjson.dumps(object), records)
    except (RefusedObject, orjson.JSONEncodeError):
        return object
    for each in records:
        each.linked_ids  # noqa: B018 - found out here, and kept with the record
    return entry
