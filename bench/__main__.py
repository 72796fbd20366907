"""`make bench`: measures the portal against its goals, each a ratio inside one run, and prints the table."""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

from bench import documents, renewals, torture, transfer, webhooks
from bench.data import Store, filled
from bench.figures import ROUNDS, Figure, interleaved_ratio
from bench.load import cpu_per_request, post_median, wrk
from bench.servers import Server, running
from portal import clock
from portal.billing.customer_portal import new_sessions, openings
from portal.billing.customer_portal.params import CreateSession
from portal.db import Database
from portal.hosted.visit_cookies import cookie_name
from portal.settings import Settings, from_environment
from tests import postgresql

SECRET = "bench-" * 8
DUE = 10_000
SENT = 2_000
SMALL, MIDDLE, LARGE = 1_000, 100_000, 1_000_000


def main(only: str = "") -> None:
    """Print each figure as soon as it is known; `documents` for those of rendering alone."""
    if only == "documents":
        for figure in _documents():
            print(figure, flush=True)
        return
    with tempfile.TemporaryDirectory(prefix="portal-bench-") as folder, _databases(Path(folder)) as open_database:
        for figure in _figures(Path(folder), open_database):
            print(figure, flush=True)


OpenDatabase = Callable[[str, int], Database]


@contextmanager
def _databases(folder: Path) -> Iterator[OpenDatabase]:
    """Opens fresh databases by engine and size; a temporary PostgreSQL cluster lives as long."""
    cluster = postgresql.Cluster(durable=True)
    opened = []

    def open_database(engine: str, size: int) -> Database:
        url = f"sqlite:///{folder}/{size}.db"
        if engine == "postgresql":
            url = postgresql.new_database(cluster.url, f"bench_{size}")
        opened.append(Database(url))
        return opened[-1]

    try:
        yield open_database
    finally:
        for each in opened:
            each.dispose()
        cluster.stop()


def _figures(folder: Path, open_database: OpenDatabase) -> Iterator[Figure]:
    with running("bench.hello:app") as hello:
        for engine, goal in (("sqlite", 0.20), ("postgresql", 0.12)):
            stores = {size: filled(open_database(engine, size), size) for size in (SMALL, LARGE)}
            with _portal(folder, stores[SMALL]) as small, _portal(folder, stores[LARGE]) as large:
                ratio = _page_ratio(hello, large, stores[LARGE])
                yield Figure(f"invoice history page ÷ hello, {engine}", ratio, goal, at_least=True)
                growth = _growth(small, large, stores)
                yield Figure(f"CPU of that page, 1,000,000 ÷ 1,000 invoices, {engine}", growth, 1.1, at_least=False)
        store = filled(open_database("sqlite", MIDDLE), MIDDLE)
        with _portal(folder, store) as portal:
            yield from _api(hello, portal, store)
            yield from documents.figures(hello, portal, store, folder, SECRET)
        with _portal(folder, store, workers=2) as portal:
            yield from _as_deployed(portal, store)
        for engine in ("sqlite", "postgresql"):
            taken = transfer.imported(store, open_database(engine, MIDDLE + 1), folder)
            yield Figure(f"import of 100,000 invoices, {engine}", taken.seconds, 60, at_least=False, unit="s")
            yield Figure(f"memory of that import, {engine}", taken.peak, 300, at_least=False, unit="MiB")
            rate = renewals.per_second(open_database(engine, MIDDLE + 2), _settings(folder), DUE)
            yield Figure(f"renewals of 10,000 due subscriptions, {engine}", rate, 100, at_least=True, unit="/s")
            yield from _webhooks(folder, engine, open_database(engine, MIDDLE + 3))
    yield from _documents()


def _documents() -> Iterator[Figure]:
    yield documents.first_pdf()
    yield from documents.standards()
    yield from documents.in_processes()


def _webhooks(folder: Path, engine: str, database: Database) -> Iterator[Figure]:
    url = database.url.render_as_string(hide_password=False)
    environment = {"PORTAL_INSTANCE": str(folder), "PORTAL_SECRET_KEY": SECRET, "PORTAL_DATABASE_URL": url}
    delay = webhooks.delay(torture.site(environment))
    yield Figure(f"commit to first webhook try, worker idle, slowest, {engine}", delay, 1, at_least=False, unit="s")
    rate = webhooks.per_second(torture.site(environment), SENT)
    yield Figure(f"events sent per second by one worker, {engine}", rate, 200, at_least=True, unit="/s")


