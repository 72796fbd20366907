"""S14: secrets that are given to a portal, looked for afterwards in everything that it has written or shown."""

from __future__ import annotations

import contextlib
import os
import subprocess
import urllib.request
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from bench.sites import Client
from tests.live import free_port
from tests.long_look.figures import Figure, Outcome, Run
from tests.long_look.sites import find_processes, new_client, open_browser, serving
from tests.torture.killing import Portal

KEY, PASSWORD = "marked-secret-key-" + "7" * 30, "marked-mail-password-93"
ROUNDS = 25


def measure(run: Run) -> Outcome:
    """Use what needs secrets, wrongly too, and look for them in logs, answers, metrics, processes and the database."""
    metrics = free_port()
    settings = {
        "PORTAL_SECRET_KEY": KEY,
        "PORTAL_METRICS_BIND": f"127.0.0.1:{metrics}",
        "PORTAL_SMTP_URL": f"smtps://mailer:{PASSWORD}@127.0.0.1:{free_port()}",
    }
    with serving(run, **settings) as portal:
        secrets, shown = {"secret key": KEY, "mail password": PASSWORD, "API key": portal.key}, dict[str, bytes]()
        rounds = 0
        while run.goes_on(rounds, ROUNDS):
            _use(portal, secrets, shown, rounds)
            rounds += 1
        with urllib.request.urlopen(f"http://127.0.0.1:{metrics}/metrics", timeout=30) as answer:
            shown["metrics"] = answer.read()
        shown |= {f"process {name}": _read_command(id) for id, name in find_processes(portal).items()}
        shown["log"] = portal.log.read_bytes()
        shown["database"] = b"".join(_dump(portal, run))
    wrong = [
        f"the {name} is in the {place}"
        for name, secret in secrets.items()
        for place, content in shown.items()
        if secret.encode() in content and not _is_expected(name, place)
    ]
    counts = {"secrets": len(secrets), "places": len(shown), "MiB looked through": sum(map(len, shown.values())) >> 20}
    return Outcome({"rounds": rounds, **counts}, tuple(wrong))


def _is_expected(name: str, place: str) -> bool:
    # the copy holds the document itself, and the events that told of its link
    return name.startswith("document link") and place == "database"


def _use(portal: Portal, secrets: dict[str, str], shown: dict[str, bytes], number: int) -> None:
    """Links, visits, webhooks, keys and codes; what answers with a secret on purpose is no place to look in."""
    program = new_client(portal)
    customer = str(program.post("/v1/customers", {"name": "Ada", "email": f"ada{number}@example.com"})["id"])
    visit, browser = open_browser(portal, customer)
    secrets[f"cookie {number}"] = browser.headers["Cookie"].rpartition("=")[2].rpartition(".")[2]
    link = program.post("/v1/billing_portal/sessions", {"customer": customer, "return_url": "https://example.com"})[
        "url"
    ]
    secrets[f"link {number}"] = urlsplit(link).path.rpartition("/")[2]
    if number < 8:
        hook = {"url": "https://hooks.example.com/in", "enabled_events": ["customer.created"]}
        secrets[f"webhook secret {number}"] = program.post("/v1/webhook_endpoints", hook)["secret"]
    bill = program.post("/v1/invoices", {"customer": customer, "currency": "usd"})["id"]
    program.post("/v1/invoiceitems", {"customer": customer, "invoice": bill, "amount": 100, "currency": "usd"})
    opened = program.post(f"/v1/invoices/{bill}/finalize", {})
    secrets[f"document link {number}"] = urlsplit(opened["hosted_invoice_url"]).path.rpartition("/")[2]
    shown[f"page {number}"] = browser.get(f"{visit}/details")
    for path, sent in _wrong_requests(portal, visit, browser):
        shown[f"wrong request {path} {number}"] = _answer(portal, path, sent, browser)


def _wrong_requests(portal: Portal, visit: str, browser: Client) -> Iterator[tuple[str, dict[str, str] | None]]:
    """Requests that fail with a secret in them."""
    yield f"/v1/customers?key={portal.key}", None
    yield f"/v1/customers/{portal.key}", None
    yield "/v1/customers", {"email": portal.key, "nonsense": portal.key}
    yield f"/i/{KEY[:20]}", None
    yield f"{visit}/nowhere", None
    yield f"{visit}/details/email", {"email": "new@example.com"}


def _answer(portal: Portal, path: str, sent: dict[str, str] | None, browser: Client) -> bytes:
    """What a stranger without the key, or the visit's browser, is answered; the request's own words taken out."""
    with contextlib.closing(HTTPConnection("127.0.0.1", portal.port, timeout=30)) as connection:
        headers = dict(browser.headers) if path.startswith("/p/") else {"Authorization": "Bearer sk_test_wrong"}
        body = urlencode(sent) if sent else None
        if body:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection.request("POST" if sent else "GET", path, body, headers)
        with connection.getresponse() as answer:
            return str(answer.headers).encode() + answer.read()


def _read_command(id: int) -> bytes:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{id}/cmdline").read_bytes()
    return b""


def _dump(portal: Portal, run: Run) -> Iterator[bytes]:
    """All that lies in the database, as a copy of it would show."""
    if run.database == "sqlite":
        folder = Path(portal.environment["PORTAL_INSTANCE"])
        yield from (file.read_bytes() for file in folder.glob("portal.db*"))
        return
    name = portal.services.database.url.database or ""
    command = ["pg_dump", "--host", str(run.cluster.folder), "--username", "postgres", name]
    yield subprocess.run(command, capture_output=True, check=True, env=dict(os.environ)).stdout


FIGURES = [
    Figure(
        "S14",
        "No key, password, link, cookie or signing secret is in a log, an answer that failed, the metrics, the list of"
        " processes or a copy of the database.",
        {"rounds": ROUNDS},
        measure,
        adds_up=True,
        tests=("tests/test_logs.py", "tests/test_nginx.py", "tests/recording/test_audit.py"),
    )
]
