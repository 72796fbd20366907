"""Has payment intents charged: asks the provider outside any transaction, and notes what it has answered.

An intent is claimed, prepared and asked for under an id of its attempt. A worker that dies leaves it to the next, which
asks the same; of two that ask, the provider charges once, and the second answer changes nothing: which of two answers
is the older one nobody knows, so of a payment that has succeeded it is asked once more.
"""

import logging
from dataclasses import replace

from sqlalchemy.orm import Session

from portal.assembly import Services
from portal.billing.accounts import provider_access
from portal.billing.customers import test_clocks
from portal.billing.intents import asking, attempts, results
from portal.billing.ledger import locks
from portal.db import Scope
from portal.models import Customer
from portal.providers.interface import Charge
from portal.providers.registry import PROVIDERS

log = logging.getLogger("portal")

_MOST_AT_ONCE = 20
#: Seconds after which a provider is asked again that could not be reached.
_AFTER_FAILURE = 60


def work(services: Services, now: int) -> int:
    """Ask for what is due; answers how much that was."""
    with services.database.reading() as db:
        if not asking.LEASE.is_due(db, now=now):
            return 0
    with services.database.writing() as db:
        claimed = asking.LEASE.claim(db, now=now, most=_MOST_AT_ONCE)
    for row in claimed:
        _charge(services, Scope.of(row), row.id, row.invoice_id, now)
    return len(claimed)


def _charge(services: Services, scope: Scope, id: str, invoice_id: str, now: int) -> None:
    prepared = _prepare(services, scope, id, invoice_id, now)
    if prepared is None:
        return
    provider, attempt, charge, until = prepared
    try:
        result = PROVIDERS[provider].collect(charge)
    except Exception:
        log.exception("the provider %s could not be asked for %s", provider, charge.id)
        _put_off(services, scope, id, invoice_id, now)
        return
    with services.database.writing(scope) as db:
        billed = locks.invoice_by_id(db, invoice_id)
        intent = attempts.lock(db, id)
        at = _time_of(db, billed.customer, now)
        if intent.status == "succeeded" and intent.claimed_until != until:
            attempts.ask_again(intent, at)  # what was asked since may have been answered sooner, and is newer
            return
        results.apply(db, intent, billed, attempt, result, now=at)


def _prepare(
    services: Services, scope: Scope, id: str, invoice_id: str, now: int
) -> tuple[str, int, Charge, int] | None:
    with services.database.writing(scope) as db:
        billed = locks.invoice_by_id(db, invoice_id)
        intent = attempts.lock(db, id)
        at, until = _time_of(db, billed.customer, now), now + asking.LEASE.seconds
        if intent.ask_at is None or intent.ask_at > at or intent.claimed_until != until:
            return None  # another worker was faster, or it can be claimed again
        charge = asking.prepare(db, intent, billed, now=at)
        if charge is None:
            return None
        intent.claimed_until = until
        access = provider_access.find_access(db, intent.provider, services.seal)
        return intent.provider, intent.attempt, replace(charge, access=access), until


def _put_off(services: Services, scope: Scope, id: str, invoice_id: str, now: int) -> None:
    with services.database.writing(scope) as db:
        billed = locks.invoice_by_id(db, invoice_id)
        intent = attempts.lock(db, id)
        if intent.ask_at is not None:
            attempts.ask_again(intent, _time_of(db, billed.customer, now) + _AFTER_FAILURE)


def _time_of(db: Session, customer: Customer, now: int) -> int:
    return test_clocks.time_for_row(db, customer) if customer.test_clock_id else now
