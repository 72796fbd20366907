"""Takes the objects of a file by batches, so that an import of any size needs little memory."""

import gc
from collections.abc import Iterable, Iterator
from itertools import count, islice

from portal.transfer.spool import ImportEntry

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