def _settings(folder: Path) -> Settings:
    return from_environment({"PORTAL_INSTANCE": str(folder), "PORTAL_SECRET_KEY": SECRET})


def _api(hello: Server, portal: Server, store: Store) -> Iterator[Figure]:
    headers = {"Authorization": f"Bearer {store.key}"}
    every = f"{portal.url}/v1/invoices?limit=100"
    ratio = interleaved_ratio(lambda: wrk(every, headers=headers).per_second, lambda: wrk(hello.url).per_second)
    yield Figure("GET /v1/invoices?limit=100 with lines ÷ hello", ratio, 0.05, at_least=True)


def _as_deployed(portal: Server, store: Store) -> Iterator[Figure]:
    """With a worker per core, as `portal serve` starts them."""
    headers = {"Authorization": f"Bearer {store.key}"}
    paths = [f"/v1/invoices?customer={id}&limit=10" for id in store.customers[:2000]]
    p99 = statistics.median(wrk(portal.url, headers=headers, connections=4, paths=paths).p99 for _ in range(ROUNDS))
    yield Figure("GET /v1/invoices?customer=…&limit=10, p99, 100,000 invoices", p99, 11, at_least=False, unit="ms")
    numbers = [_search(f"number:'bench-{index:07d}'") for index in range(0, MIDDLE, 97)]
    p99 = statistics.median(wrk(portal.url, headers=headers, connections=4, paths=numbers).p99 for _ in range(ROUNDS))
    yield Figure("search of an invoice by its number, p99, 100,000 invoices", p99, 15, at_least=False, unit="ms")
    scan = [_search("number~'nowhere'")]
    p99 = statistics.median(wrk(portal.url, headers=headers, connections=1, paths=scan).p99 for _ in range(ROUNDS))
    yield Figure("search that finds no part of any number, p99, same", p99, 250, at_least=False, unit="ms")
    customer = post_median(f"{portal.url}/v1/customers", store.key, lambda index: {"name": f"Customer {index}"})
    yield Figure("create customer, p50", customer, 5, at_least=False, unit="ms")
    form = {"customer": store.hot, "return_url": "https://example.com"}
    session = post_median(f"{portal.url}/v1/billing_portal/sessions", store.key, lambda index: form)
    yield Figure("create session, p50", session, 5, at_least=False, unit="ms")


def _search(query: str) -> str:
    return "/v1/invoices/search?" + urlencode({"query": query})


def _page_ratio(hello: Server, portal: Server, store: Store) -> float:
    url, headers = _visit(portal, store)
    return interleaved_ratio(lambda: wrk(url, headers=headers).per_second, lambda: wrk(hello.url).per_second)


def _growth(small: Server, large: Server, stores: dict[int, Store]) -> float:
    asked = {size: _visit(server, stores[size]) for size, server in ((SMALL, small), (LARGE, large))}
    return interleaved_ratio(
        lambda: cpu_per_request(large, *asked[LARGE]), lambda: cpu_per_request(small, *asked[SMALL])
    )


def _visit(portal: Server, store: Store) -> tuple[str, dict[str, str]]:
    """The invoice history of the customer with the most invoices, and the cookie of a session for it."""
    now = clock.now()
    with store.database.writing(store.scope) as db:
        new = new_sessions.create(db, CreateSession(customer=store.hot), now=now)
    with store.database.writing() as db:
        exchanged = openings.exchange(db, new.link_secret, now=now)
    assert exchanged
    cookie = f"{cookie_name(exchanged.session_id)}={exchanged.session_id}.{exchanged.cookie_secret}"
    return f"{portal.url}/p/{exchanged.session_id}/invoices", {"Cookie": cookie}


@contextmanager
def _portal(folder: Path, store: Store, *, workers: int = 1) -> Iterator[Server]:
    environment = {
        "PORTAL_INSTANCE": str(folder),
        "PORTAL_DATABASE_URL": store.database.url.render_as_string(hide_password=False),
        "PORTAL_SECRET_KEY": SECRET,
        "PORTAL_LOG_FORMAT": "json",
    }
    with running("wsgi:app", environment, workers=workers) as server:
        yield server


if __name__ == "__main__":
    os.environ.setdefault("PORTAL_SECRET_KEY", SECRET)
    sys.exit(main(*sys.argv[1:]))
