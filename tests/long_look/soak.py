"""R12: the load of a day, in pieces: pages and calls at a steady rate, and what memory and handles do meanwhile."""

from __future__ import annotations

import os
import random
import threading
import time
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path

from bench.sites import Client
from tests.long_look.figures import Figure, Outcome, Run
from tests.long_look.sites import find_processes, new_client, open_browser, serving
from tests.torture.killing import Portal

#: Requests a second, by so many users.
RATE, USERS = 20, 4
#: Seconds after which memory is to stay: what is kept of visits and statements has bounds, which are reached late.
#: A piece of less than twice as long tells its growth from its first quarter on, and nothing is concluded from it.
WARM = 1800
#: A visit is left after so many seconds, as customers do.
STAY = 300
HOURS = 24
PAGES = ("/", "/invoices", "/details", "/invoices?status=paid")


@dataclass
class Seen:
    """What one user has seen: seconds of each answer, and what was no good answer."""

    times: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Size:
    """Memory in MiB, where what several share counts once, and open handles of all processes of the server."""

    memory: float
    handles: int

    @classmethod
    def of(cls, portal: Portal) -> Size:
        memory = handles = 0
        for id in find_processes(portal):
            try:
                told = Path(f"/proc/{id}/smaps_rollup").read_text()
                handles += len(os.listdir(f"/proc/{id}/fd"))
            except OSError:
                continue
            memory += next(int(line.split()[1]) for line in told.splitlines() if line.startswith("Pss:"))
        return cls(memory / 1024, handles)


def measure(run: Run) -> Outcome:
    """Customers and programs for as long as was asked."""
    ended = threading.Event()
    with serving(run) as portal:
        seen = [Seen() for _ in range(USERS)]
        threads = [threading.Thread(target=_use, args=(portal, each, ended), daemon=True) for each in seen]
        for thread in threads:
            thread.start()
        sizes: list[Size] = []
        while run.goes_on(run.seconds / 3600, HOURS):
            time.sleep(5)
            sizes.append(Size.of(portal))
        ended.set()
        for thread in threads:
            thread.join()
        lived = "portal web" in find_processes(portal).values()
    return _describe(seen, sizes, run, lived)


def _describe(seen: list[Seen], sizes: list[Size], run: Run, lived: bool) -> Outcome:
    times = sorted(each for user in seen for each in user.times)
    # a tenth of the samples is as good as one moment is not: what is rendered comes and goes
    share = max(1, len(sizes) // 10)
    is_long = run.seconds >= 2 * WARM
    begins = int(len(sizes) * (WARM / run.seconds if is_long else 0.25))
    warm, last = sizes[begins:][:share], sizes[-share:]
    before, after = (sum(each.memory for each in part) / len(part) for part in (warm, last))
    growth = (after / before - 1) * 100
    more = max(each.handles for each in last) - max(each.handles for each in warm)
    wrong = [each for user in seen for each in user.wrong]
    if not lived:
        wrong.append("the server has ended")
    if is_long and growth > 5:
        wrong.append(f"memory grew by {growth:.1f} %: {before:.0f} to {after:.0f} MiB")
    if more > 20:
        wrong.append(f"{more} more handles")
    did = {
        "hours": round(run.seconds / 3600, 3),
        "requests": len(times),
        "errors": len([each for user in seen for each in user.wrong]),
        "p99 ms": times[int(len(times) * 0.99)] * 1000 if times else 0,
        "memory growth %": round(max(growth, 0), 1),
        "memory MiB": round(after),
    }
    return Outcome(did, tuple(wrong))


def _use(portal: Portal, seen: Seen, ended: threading.Event) -> None:
    """One user in turns: a program that sells, and a customer who looks."""
    dice, program = random.Random(), new_client(portal)
    customer = visit = ""
    browser, left = program, 0.0
    next_at = time.monotonic()
    while not ended.is_set():
        next_at += USERS / RATE
        try:
            if time.monotonic() > left:
                customer = _sell(program, seen)
                visit, browser = open_browser(portal, customer)
                left = time.monotonic() + STAY
            _timed(seen, program, browser, visit, customer, dice)
        except (OSError, HTTPException, RuntimeError) as error:
            seen.wrong.append(str(error)[:200])
        ended.wait(max(0.0, next_at - time.monotonic()))


def _timed(seen: Seen, program: Client, browser: Client, visit: str, customer: str, dice: random.Random) -> None:
    began, lot = time.perf_counter(), dice.random()
    if lot < 0.6:
        browser.get(visit + dice.choice(PAGES))
    elif lot < 0.85:
        program.get(f"/v1/{dice.choice(['invoices', 'customers', 'events'])}?limit=10")
    elif lot < 0.98:
        program.post(f"/v1/customers/{customer}", {"metadata": {"number": str(dice.random())}})
    else:
        _sell(program, seen)
    seen.times.append(time.perf_counter() - began)


def _sell(program: Client, seen: Seen) -> str:
    """A new customer with a bill."""
    customer = str(program.post("/v1/customers", {"name": "Jenny", "email": "jenny@example.com"})["id"])
    bill = program.post("/v1/invoices", {"customer": customer, "currency": "usd"})["id"]
    program.post("/v1/invoiceitems", {"customer": customer, "invoice": bill, "amount": 1200, "currency": "usd"})
    program.post(f"/v1/invoices/{bill}/finalize", {})
    return customer


FIGURES = [
    Figure(
        "R12",
        f"Under a day's load of pages and calls ({RATE} requests a second) nothing fails, memory stays within 5 % once"
        " it is warm, and handles do not grow.",
        {"hours": HOURS},
        measure,
        adds_up=True,
    )
]
