"""Serves Prometheus metrics on their own address: counters of all processes, and the age of due work."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from portal import clock
from portal.errors import PortalError
from portal.settings import Settings

#: Named by the library: where the processes of one server put what they count.
_FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"


def share_between_processes(settings: Settings) -> None:
    """Let all processes of a server count together. Call it before any module that counts is imported."""
    if settings.metrics_bind is not None:
        os.environ[_FOLDER_VARIABLE] = str(_empty_folder(settings.instance / "metrics"))


def start_server(settings: Settings) -> None:
    """Serve `/metrics` if the settings name an address: for this process, or for all that share their counters."""
    if settings.metrics_bind is None:
        return
    # looks at once whether processes share
    from prometheus_client import REGISTRY, CollectorRegistry, start_http_server
    from prometheus_client.multiprocess import MultiProcessCollector

    registry = REGISTRY
    if _FOLDER_VARIABLE in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    registry.register(_QueueCollector(settings.database_url))  # type: ignore[arg-type]
    host, _, port = settings.metrics_bind.rpartition(":")
    start_http_server(int(port), host.strip("[]"), registry)


def _empty_folder(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True)
    return folder


class _QueueCollector:
    """Reads the queues from the database whenever metrics are requested."""

    def __init__(self, database_url: str) -> None:
        from portal.db import Database

        self._database = Database(database_url, pool_size=1)

    def describe(self) -> list[object]:
        return []

    def collect(self) -> Iterator[object]:
        from prometheus_client.core import GaugeMetricFamily
        from sqlalchemy.exc import SQLAlchemyError

        from portal.outbox import state

        up = GaugeMetricFamily("portal_database_up", "Whether the database answers.")
        length = GaugeMetricFamily("portal_queue_length", "What is due and waits.", labels=["queue"])
        age = GaugeMetricFamily("portal_queue_age_seconds", "For how long the first has been due.", labels=["queue"])
        failed = GaugeMetricFamily("portal_failed_steps", "Due steps of customers that failed and are not done yet.")
        worker = GaugeMetricFamily("portal_worker_seen_seconds", "Seconds since a worker was last seen.")
        try:
            now = clock.now()
            with self._database.reading() as db:
                seen, queues = state.seconds_since_worker_seen(db, now), state.waiting_queues(db, now)
                failed.add_metric([], state.count_failed_steps(db))
        except (PortalError, SQLAlchemyError):
            up.add_metric([], 0)
            yield up
            return
        finally:
            # processes are forked from this one, and must not share its connections
            self._database.dispose()
        up.add_metric([], 1)
        if seen is not None:
            worker.add_metric([], seen)
        for each in queues:
            length.add_metric([each.queue], each.length)
            age.add_metric([each.queue], each.age)
        yield from (up, worker, failed, length, age)
