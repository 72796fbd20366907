"""R1: servers and workers are killed while programs write; what was acknowledged must be there, whole and recorded."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path

from sqlalchemy import func, select, text

from portal.models import AuditEntry, Customer, Event, Invoice, InvoiceLine
from tests.live import PATIENCE
from tests.long_look.figures import Figure, Outcome, Run
from tests.long_look.sites import find_processes, start_worker
from tests.torture.killing import CLIENTS, Portal

#: Acknowledged changes of a customer that are made between its making and its bill.
CHANGES = 3


@dataclass
class Told:
    """What one program was told: customers with their last change, bills with their numbers, and calls unanswered."""

    customers: dict[str, int] = field(default_factory=dict)
    bills: dict[str, str] = field(default_factory=dict)
    writes: int = 0
    unanswered: int = 0


class Site:
    """A portal with a worker beside it, where its server has none of its own."""

    def __init__(self, run: Run) -> None:
        variables = run.new_database("killed")
        self.portal = Portal(Path(variables["PORTAL_INSTANCE"]), variables.get("PORTAL_DATABASE_URL"))
        self._beside = run.database == "postgresql"
        self._worker: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start what was killed."""
        self.portal.start()
        self._worker = start_worker(self.portal) if self._beside else None

    def kill_worker(self) -> bool:
        """Kill the worker alone; whether there was one. The server starts its own again, another is started here."""
        embedded = (id for id, name in find_processes(self.portal).items() if name == "portal worker")
        found = self._worker.pid if self._worker else next(embedded, None)
        if found is None:
            return False
        os.kill(found, signal.SIGKILL)
        if self._worker:
            self._worker.wait(PATIENCE)
            self._worker = start_worker(self.portal)
        return True

    def kill_all(self) -> None:
        """Kill all processes of the server and the worker."""
        self.portal.kill()
        if self._worker:
            self._worker.kill()
            self._worker.wait(PATIENCE)
            self._worker = None


def measure(run: Run) -> Outcome:
    """Kill the worker alone and then everything, again and again."""
    site = Site(run)
    programs = [Told() for _ in range(CLIENTS)]
    ended = threading.Event()
    threads = [threading.Thread(target=_write, args=(site.portal, each, ended), daemon=True) for each in programs]
    kills = workers = 0
    site.start()
    for thread in threads:
        thread.start()
    while run.goes_on(kills, 200):
        _await_writes(programs, random.randrange(5, 40))
        workers += site.kill_worker()
        _await_writes(programs, random.randrange(5, 60))
        site.kill_all()
        kills += 1
        site.start()
    ended.set()
    for thread in threads:
        thread.join()
    site.kill_all()
    did = {
        "kills": kills,
        "writes acknowledged": sum(each.writes for each in programs),
        "kills of workers alone": workers,
        "calls unanswered": sum(each.unanswered for each in programs),
    }
    wrong = tuple(find_wrong(site.portal, programs, run))
    site.portal.close()
    return Outcome(did, wrong)


def _await_writes(programs: list[Told], count: int) -> None:
    """Wait until so many more are acknowledged; not for ever, as what was killed may have to be started again first."""
    before, give_up = sum(each.writes for each in programs), time.monotonic() + 15
    while sum(each.writes for each in programs) < before + count and time.monotonic() < give_up:
        time.sleep(random.uniform(0, 0.02))


def _write(portal: Portal, told: Told, ended: threading.Event) -> None:
    while not ended.is_set():
        if not portal.serving.wait(0.5):
            continue
        try:
            sell(portal, told)
        except (OSError, HTTPException, ValueError):
            told.unanswered += 1
            ended.wait(0.05)


def sell(portal: Portal, told: Told) -> None:
    """A customer is made, changed and billed."""
    customer = str(portal.post("customers", name="Jenny", email="jenny@example.com")["id"])
    told.customers[customer] = 0
    told.writes += 1
    for number in range(1, CHANGES + 1):
        portal.post(f"customers/{customer}", **{"metadata[number]": number})
        told.customers[customer] = number
        told.writes += 1
    bill = str(portal.post("invoices", customer=customer, currency="usd")["id"])
    told.writes += 1
    portal.post("invoiceitems", customer=customer, invoice=bill, amount=1200, currency="usd")
    told.writes += 1
    told.bills[bill] = str(portal.post(f"invoices/{bill}/finalize")["number"])
    told.writes += 1


def find_wrong(portal: Portal, programs: list[Told], run: Run) -> list[str]:
    """What is lost, half there, or without its record."""
    portal.settle()
    with portal.services.database.reading(portal.scope) as db:
        customers = list(db.scalars(select(Customer)))
        changes = {row.id: int(row.metadata_.get("number", 0)) for row in customers}
        # the first item settles the currency, which is a change of the customer
        expected = {row.id: changes[row.id] + (row.currency is not None) for row in customers}
        bills = {row.id: row for row in db.scalars(select(Invoice))}
        lines = dict(db.execute(select(InvoiceLine.invoice_id, func.count()).group_by(InvoiceLine.invoice_id)).all())
        told: list[Counter[tuple[str, str]]] = [
            Counter((id, type) for id, type in db.execute(select(model.object_id, kind)))
            for model, kind in ((Event, Event.type), (AuditEntry, AuditEntry.action))
        ]
    wrong = []
    for program in programs:
        wrong += [f"lost customer {id}" for id in program.customers if id not in changes]
        wrong += [f"lost change of {id}" for id, last in program.customers.items() if changes.get(id, last) < last]
        wrong += [
            f"lost bill {id}" for id, number in program.bills.items() if getattr(bills.get(id), "number", "") != number
        ]
    for records in told:
        wrong += [
            f"{id}: {count} changes, but {records[id, 'customer.updated']} records"
            for id, count in expected.items()
            if (records[id, "customer.created"], records[id, "customer.updated"]) != (1, count)
        ]
        wrong += [f"{id} finalized without its record" for id, row in bills.items() if not _is_recorded(row, records)]
    finalized = [row for row in bills.values() if row.status != "draft"]
    wrong += [f"{row.id} is open with {lines.get(row.id, 0)} lines" for row in finalized if lines.get(row.id) != 1]
    numbers = Counter(row.number for row in finalized)
    wrong += [f"number {number} of {count} bills" for number, count in numbers.items() if count > 1]
    return wrong + _find_corruption(portal, run)


def _is_recorded(bill: Invoice, records: Counter[tuple[str, str]]) -> bool:
    expected = 0 if bill.status == "draft" else 1
    return records[bill.id, "invoice.created"] == 1 and records[bill.id, "invoice.finalized"] == expected


def _find_corruption(portal: Portal, run: Run) -> list[str]:
    if run.database != "sqlite":
        return []
    with portal.services.database.reader.connect() as connection:
        said = connection.scalar(text("PRAGMA integrity_check"))
    return [] if said == "ok" else [f"integrity_check: {said}"]


FIGURES = [
    Figure(
        "R1",
        "Whatever kills servers and workers, nothing acknowledged is lost or half there, and no change is without its"
        " event and its audit entry.",
        {"kills": 200, "writes acknowledged": 10_000},
        measure,
        adds_up=True,
        tests=("test_a_killed_server_keeps_what_it_acknowledged",),
    )
]
