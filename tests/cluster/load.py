"""Programs that sell and customers who read, while things break; what each was told, and when nobody answered.

Programs read what they have written from the host that reads by standbys.

Programs do as the official clients do: after a failure they send the same call again, with the same idempotency key,
to the other host in turn.
"""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from itertools import pairwise
from typing import Any
from urllib.parse import urlencode, urlsplit

from sqlalchemy import select

from portal.models import AuditEntry, Customer, Event, Invoice
from tests.cluster.site import Site, WebHost

#: Seconds after which a client gives an answer up, and a program a call.
ANSWER_WITHIN, TRIES_FOR = 20.0, 120.0
#: Pause between two sales of a program, and two pages of a customer.
SALE_EVERY, PAGE_EVERY = 0.4, 0.15


@dataclass(frozen=True)
class Answer:
    """Of one try: when it was there, how long it took, and its status; None where there was none."""

    at: float
    seconds: float
    status: int | None
    body: bytes = b""

    @property
    def is_good(self) -> bool:
        return self.status == 200


@dataclass
class Reader:
    """A customer who opens the portal, an invoice and its PDF, in turns, on one host."""

    web: WebHost
    pages: list[tuple[str, dict[str, str]]]
    answers: list[Answer] = field(default_factory=list)

    def run(self, ended: threading.Event) -> None:
        number = 0
        while not ended.wait(PAGE_EVERY):
            path, headers = self.pages[number % len(self.pages)]
            self.answers.append(ask(self.web, "GET", path, headers))
            number += 1

    def longest_silence(self) -> float:
        """The most seconds from one good answer to the next."""
        good = [each.at for each in self.answers if each.is_good]
        return max((after - before for before, after in pairwise(good)), default=0.0)

    def longest_failure(self) -> float:
        """The most seconds from the first answer that was no page to the next page."""
        longest, since = 0.0, None
        for each in self.answers:
            if each.status is None or each.status >= 500:
                since = each.at if since is None else since
            elif since is not None:
                longest, since = max(longest, each.at - since), None
        return longest


@dataclass
class Sale:
    """What a program was told of one sale; empty where it was told nothing, as `status` is where it read nothing."""

    mark: str
    customer: str = ""
    invoice: str = ""
    paid: bool = False
    status: str = ""


class Seller:
    """A program that makes a customer, bills it and books its payment, again and again; it begins with one host."""

    def __init__(self, webs: list[WebHost], key: str) -> None:
        self._webs, self._key = webs, key
        self._reader = next(web for web in webs if not web.pooled)
        self.sales: list[Sale] = []
        self.tries: list[Answer] = []
        self.surprises: list[str] = []

    def run(self, ended: threading.Event) -> None:
        while not ended.wait(SALE_EVERY):
            sale = Sale(uuid.uuid4().hex)
            self.sales.append(sale)
            self._sell(sale)

    def _sell(self, sale: Sale) -> None:
        mark = {"metadata[sale]": sale.mark}
        customer = self._post("customers", name="Jenny Rosen", email="jenny.rosen@example.com", **mark)
        if customer is None:
            return
        sale.customer = customer["id"]
        if (
            self._post("invoiceitems", customer=sale.customer, amount=4200, currency="eur", description="Rocket")
            is None
        ):
            return
        billing = {"collection_method": "send_invoice", "days_until_due": 14, **mark}
        invoice = self._post("invoices", customer=sale.customer, pending_invoice_items_behavior="include", **billing)
        if invoice is None:
            return
        sale.invoice = invoice["id"]
        if self._post(f"invoices/{sale.invoice}/finalize") is None:
            return
        sale.paid = self._post(f"invoices/{sale.invoice}/pay", paid_out_of_band="true") is not None
        sale.status = self._read_status(sale.invoice)

    def _read_status(self, invoice: str) -> str:
        """The status of an invoice as the standbys' reader tells it; empty where there is no answer."""
        answer = ask(self._reader, "GET", f"/v1/invoices/{invoice}", {"Authorization": f"Bearer {self._key}"})
        return str(json.loads(answer.body)["status"]) if answer.is_good else ""

    def _post(self, path: str, **fields: object) -> dict[str, Any] | None:
        """The object that a call made, however often it had to be sent; None where it was given up."""
        headers = {
            "Authorization": f"Bearer {self._key}",
            "Content-Type": "application/x-www-form-urlencoded",
            "Idempotency-Key": uuid.uuid4().hex,
        }
        give_up, number = time.monotonic() + TRIES_FOR, 0
        while time.monotonic() < give_up:
            web = self._webs[number % len(self._webs)]
            answer = ask(web, "POST", f"/v1/{path}", headers, urlencode(fields))
            self.tries.append(answer)
            if answer.is_good:
                made: dict[str, Any] = json.loads(answer.body)
                return made
            if answer.status is not None and answer.status < 500 and answer.status not in {409, 429}:
                self.surprises.append(f"{path} on {web.name}: {answer.status} {answer.body[:300]!r}")
                return None
            number += 1
            time.sleep(0.5)
        return None


class Load:
    """Two sellers and two readers, for as long as the block lasts."""

    def __init__(self, site: Site) -> None:
        self._site, self._ended = site, threading.Event()
        first, second = site.webs
        self.sellers = [Seller([first, second], site.key), Seller([second, first], site.key)]
        self.readers = [Reader(web, open_pages(site, web)) for web in site.webs]
        self._threads = [threading.Thread(target=each.run, args=(self._ended,)) for each in self.sellers + self.readers]

    def __enter__(self) -> Load:
        for each in self._threads:
            each.start()
        return self

    def __exit__(self, *failed: object) -> None:
        self._ended.set()
        for each in self._threads:
            each.join()


