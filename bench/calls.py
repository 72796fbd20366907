"""Calls of the API: lists and searches under load, and writes one after the other."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any
from urllib.parse import urlencode

from bench.figures import ENGINES, Figure, Measurement, Side, Take
from bench.load import wrk
from bench.servers import serving_hello
from bench.sites import Client
from bench.stores import MIDDLE, SMALL, Store, fill

#: Writes of each kind whose median is taken.
WRITES = 100


@contextmanager
def _list(side: Side) -> Iterator[Take]:
    """A list of a hundred invoices with their lines, against hello."""
    store = side.store("sqlite", MIDDLE)
    with serving_hello() as hello, store.site.serving() as server:

        def take() -> tuple[float, float]:
            rate = wrk(f"{server.url}/v1/invoices?limit=100", headers=_headers(store)).per_second
            return rate, rate / wrk(hello.url).per_second

        yield take


@contextmanager
def _slowest(side: Side, engine: str, paths: Callable[[Store], list[str]], connections: int) -> Iterator[Take]:
    """The 99th percentile in milliseconds, with a worker for each core as the server is deployed."""
    store = side.store(engine, MIDDLE)
    with store.site.serving(workers=2) as server:
        asked = partial(wrk, server.url, headers=_headers(store), connections=connections, paths=paths(store))
        yield lambda: (asked().p99,)


def _of_customers(store: Store) -> list[str]:
    return [f"/v1/invoices?customer={id}&limit=10" for id in store.customers[:2000]]


def _by_numbers(store: Store) -> list[str]:
    return [_search(f"number:'bench-{index:07d}'") for index in range(0, MIDDLE, 97)]


def _by_no_number(store: Store) -> list[str]:
    return [_search("number~'nowhere'")]


def _search(query: str) -> str:
    return "/v1/invoices/search?" + urlencode({"query": query})


@contextmanager
def _writes(side: Side, engine: str) -> Iterator[Take]:
    """Medians in milliseconds of the writes that a merchant's program makes most. No worker makes PDFs beside them."""
    store = fill(side.site(engine), SMALL)
    with store.site.answering() as server:
        client = Client.of_merchant(server, store.merchant)
        yield lambda: _medians(client)


def _medians(client: Client) -> tuple[float, ...]:
    times: list[list[float]] = [[], [], [], []]
    for number in range(WRITES):
        customer = _timed(times[0], client, "customers", {"name": f"Customer {number}"})["id"]
        session = {"customer": customer, "return_url": "https://example.com"}
        _timed(times[1], client, "billing_portal/sessions", session)
        draft = client.post("/v1/invoices", {"customer": customer, "collection_method": "send_invoice"})["id"]
        item = {"customer": customer, "invoice": draft, "currency": "eur"}
        for at in range(8):
            client.post("/v1/invoiceitems", {**item, "amount": 1000 + at, "description": f"Consulting {at}"})
        _timed(times[2], client, f"invoices/{draft}/finalize", {})
        _timed(times[3], client, f"invoices/{draft}/pay", {"paid_out_of_band": True})
    return tuple(statistics.median(each) for each in times)


def _timed(times: list[float], client: Client, call: str, form: dict[str, Any]) -> Any:
    start = time.perf_counter()
    answer = client.post(f"/v1/{call}", form)
    times.append((time.perf_counter() - start) * 1000)
    return answer


def _headers(store: Store) -> dict[str, str]:
    return {"Authorization": f"Bearer {store.merchant.key}"}


def _written(engine: str) -> tuple[Figure, ...]:
    names = {"create customer": 5.0, "create session": 5.0, "finalize invoice of 8 lines": None, "record payment": None}
    return tuple(Figure(f"{name}, p50, {engine}", "ms", goal=goal) for name, goal in names.items())


LIST = "GET /v1/invoices?limit=100 with lines"
MEASUREMENTS = [
    Measurement((Figure(LIST, "/s", more=True), Figure(f"{LIST} ÷ hello", more=True, goal=0.05)), _list),
    *(
        Measurement(
            (Figure(f"GET /v1/invoices?customer=…&limit=10, p99, {MIDDLE:,} invoices, {engine}", "ms", goal=11),),
            partial(_slowest, engine=engine, paths=_of_customers, connections=4),
        )
        for engine in ENGINES
    ),
    Measurement(
        (Figure(f"search of an invoice by its number, p99, {MIDDLE:,} invoices", "ms", goal=15),),
        partial(_slowest, engine="sqlite", paths=_by_numbers, connections=4),
    ),
    Measurement(
        (Figure("search that finds no part of any number, p99, same", "ms", goal=250),),
        partial(_slowest, engine="sqlite", paths=_by_no_number, connections=1),
    ),
    *(Measurement(_written(engine), partial(_writes, engine=engine)) for engine in ENGINES),
]
