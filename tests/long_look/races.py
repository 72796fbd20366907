"""R3, R4, R15 and R16: many at once, retries of one call, and histories at random."""

from __future__ import annotations

import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection

from sqlalchemy import func, select

from portal.models import Customer, Event
from tests.long_look.figures import Figure, Outcome, Run
from tests.long_look.held_by_tests import run_tests
from tests.long_look.sites import serving
from tests.torture.killing import Portal

AT_ONCE = 50
RACES = (
    "tests/api/test_races.py",
    "tests/hosted/test_invoice_pay.py",
    "tests/hosted/test_instalments.py",
    "tests/hosted/test_withdrawal.py",
    "tests/hosted/test_plan_starts.py",
    "tests/hosted/test_checkout.py",
    "tests/hosted/test_checkout_cards.py",
    "tests/hosted/test_linked_quotes.py",
    "tests/hosted/test_cancel.py",
    "tests/hosted/test_login.py",
    "tests/hosted/test_arrival.py",
    "tests/hosted/plan_changes",
    "tests/collection/test_collect_now.py",
    "tests/api/invoices/test_instalments.py",
    "tests/api/bank",
    "tests/api/customers/test_contacts.py",
)
#: Histories of each of the two tests in one go.
EXAMPLES = 25
WORDS = "fifty or at_once or double or parallel or races or second_click or opens_once or once_and_says"


def measure_races(run: Run) -> Outcome:
    """Every test with many at once, again and again."""
    rounds, cases, wrong = 0, 0.0, list[str]()
    while run.goes_on(rounds, 200) and not wrong:
        told = run_tests(run, list(RACES), WORDS)
        rounds, cases = rounds + 1, cases + told.did["cases"]
        wrong += told.wrong
    return Outcome({"rounds": rounds, "races": cases}, tuple(wrong))


def measure_retries(run: Run) -> Outcome:
    """Fifty at once with the same key: one effect, and one answer for all."""
    keys, wrong = 0, list[str]()
    with serving(run) as portal, ThreadPoolExecutor(AT_ONCE) as pool:
        while run.goes_on(keys, 200):
            asked = [(portal, f"key-{keys}", f"name=Jenny{keys}") for _ in range(AT_ONCE)]
            told = {*pool.map(lambda each: _post(*each)[:2], asked)}
            wrong += [] if len(told) == 1 and next(iter(told))[0] == 200 else [f"key {keys}: {str(told)[:150]}"]
            status, _, _ = _post(portal, f"key-{keys}", "name=Other")
            wrong += [] if status == 400 else [f"another body was answered {status}"]
            keys += 1
        with portal.services.database.reading(portal.scope) as db:
            made = db.scalar(select(func.count(Customer.id)))
            events = db.scalar(select(func.count(Event.id)).where(Event.type == "customer.created"))
    wrong += [] if made == events == keys else [f"{made} customers and {events} events of {keys} keys"]
    return Outcome({"keys": keys, "calls": keys * (AT_ONCE + 1)}, tuple(wrong))


def _post(portal: Portal, key: str | None, body: str) -> tuple[int, bytes, float]:
    """Status, body and seconds of a call; a conflict is tried again, as the clients do."""
    headers = {"Authorization": f"Bearer {portal.key}", "Content-Type": "application/x-www-form-urlencoded"}
    began = time.monotonic()
    while True:
        with closing(HTTPConnection("127.0.0.1", portal.port, timeout=60)) as connection:
            connection.request("POST", "/v1/customers", body, {**headers, **({"Idempotency-Key": key} if key else {})})
            with connection.getresponse() as answer:
                content = answer.read()
        if answer.status not in {409, 503} or time.monotonic() > began + 60:
            return answer.status, content, time.monotonic() - began
        time.sleep(0.1)


def measure_writers(run: Run) -> Outcome:
    """Fifty programs that write as fast as they can."""
    times, wrong, lock = list[float](), list[str](), threading.Lock()
    with serving(run) as portal:

        def write(number: int) -> None:
            status, body, seconds = _post(portal, None, f"name=Jenny{number}")
            with lock:
                times.append(seconds)
                if status != 200:
                    wrong.append(f"{status}: {body[:100]!r}")

        with ThreadPoolExecutor(AT_ONCE) as pool:
            while run.goes_on(len(times), 20_000):
                [*pool.map(write, range(500))]
        log = portal.log.read_text(errors="replace")
    wrong += [f"the log says: {each}" for each in set(re.findall(r"database is locked", log))]
    p99 = sorted(times)[int(len(times) * 0.99)] if times else 0.0
    wrong += [f"the slowest of a hundred took {p99:.1f} s"] if p99 > 1 else []
    return Outcome({"writes": len(times), "writers": AT_ONCE, "p99 ms": round(p99 * 1000)}, tuple(wrong[:10]))


def measure_histories(run: Run) -> Outcome:
    """Whatever happens to a customer, at random, again and again."""
    histories, wrong = 0, list[str]()
    while run.goes_on(histories, 1_000) and not wrong:
        wrong += run_tests(run, ["tests/billing/test_histories.py"], LOOK_EXAMPLES=str(EXAMPLES)).wrong
        histories += 2 * EXAMPLES
    return Outcome({"histories": histories}, tuple(wrong))


FIGURES = [
    Figure(
        "R3",
        "Of many who do the same at once exactly one has an effect, with one event and one audit entry; the others hear"
        " why, or get the same result.",
        {"rounds": 200},
        measure_races,
        adds_up=True,
        tests=("tests/api/test_races.py",),
    ),
    Figure(
        "R4",
        f"{AT_ONCE} retries of one call at once have one effect and get the same bytes; another body is refused.",
        {"keys": 200},
        measure_retries,
        adds_up=True,
        tests=("tests/api/events/test_idempotency.py",),
    ),
    Figure(
        "R15",
        "Histories at random leave the books right: every sum, status, period and event as a plain model says.",
        {"histories": 1_000},
        measure_histories,
        adds_up=True,
        tests=("tests/billing/test_histories.py",),
    ),
    Figure(
        "R16",
        f"{AT_ONCE} who write at once never hear that the database is locked, and 99 of 100 are answered in a second.",
        {"writes": 20_000},
        measure_writers,
        databases=("sqlite",),
        adds_up=True,
    ),
]
