"""R7: the clock of a running portal jumps: ten minutes, an hour back, into a leap day and over a change of time."""

from __future__ import annotations

import time
from contextlib import closing
from datetime import datetime
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from sqlalchemy import select

from portal.models import Event
from tests.long_look.figures import Figure, Outcome, Run
from tests.long_look.sites import open_browser, serving
from tests.torture.killing import Portal

MOVED = Path(__file__).parent / "moved_clock"
#: How far the clock is off, in turns. A visit ends after half an hour without a look, and after four hours.
JUMPS = ("+0", "+10m", "-10m", "-1h", "+90m", "+0", "+1h", "-1h")
LEFT = ("+90m", "+1h")
BEYOND = "+5h"
#: Moments to start at: before a leap day ends, and before Europe's clocks change.
STARTS = ("@2028-02-29 22:59:30", "@2027-03-28 00:59:30", "@2027-10-31 00:59:30")


def measure(run: Run) -> Outcome:
    """Each start in turn with all jumps, until enough jumps were made."""
    jumps, calls, wrong = 0, 0, list[str]()
    while run.goes_on(jumps, 100) and not wrong:
        start = STARTS[jumps // (len(JUMPS) + 1) % len(STARTS)]
        made, told = _jump(run, start, jumps)
        jumps, calls, wrong = jumps + len(JUMPS) + 1, calls + made, wrong + told
    return Outcome({"jumps": jumps, "calls": calls}, tuple(wrong))


def _jump(run: Run, start: str, number: int) -> tuple[int, list[str]]:
    file = run.folder / f"faketime-{number}"
    began = _seconds_of(start)
    _set(file, began, "+0")
    fake = {"PYTHONPATH": str(MOVED), "LOOK_CLOCK": str(file)}
    wrong, calls, made = list[str](), 0, list[object]()
    with serving(run, f"clock{number}", **fake) as portal:
        customer = str(portal.post("customers", name="Ada")["id"])
        visit, browser = open_browser(portal, customer)
        headers = dict(browser.headers)
        for jump in JUMPS:
            _set(file, began, jump)
            time.sleep(0.2)
            made += [portal.post("customers", name="Jenny")["id"]]
            told = [_status(portal, "GET", f"{visit}/", headers), *(_write(portal) for _ in range(5))]
            calls += len(told)
            # what has been left for longer than a visit may be left is over, as by any other clock
            over = told[0] == 410 and jump in LEFT
            wrong += [f"{jump} from {start}: answered {each}" for each in told[over:] if each != 200]
        _set(file, began, BEYOND)
        time.sleep(0.2)
        status = _status(portal, "GET", f"{visit}/", headers)
        wrong += [] if status == 410 else [f"{BEYOND} from {start}: a visit of four hours was answered {status}"]
        with portal.services.database.reading(portal.scope) as db:
            own = select(Event.object_id).where(Event.type == "customer.created", Event.object_id.in_(made))
            told_of = [*db.scalars(own.order_by(Event.sequence))]
    wrong += [] if told_of == made else [f"made were {made}, told was of {told_of}"]
    return calls, wrong


def _seconds_of(start: str) -> float:
    """How far a moment is from now."""
    return datetime.fromisoformat(f"{start.removeprefix('@')}+00:00").timestamp() - time.time()


def _set(file: Path, offset: float, jump: str) -> None:
    unit = {"m": 60, "h": 3600}.get(jump[-1], 1)
    seconds = offset + float(jump.rstrip("mh")) * unit
    new = file.with_suffix(".new")
    new.write_text(f"{seconds:+.0f}\n")
    new.replace(file)


def _write(portal: Portal) -> int:
    headers = {"Authorization": f"Bearer {portal.key}", "Content-Type": "application/x-www-form-urlencoded"}
    return _status(portal, "POST", "/v1/customers", headers, "name=Jenny")


def _status(portal: Portal, method: str, path: str, headers: dict[str, str], sent: str | None = None) -> int:
    try:
        with closing(HTTPConnection("127.0.0.1", portal.port, timeout=30)) as connection:
            connection.request(method, path, sent, headers)
            with connection.getresponse() as answer:
                answer.read()
                return answer.status
    except (OSError, HTTPException):
        return 0


FIGURES = [
    Figure(
        "R7",
        "The clock jumps by minutes and hours, back too, over a leap day and a change of time: nothing fails, events"
        " keep their order, and no visit lives longer than it may.",
        {"jumps": 100},
        measure,
        adds_up=True,
    )
]
