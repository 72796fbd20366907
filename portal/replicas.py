"""Reads by a replica of the database, where it has all that its reader may know of (ADR 0053)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from sqlalchemy import URL, Connection, Table, bindparam, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from portal.engines import build_engine
from portal.models import Journal

#: Seconds for which a replica that did not answer is not asked again.
REST_AFTER_FAILURE = 10.0

_JOURNALS = cast(Table, Journal.__table__)
_LAST = select(_JOURNALS.c.last).where(_JOURNALS.c.tenant_id == bindparam("tenant_id"))


class Replica:
    """A server that follows the primary by some time, and can be away."""

    def __init__(self, url: URL, pool_size: int) -> None:
        self.engine = build_engine(url, pool_size, autocommit=True)
        self._rests_until = 0.0

    @contextmanager
    def connection_at(self, tenant_id: int, sequence: int) -> Iterator[Connection | None]:
        """A connection that sees every change of the tenant up to this sequence; None where there is none now."""
        connection = self._connect(tenant_id, sequence)
        try:
            yield connection
        except DBAPIError:
            self._rest()
            raise
        finally:
            if connection is not None:
                connection.close()

    def _connect(self, tenant_id: int, sequence: int) -> Connection | None:
        if time.monotonic() < self._rests_until:
            return None
        try:
            connection = self.engine.connect()
        except (DBAPIError, PoolTimeout):
            self._rest()
            return None
        try:
            if (connection.scalar(_LAST, {"tenant_id": tenant_id}) or 0) >= sequence:
                return connection
        except DBAPIError:
            self._rest()
        connection.close()
        return None

    def _rest(self) -> None:
        self._rests_until = time.monotonic() + REST_AFTER_FAILURE
