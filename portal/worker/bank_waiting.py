"""Tries transfers that wait again, once something has changed for their merchant."""

from weakref import WeakKeyDictionary

from portal.assembly import Services
from portal.billing.bank import retrying
from portal.db import Database

#: How far each merchant's records were when its transfers were last tried by this process.
_TRIED: WeakKeyDictionary[Database, dict[int, int]] = WeakKeyDictionary()


def work(services: Services, now: int) -> int:
    """Match what waits; answers how many transfers were booked."""
    tried = _TRIED.setdefault(services.database, {})
    booked = 0
    for scope, last in retrying.list_waiting(services.database):
        if tried.get(scope.tenant_id) != last:
            booked += retrying.retry_waiting(services.database, services.seal, scope, now=now)
            tried[scope.tenant_id] = last
    return booked
