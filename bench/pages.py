"""Pages and documents that customers open: requests per second, and as a part of what a bare Flask serves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from bench.figures import ENGINES, Figure, Measurement, Side, Take
from bench.load import cpu_per_request, wrk
from bench.servers import serving_hello
from bench.sites import Client, Merchant, open_visit
from bench.stores import LARGE, MIDDLE, SMALL

#: Lines of an invoice whose PDF has about 60 kB.
LINES = 180


@contextmanager
def _page(side: Side, path: str, engine: str) -> Iterator[Take]:
    """A page of the customer with the most invoices, against hello."""
    store = side.store(engine, MIDDLE)
    with serving_hello() as hello, store.site.serving() as server:
        visit, browser = open_visit(server, store.merchant, store.hot)
        browser.get(visit + path)  # a redirect, which wrk takes for an answer, fails here

        def take() -> tuple[float, float]:
            rate = wrk(server.url + visit + path, headers=browser.headers).per_second
            return rate, rate / wrk(hello.url).per_second

        yield take


@contextmanager
def _growth(side: Side, engine: str) -> Iterator[Take]:
    """Processor time of the history page in a large store against a small one."""
    large, small = side.store(engine, LARGE), side.store(engine, SMALL)
    with large.site.serving() as up_large, small.site.serving() as up_small:
        asked = []
        for store, server in ((large, up_large), (small, up_small)):
            visit, browser = open_visit(server, store.merchant, store.hot)
            asked.append((server, f"{server.url}{visit}/invoices", browser.headers))
        yield lambda: (cpu_per_request(*asked[0]) / cpu_per_request(*asked[1]),)


@contextmanager
def _stored_pdf(side: Side, *, by_link: bool) -> Iterator[Take]:
    """A stored PDF, by the session or by its signed link, against the same bytes from memory."""
    store = side.store("sqlite", MIDDLE)
    with store.site.serving() as server:
        invoice = add_invoice(Client.of_merchant(server, store.merchant), store.merchant, lines=LINES)
        visit, browser = open_visit(server, store.merchant, invoice["customer"])
        own = f"{visit}/invoices/{invoice['id']}/pdf"
        path = re.sub(r"^https?://[^/]+", "", invoice["invoice_pdf"]) if by_link else own
        document = browser.get(path)
        assert document.startswith(b"%PDF")
        headers = {} if by_link else browser.headers
        with serving_hello(document) as hello:
            asked = partial(wrk, server.url + path, headers=headers)
            yield lambda: ((rate := asked().per_second), rate / wrk(f"{hello.url}/document").per_second)


def add_invoice(client: Client, merchant: Merchant, *, lines: int) -> dict[str, str]:
    """A finalized invoice of a new customer."""
    customer = client.post("/v1/customers", {"name": "Jenny Rosen", "email": "jenny@example.com"})["id"]
    draft = client.post("/v1/invoices", {"customer": customer, "collection_method": "send_invoice"})["id"]
    for number in range(lines):
        item = {"customer": customer, "invoice": draft, "amount": 1000 + number, "currency": "eur"}
        client.post("/v1/invoiceitems", {**item, "description": f"Consulting {number}"})
    made: dict[str, str] = client.post(f"/v1/invoices/{draft}/finalize", {})
    return made


def _rated(name: str, engine: str, goal: float | None = None) -> tuple[Figure, Figure]:
    rate = Figure(f"{name}, {engine}", "/s", more=True)
    return rate, Figure(f"{name} ÷ hello, {engine}", more=True, goal=goal)


MEASUREMENTS = [
    *(
        Measurement(_rated("invoice history page", engine, goal), partial(_page, path="/invoices", engine=engine))
        for engine, goal in (("sqlite", 0.20), ("postgresql", 0.12))
    ),
    *(Measurement(_rated("home page", engine), partial(_page, path="/", engine=engine)) for engine in ENGINES),
    *(
        Measurement(
            (
                Figure(f"stored PDF {how}", "/s", more=True),
                Figure(f"stored PDF {how} ÷ the same bytes from memory", more=True, goal=goal),
            ),
            partial(_stored_pdf, by_link=how == "by its link"),
        )
        for how, goal in (("behind a session", None), ("by its link", 0.6))
    ),
    *(
        Measurement(
            (Figure(f"growth: CPU of a page of invoices, {LARGE:,} ÷ {SMALL:,}, {engine}", goal=1.1),),
            partial(_growth, engine=engine),
        )
        for engine in ENGINES
    ),
]
