"""S13: fifty browsers open one link at once, and exactly one of them is let in."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

from bench.sites import Client
from tests.long_look.figures import Figure, Outcome, Run
from tests.long_look.sites import as_server, new_client, open_browser, serving
from tests.torture.killing import Portal

AT_ONCE = 50


def measure(run: Run) -> Outcome:
    """Links that are raced for, used ones that are tried again, and walks through two visits in one browser."""
    links, steps, wrong = 0, 0, list[str]()
    with serving(run) as portal, ThreadPoolExecutor(AT_ONCE) as pool:
        program = new_client(portal)
        customers = [str(program.post("/v1/customers", {"name": f"Customer {name}"})["id"]) for name in ("Ada", "Bob")]
        while run.goes_on(links, 200):
            sent = {"customer": customers[0], "return_url": "https://example.com"}
            path = urlsplit(program.post("/v1/billing_portal/sessions", sent)["url"]).path
            winners = sum(pool.map(lambda path: _opens(portal, path), [path] * AT_ONCE))
            wrong += [] if winners == 1 else [f"{winners} of {AT_ONCE} opened one link"]
            wrong += ["a used link was opened again"] if _opens(portal, path) else []
            links += 1
        steps, mixed = _walk(portal, customers, 5 * links)
    return Outcome({"links": links, "browsers": links * AT_ONCE, "steps in two tabs": steps}, (*wrong, *mixed))


def _opens(portal: Portal, path: str) -> bool:
    browser = Client(as_server(portal), {})
    try:
        visit = browser.follow(path)
        return visit.startswith("/p/bps_") and bool(browser.get(visit))
    except (RuntimeError, OSError, KeyError, TypeError):
        # no redirect or no page: it was refused
        return False


def _walk(portal: Portal, customers: list[str], steps: int) -> tuple[int, list[str]]:
    opened = [open_browser(portal, each) for each in customers]
    both = "; ".join(browser.headers["Cookie"] for _, browser in opened)
    browser, names, wrong = Client(as_server(portal), {"Cookie": both}), ("Customer Ada", "Customer Bob"), list[str]()
    for _ in range(steps):
        at = random.randrange(2)
        page = browser.get(f"{opened[at][0]}/{random.choice(['', 'details', 'invoices'])}").decode()
        if names[1 - at] in page:
            wrong.append(f"a page of {names[at]} names {names[1 - at]}")
    return steps, wrong


FIGURES = [
    Figure(
        "S13",
        f"Of {AT_ONCE} browsers that open one link at once one is let in, a used link opens nothing, visits end when"
        " they should, and two in one browser never mix.",
        {"links": 200},
        measure,
        adds_up=True,
        tests=("tests/hosted/test_arrival.py", "tests/test_access.py", "tests/api/test_races.py"),
    )
]
