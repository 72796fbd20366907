"""Moves test clocks on, step by step."""

import logging

from portal.assembly import Services
from portal.billing.customers import test_clocks
from portal.db import Scope
from portal.errors import Conflict, Unavailable
from portal.origins import Origin

log = logging.getLogger("portal")


def advance_test_clocks(services: Services, now: int) -> int:
    """Take one step for each advancing test clock. Returns how many steps were taken."""
    with services.database.reading() as db:
        found = test_clocks.list_due(db, now=now)
    return sum(_advance_test_clock(services, scope, id, now) for scope, id in found)


def _advance_test_clock(services: Services, scope: Scope, id: str, now: int) -> bool:
    try:
        # a clock that is moved on causes what comes of it
        with services.database.writing(scope, Origin("test_clock", id)) as db:
            return test_clocks.take_step(db, id, now=now)
    except (Conflict, Unavailable):
        return False
    except Exception:
        log.exception("the test clock %s failed", id)
    with services.database.writing(scope) as db:
        test_clocks.mark_failed(db, id)
    return False
