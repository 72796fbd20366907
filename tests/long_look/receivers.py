"""R5 and R6: webhooks whose receiver is away for a day while workers are killed, and one of twenty that hangs."""

from __future__ import annotations

from bench import torture
from tests.long_look.figures import Figure, Outcome, Run


def measure_outage(run: Run) -> Outcome:
    """A day without a receiver, then workers that are killed."""
    events = run.count or 10_000
    told = torture.outage(torture.site(run.new_database("outage")), events=events, kills=max(2, events // 200))
    missing = told["events"] - told["arrived"]
    named = {"lost": missing, "out of order": told["order breaks"], "still waiting": told["still waiting"]}
    did = {"events": told["events"], "kills of workers": max(2, events // 200), "duplicates": told["duplicates"]}
    return Outcome(did, tuple(f"{count} {name}" for name, count in named.items() if count))


def measure_hanging(run: Run) -> Outcome:
    """One of twenty receivers answers nothing."""
    events = run.count or 200
    p99 = torture.hanging(torture.site(run.new_database("hanging")), receivers=20, events=events)
    wrong = (f"the others heard after {p99:.1f} s",) if p99 > 5 else ()
    return Outcome({"events": events, "receivers": 20, "p99 s": round(p99, 2)}, wrong)


FIGURES = [
    Figure(
        "R5",
        "A receiver is down for a day and workers are killed: every event arrives, each customer's in order, and a"
        " second one has the same id.",
        {"events": 10_000, "kills of workers": 50},
        measure_outage,
        tests=("tests/outbox/test_torture.py", "tests/outbox/test_webhooks.py"),
    ),
    Figure(
        "R6",
        "One of twenty receivers hangs: the others hear of 99 of 100 events within 5 seconds of the commit.",
        {"events": 200},
        measure_hanging,
        tests=("tests/outbox/test_torture.py",),
    ),
]
