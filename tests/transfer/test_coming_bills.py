"""Subscriptions that come in by a file are told of before they renew, and not twice when it is read again."""

from __future__ import annotations

from collections.abc import Callable

from portal import clock
from portal.db import Database, Scope
from portal.transfer.reports import ImportReport
from tests.clients import Api
from tests.factories import Factories
from tests.passing import pass_time
from tests.transfer.test_round_trip import exported

WEEK = 7 * clock.DAY


def test_what_a_file_brings_is_told_of_once(
    database: Database, scope: Scope, imported: Callable[..., ImportReport], api: Api, make: Factories
) -> None:
    subscription = make.subscription()
    end = subscription.current_period_end
    imported(scope, *exported(database, scope))
    pass_time(make, end - WEEK - 1)
    assert api.get("events", type="invoice.upcoming")["data"] == []
    with clock.hold_at(end - WEEK):
        pass_time(make, end - WEEK)
        assert len(api.get("events", type="invoice.upcoming")["data"]) == 1
        imported(scope, *exported(database, scope))
        pass_time(make, end - 1)
        assert len(api.get("events", type="invoice.upcoming")["data"]) == 1