def open_pages(site: Site, web: WebHost) -> list[tuple[str, dict[str, str]]]:
    """Pages of a customer with an invoice: a signed-in visit's, and those behind a link; with the headers to send."""
    setting_up = Seller(site.webs, site.key)
    sale = Sale(uuid.uuid4().hex)
    setting_up._sell(sale)
    assert sale.paid, setting_up.surprises
    answer = ask(web, "GET", f"/v1/invoices/{sale.invoice}", {"Authorization": f"Bearer {site.key}"})
    link = urlsplit(json.loads(answer.body)["hosted_invoice_url"])
    pdf = urlsplit(json.loads(answer.body)["invoice_pdf"])
    session = setting_up._post("billing_portal/sessions", customer=sale.customer)
    assert session is not None, setting_up.surprises
    home, cookies = _sign_in(web, urlsplit(session["url"]).path)
    signed_in = {"Cookie": cookies}
    pages = [(home, signed_in), (f"{link.path}?{link.query}", {}), (home, signed_in), (f"{pdf.path}?{pdf.query}", {})]
    for path, headers in pages:
        found = ask(web, "GET", path, headers)
        assert found.is_good, (path, found)
    return pages


def _sign_in(web: WebHost, path: str) -> tuple[str, str]:
    """The home page that a link leads to, and the cookies that open it."""
    cookies: list[str] = []
    while path.startswith("/p/session/"):
        connection = HTTPConnection(web.address, 8000, timeout=ANSWER_WITHIN)
        connection.request("GET", path, headers={"Host": "billing.example.com", "Cookie": "; ".join(cookies)})
        answer = connection.getresponse()
        answer.read()
        connection.close()
        cookies += [each.partition(";")[0] for each in answer.headers.get_all("Set-Cookie") or []]
        assert answer.status in {302, 303}, answer.status
        path = urlsplit(answer.headers["Location"]).path
    return path, "; ".join(cookies)


def ask(web: WebHost, method: str, path: str, headers: dict[str, str], body: str | None = None) -> Answer:
    """One call to one host."""
    began, status, content = time.monotonic(), None, b""
    connection = HTTPConnection(web.address, 8000, timeout=ANSWER_WITHIN)
    try:
        connection.request(method, path, body, {"Host": "billing.example.com", **headers})
        found = connection.getresponse()
        content = found.read()
        status = found.status
    except (OSError, HTTPException):
        pass
    finally:
        connection.close()
    return Answer(time.monotonic(), time.monotonic() - began, status, content)


@dataclass(frozen=True)
class Ledger:
    """What is stored of the sales of a load, beside what their programs were told."""

    acknowledged: int
    lost: list[str]
    twice: list[str]
    read: int
    read_old: list[str]


def compare(site: Site, load: Load) -> Ledger:
    """Whether all that was acknowledged is there, and nothing is there twice, or without its event or audit entry."""
    sales = [sale for seller in load.sellers for sale in seller.sales]
    site.database.dispose()  # its connections may lead to a primary that is gone
    with site.database.reading(site.make.scope) as db:
        customers = list(db.scalars(select(Customer)))
        invoices = {row.id: row for row in db.scalars(select(Invoice))}
        events = Counter(tuple(row) for row in db.execute(select(Event.object_id, Event.type)))
        entries = Counter(tuple(row) for row in db.execute(select(AuditEntry.object_id, AuditEntry.action)))
    known = {row.id for row in customers}
    lost = [sale.customer for sale in sales if sale.customer and sale.customer not in known]
    lost += [sale.invoice for sale in sales if sale.invoice and sale.invoice not in invoices]
    lost += [f"payment of {sale.invoice}" for sale in sales if sale.paid and not _is_paid(invoices.get(sale.invoice))]
    paid = [id for id, row in invoices.items() if row.status == "paid"]
    for told in (events, entries):
        lost += [f"record of {id}" for id in known if not told[id, "customer.created"]]
        lost += [f"record of {id}" for id in paid if not told[id, "invoice.paid"]]
    twice = [mark for mark, count in _marks(customers).items() if count > 1]
    twice += [mark for mark, count in _marks(invoices.values()).items() if count > 1]
    twice += [
        f"number {number}"
        for number, count in Counter(row.number for row in invoices.values()).items()
        if number and count > 1
    ]
    once = {"customer.created", "invoice.created", "invoice.finalized", "invoice.paid"}
    twice += [
        f"{type} of {id}"
        for told in (events, entries)
        for (id, type), count in told.items()
        if type in once and count > 1
    ]
    acknowledged = sum(bool(sale.customer) + bool(sale.invoice) + sale.paid for sale in sales)
    read = [sale for sale in sales if sale.paid and sale.status]
    read_old = [f"{sale.invoice} was read as {sale.status}" for sale in read if sale.status != "paid"]
    return Ledger(acknowledged, lost, twice, len(read), read_old)


def _is_paid(invoice: Invoice | None) -> bool:
    return invoice is not None and invoice.status == "paid"


def _marks(rows: Any) -> Counter[str]:
    return Counter(row.metadata_["sale"] for row in rows if "sale" in (row.metadata_ or {}))
