"""Takes the due steps of customers: renewals, ends of trials, drafts to finalize and the like.

Several customers share a transaction, as most of its cost is the commit. A step that fails keeps back no other.
"""

import logging
import random
import time
from collections.abc import Iterator
from itertools import groupby

from portal.assembly import Services
from portal.billing.lifecycle import failed_steps, steps
from portal.billing.lifecycle.steps import DueCustomer
from portal.db import Scope
from portal.errors import Conflict, Unavailable

log = logging.getLogger("portal")

#: Customers of whom one transaction takes a step each, at first and at most. It takes as many as can be done in so many
#: seconds, going by the one before, as others may wait for what it holds.
FIRST_BATCH, LARGEST_BATCH, BATCH_SECONDS = 8, 48, 0.1


def take_due_steps(services: Services, now: int) -> int:
    """Take one step for each customer that has one due. Returns how many steps were taken."""
    with services.database.reading() as db:
        found = steps.list_due(db, until=now)
    # workers that look at the same moment begin with different customers
    random.shuffle(found)
    return sum(_step_customers(services, scope, list(own), now) for scope, own in _group_by_scope(found))


def _group_by_scope(found: list[DueCustomer]) -> Iterator[tuple[Scope, Iterator[DueCustomer]]]:
    return groupby(sorted(found, key=lambda each: each.scope.tenant_id), key=lambda each: each.scope)


def _step_customers(services: Services, scope: Scope, waiting: list[DueCustomer], now: int) -> int:
    taken, size = 0, FIRST_BATCH
    while waiting:
        batch, waiting = waiting[:size], waiting[size:]
        began = time.monotonic()
        taken += _step_batch(services, scope, batch, now)
        size = max(1, min(LARGEST_BATCH, int(len(batch) * BATCH_SECONDS / (time.monotonic() - began))))
    return taken


def _step_batch(services: Services, scope: Scope, batch: list[DueCustomer], now: int) -> int:
    """Steps of several customers in one transaction. If one fails, each step gets a transaction of its own."""
    try:
        with services.database.writing(scope) as db:
            locked = steps.lock_steps(db, [each.customer_id for each in batch], until=now)
            for each in locked:
                steps.take_locked_step(db, each, until=now)
    except Exception:
        log.info("steps of %d customers are taken one by one, as one of them failed", len(batch), exc_info=True)
        return sum(_step_customer(services, each, now) for each in batch)
    return len(locked)


def _step_customer(services: Services, due: DueCustomer, now: int) -> bool:
    """One step in a transaction of its own. A step that fails is postponed, and the others go on."""
    try:
        with services.database.writing(due.scope) as db:
            return steps.take_step(db, due.customer_id, until=now)
    except (Conflict, Unavailable):
        return False
    except Exception as error:
        log.exception("a step of %s failed", due.customer_id)
        failure = f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
    with services.database.writing(due.scope) as db:
        steps.postpone_step(db, due.customer_id, failure, until=now)
    return False


def resolve_failures(services: Services, now: int) -> int:
    """Resolve noted failures whose step has been taken meanwhile, or is no longer due. Returns how many."""
    with services.database.reading() as db:
        scopes = failed_steps.scopes_with_unresolved(db)
    count = 0
    for scope in scopes:
        with services.database.writing(scope) as db:
            count += failed_steps.resolve_done(db, now=now)
    return count
