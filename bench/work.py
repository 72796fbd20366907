"""What a worker and an import do in a second."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from subprocess import Popen
from typing import Any

from bench.figures import ENGINES, Figure, Measurement, Side, Take
from bench.servers import wait_until
from bench.sites import Client, Merchant, Site
from bench.stores import DAY, MIDDLE, analyze, customer_row, insert, new_id
from tests.outbox.receiving import Receiver, receiving

#: Subscriptions that are due, events that are sent, and how many of them before the clock starts.
DUE, SENT, WARM = 3_000, 2_000, 200
PATIENCE = 600.0


@contextmanager
def _renewals(side: Side, engine: str) -> Iterator[Take]:
    """One worker takes on subscriptions whose period has ended, of a new merchant each time."""
    site = side.site(engine)
    yield lambda: (_renewed_per_second(site),)


def _renewed_per_second(site: Site) -> float:
    merchant = _fill_due(site)
    own = f"SELECT count(*) FROM subscriptions WHERE tenant_id = {merchant.tenant}"  # noqa: S608
    done = f"{own} AND next_step_at > {time.time():.0f}"
    with site.working():
        return _rate(lambda: int(site.scalar(done)), DUE)


def _rate(count: Any, until: int) -> float:
    """How many are done in a second, once the first are."""
    wait_until(lambda: count() >= WARM, PATIENCE)
    start, begun = time.monotonic(), count()
    wait_until(lambda: count() >= until, PATIENCE, step=0.02)
    return float((until - begun) / (time.monotonic() - start))


def _fill_due(site: Site) -> Merchant:
    """A merchant whose subscriptions have all reached the end of their period."""
    merchant, now = site.add_merchant(), int(time.time())
    with site.answering() as server:
        price = Client.of_merchant(server, merchant).post("/v1/prices", _GOLD)["id"]
    own = [(new_id("sub"), new_id("cus")) for _ in range(DUE)]
    insert(site, "customers", (customer_row(merchant, id, n, now) for n, (_, id) in enumerate(own)))
    insert(site, "subscriptions", subscription_rows(merchant, own, now))
    insert(site, "subscription_items", item_rows(merchant, [id for id, _ in own], price, now))
    analyze(site)
    return merchant


_GOLD = {
    "currency": "eur",
    "unit_amount": 1900,
    "recurring": {"interval": "month"},
    "product_data": {"name": "Gold plan"},
}


def subscription_rows(merchant: Merchant, own: list[tuple[str, str]], now: int) -> Iterator[dict[str, Any]]:
    """Subscriptions that are due, by their ids and those of their customers."""
    start = now - 31 * DAY
    for index, (id, owner) in enumerate(own):
        end = now - 60 - index % 1800
        yield {
            "tenant_id": merchant.tenant,
            "id": id,
            "created": start,
            "customer_id": owner,
            "status": "active",
            "currency": "eur",
            "collection_method": "charge_automatically",
            "start_date": start,
            "billing_cycle_anchor": end,
            "current_period_start": start,
            "current_period_end": end,
            "cancel_at_period_end": False,
            "cancellation_details": {},
            "default_tax_rates": [],
            "discounts": [],
            "metadata": {},
            "next_step_at": end,
            "revision": 1,
        }


def item_rows(merchant: Merchant, subscriptions: list[str], price: str, now: int) -> Iterator[dict[str, Any]]:
    """An item of each subscription."""
    for id in subscriptions:
        yield {
            "tenant_id": merchant.tenant,
            "id": new_id("si"),
            "created": now,
            "subscription_id": id,
            "price_id": price,
            "quantity": 1,
            "tax_rates": [],
            "discounts": [],
            "metadata": {},
        }


@contextmanager
def _sent(side: Side, engine: str) -> Iterator[Take]:
    """One worker sends the same events again and again to a receiver that answers at once."""
    site = side.site(engine)
    merchant, since = site.add_merchant(), time.strftime("%Y-%m-%d", time.gmtime())
    with receiving() as receiver:
        with site.answering() as server:
            client = Client.of_merchant(server, merchant)
            for number in range(SENT):
                client.post("/v1/customers", {"name": f"Customer {number}"})
            endpoint = _listen(client, receiver)
        resend = ("events", "resend", "--account", merchant.account, "--endpoint", endpoint, "--since", since)

        def take() -> tuple[float]:
            site.run(*resend)
            receiver.requests.clear()
            with site.working():
                return (_rate(lambda: len(receiver.requests), SENT),)

        yield take


def _listen(client: Client, receiver: Receiver) -> str:
    """The id of a new endpoint that wants to hear of customers."""
    form = {"url": receiver.url, "enabled_events": ["customer.created"]}
    return str(client.post("/v1/webhook_endpoints", form)["id"])


@contextmanager
def _first_try(side: Side, engine: str) -> Iterator[Take]:
    """The longest seconds from a call to the first try of its event, when the worker had nothing to do."""
    site = side.site(engine)
    merchant = site.add_merchant()
    with receiving() as receiver, site.answering() as server, site.working():
        client = Client.of_merchant(server, merchant)
        _listen(client, receiver)
        yield lambda: (max(_seconds_to_try(client, receiver) for _ in range(20)),)


def _seconds_to_try(client: Client, receiver: Receiver) -> float:
    receiver.requests.clear()
    client.post("/v1/customers", {"name": "Jenny Rosen"})
    begun = time.time()
    wait_until(lambda: bool(receiver.requests), PATIENCE, step=0.002)
    time.sleep(0.05)
    return receiver.requests[0].at - begun


@contextmanager
def _import(side: Side, engine: str) -> Iterator[Take]:
    """`portal import` of the export of a large store, for a new merchant of a new portal each time."""
    store = side.store("sqlite", MIDDLE)
    file = side.folder / "export.jsonl"
    if not file.exists():
        store.site.run("export", "--account", store.merchant.account, "--output", str(file))
    yield lambda: _imported(side.site(engine), file)


def _imported(site: Site, file: Path) -> tuple[float, float]:
    merchant = site.add_merchant()
    start = time.monotonic()
    peak = _peak_memory(site.start("import", str(file), "--account", merchant.account))
    taken = time.monotonic() - start
    count = site.scalar(f"SELECT count(*) FROM invoices WHERE tenant_id = {merchant.tenant}")  # noqa: S608
    assert count == MIDDLE, count
    return taken, peak


def _peak_memory(process: Popen[bytes]) -> float:
    """The most MiB that a process has held when it ends."""
    peak = 0
    while process.poll() is None:
        with suppress(OSError, IndexError):
            peak = int(re.findall(r"VmHWM:\s+(\d+)", Path(f"/proc/{process.pid}/status").read_text())[0])
        time.sleep(0.05)
    if process.returncode:
        raise RuntimeError(f"the import ended with {process.returncode}")
    return peak / 1024


def _measurements(engine: str) -> Iterator[Measurement]:
    renewed = Figure(f"renewals per second by one worker, {engine}", "/s", more=True, goal=100)
    yield Measurement((renewed,), partial(_renewals, engine=engine))
    sent = Figure(f"events sent per second by one worker, {engine}", "/s", more=True, goal=200)
    yield Measurement((sent,), partial(_sent, engine=engine))
    first = Figure(f"call to first webhook try, worker idle, slowest of 20, {engine}", "s", goal=1)
    yield Measurement((first,), partial(_first_try, engine=engine))
    seconds = Figure(f"import of {MIDDLE:,} invoices, {engine}", "s", goal=60)
    memory = Figure(f"memory of that import, {engine}", "MiB", goal=300)
    yield Measurement((seconds, memory), partial(_import, engine=engine), rounds=2)


MEASUREMENTS = [each for engine in ENGINES for each in _measurements(engine)]
