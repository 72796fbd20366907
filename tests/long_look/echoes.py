"""S7: words that are code elsewhere, in every text that is stored, looked for on pages, in mails, files and answers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import product

from flask import Flask

from portal import clock, create_app, schema
from portal.billing.accounts import new_accounts
from portal.billing.accounts.new_accounts import CreateAccount
from portal.db import Scope
from portal.models import Customer
from portal.settings import from_environment
from tests.clients import Api, Portal
from tests.factories import Factories
from tests.long_look.figures import Figure, Outcome, Run

#: What a payload would leave in a page if it were taken as markup.
MARK = "q7x"
OPENERS = ("", '"', "'", "&quot;", "-->", "</title>", "</textarea>", "</style>", "]]>", "\\'")
BODIES = (
    f"<{MARK}>", f"<img src=x onerror={MARK}()>", f"<script>{MARK}</script>", f"<svg onload={MARK}()>",
    f"<a href=javascript:{MARK}()>", f'" onmouseover="{MARK}()', f"' autofocus onfocus='{MARK}()",
    f"{{{{ 7*7 }}}}{MARK}", f"${{7*7}}{MARK}", f"{{% for a in 'b' %}}{MARK}{{% endfor %}}", f"%s%n{MARK}",
    f"=1+1{MARK}",
)  # fmt: skip
PAYLOADS = tuple(opener + body for opener, body in product(OPENERS, BODIES))
PAGES = ("", "invoices", "details", "balance", "invoices/{invoice}", "statements")


class _Reader(HTMLParser):
    """Finds the mark where a browser would run it or make an element of it."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if MARK in tag:
            self.found.append(f"<{tag}>")
        for name, value in attrs:
            runs = name.startswith("on") or (value or "").strip().lower().startswith("javascript:")
            if MARK in name or (runs and MARK in (value or "")):
                self.found.append(f"{name}={value}")

    def handle_data(self, data: str) -> None:
        if self.lasttag in {"script", "style"} and MARK in data:
            self.found.append(f"<{self.lasttag}> with it")


def measure(run: Run) -> Outcome:
    """A customer, a bill and a plan with each payload in all their texts."""
    app = create_app(from_environment(run.new_database("echoes")))
    schema.upgrade(app.extensions["portal"].database)
    payloads, shown, wrong = 0, 0, list[str]()
    while run.goes_on(payloads, len(PAYLOADS)):
        payload = PAYLOADS[payloads % len(PAYLOADS)]
        for place, status, content_type, body in _show(app, payload):
            shown += 1
            wrong += [f"{payload!r} on {place}: {each}" for each in _find_echoes(content_type, body)]
            wrong += [f"{payload!r} on {place}: {status}"] if status >= 500 else []
        payloads += 1
    app.extensions["portal"].database.dispose()
    return Outcome({"payloads": payloads, "pages, mails and answers": shown}, tuple(wrong))


def _show(app: Flask, payload: str) -> Iterator[tuple[str, int, str, str]]:
    database = app.extensions["portal"].database
    with database.writing() as db:
        new = new_accounts.create(db, CreateAccount("Rocket Rides", "DE", None, "eur"), now=clock.now())
    api = Api(app.test_client(), new.test_key)
    make = Factories(database, Scope(new.test.id, new.account.id, livemode=False))
    address = {"line1": payload, "line2": payload, "city": payload, "country": "DE", "postal_code": "10115"}
    api.post("account", business_profile={"name": payload}, settings={"invoices": {"footer": payload}})
    texts = {"name": payload, "description": payload, "metadata": {"a": payload}, "email": "ada@example.com"}
    customer = api.post("customers", **texts, address=address, phone="123", invoice_settings={"footer": payload})
    item = {"amount": 900, "currency": "eur", "description": payload}
    custom = [{"name": payload[:40], "value": payload[:140]}]
    told = {"currency": "eur", "description": payload, "custom_fields": custom}
    bill = api.post("invoices", customer=customer["id"], **told)["id"]
    api.post("invoiceitems", customer=customer["id"], invoice=bill, **item)
    opened = api.post(f"invoices/{bill}/finalize")
    with database.reading(make.scope) as db:
        row = db.get_one(Customer, (make.scope.tenant_id, customer["id"]))
    visit = Portal.opened(app, make, row, make.configuration())
    for page in PAGES:
        answer = visit.get(page.format(invoice=bill), follow_redirects=True)
        yield page or "home", answer.status_code, answer.content_type, answer.get_data(as_text=True)
    path = "/" + opened["hosted_invoice_url"].split("/", 3)[3]
    answer = app.test_client().get(path, base_url="https://localhost")
    yield "the page of the link", answer.status_code, answer.content_type, answer.get_data(as_text=True)
    answer = api.request("GET", f"invoices/{bill}")
    yield "the API", answer.status_code, answer.content_type, answer.get_data(as_text=True)


def _find_echoes(content_type: str, body: str) -> list[str]:
    if "json" in content_type:
        json.loads(body)
        return []
    if "html" not in content_type:
        return [f"shown as {content_type}"]
    reader = _Reader()
    reader.feed(body)
    evaluated = re.findall(rf"49{MARK}", body)
    return reader.found + [f"evaluated to {each}" for each in evaluated]


FIGURES = [
    Figure(
        "S7",
        "Words that are markup, script, template or formula elsewhere stay words on every page and in every answer,"
        " whatever text they were stored as.",
        {"payloads": 100},
        measure,
        in_memory=True,
        tests=("tests/outbox/test_mails.py", "tests/hosted/test_invoices.py", "tests/documents/test_line_csv.py"),
    )
]
