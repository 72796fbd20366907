"""What the file costs by which a bank is asked to collect: pain.008 of many direct debits that are due.

DEBITS makes it smaller, to try something out.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from bench.bank import peak_own_memory
from bench.figures import ENGINES, Figure, Measurement, Side, Take
from bench.sites import Client, Merchant, Site
from bench.stores import analyze, customer_row, insert, invoice_row, new_id
from tests.debits import CREDITOR, DEBTOR_IBAN

DEBITS = int(os.environ.get("DEBITS") or 100_000)


@contextmanager
def _file(side: Side, engine: str) -> Iterator[Take]:
    """`portal debit export` of one file with each customer's debit, from the command to the file."""

    def take() -> tuple[float, float]:
        site = side.site(engine)
        merchant, folder = _fill(site), site.folder / "for-the-bank"
        start = time.monotonic()
        peak = peak_own_memory(site.start("debit", "export", str(folder), "--account", merchant.account))
        taken = time.monotonic() - start
        assert _told(folder) == DEBITS
        return taken, peak

    yield take


def _told(folder: Path) -> int:
    """How many debits the one file there names."""
    (file,) = folder.iterdir()
    return len(re.findall("<DrctDbtTxInf>", file.read_text()))


def _fill(site: Site) -> Merchant:
    """A merchant that collects, and customers with a mandate, an open invoice and a debit that is due."""
    merchant, now = site.add_merchant(), int(time.time())
    method = _first_method(site, merchant)
    owners, methods, mandates, invoices = ([new_id(kind) for _ in range(DEBITS)] for kind in ("cus", "pm", "man", "in"))
    own = {"tenant_id": merchant.tenant, "created": now, "metadata": {}, "revision": 1}
    insert(site, "customers", (customer_row(merchant, *each, now) for each in zip(owners, count(), strict=False)))
    insert(site, "payment_methods", (own | method | _ids(*each) for each in zip(methods, owners, strict=True)))
    insert(site, "mandates", (own | _mandate(*each, now) for each in zip(mandates, owners, methods, strict=True)))
    insert(site, "invoices", map(partial(_invoice, merchant, now), invoices, owners, count()))
    debits = zip(owners, invoices, mandates, strict=True)
    insert(site, "direct_debits", (own | _debit(merchant, now, number, *each) for number, each in enumerate(debits)))
    analyze(site)
    return merchant


def _first_method(site: Site, merchant: Merchant) -> dict[str, Any]:
    """The columns of a payment method that the portal itself has made, as only it can seal an account number."""
    with site.answering() as server:
        client = Client.of_merchant(server, merchant)
        client.post(f"/v1/accounts/{merchant.account}", {"settings": {"direct_debit": CREDITOR}})
        details = {"sepa_debit": {"iban": DEBTOR_IBAN}, "billing_details": {"name": "Jenny", "email": "j@example.com"}}
        made = client.post("/v1/payment_methods", {"type": "sepa_debit", **details})
    sealed = site.scalar(f"SELECT sealed FROM payment_methods WHERE id = '{made['id']}'")  # noqa: S608
    kept = {"type": "sepa_debit", "billing_details": {"name": "Jenny Rosen"}, "details": made["sepa_debit"]}
    return kept | {"sealed": bytes(sealed), "allow_redisplay": "unspecified"}


def _ids(method: str, owner: str) -> dict[str, Any]:
    return {"id": method, "customer_id": owner}


def _mandate(id: str, owner: str, method: str, now: int) -> dict[str, Any]:
    return {
        "id": id,
        "customer_id": owner,
        "payment_method_id": method,
        "reference": f"M-{id[4:].upper()}",
        "type": "multi_use",
        "status": "active",
        "acceptance": {"accepted_at": now, "type": "online"},
    }


def _invoice(merchant: Merchant, now: int, id: str, owner: str, number: int) -> dict[str, Any]:
    # a seventh of the rows that this makes are open; here all are
    row = invoice_row(merchant, id, owner, number * 7, now)
    return row | {"collection_method": "charge_automatically", "due_date": None}


def _debit(merchant: Merchant, now: int, number: int, owner: str, invoice: str, mandate: str) -> dict[str, Any]:
    return {
        "id": new_id("dd"),
        "customer_id": owner,
        "invoice_id": invoice,
        "mandate_id": mandate,
        "amount": 3 * (1000 + number * 7 % 90000),
        "currency": "eur",
        "collect_on": datetime.fromtimestamp(now, UTC).date().isoformat(),
        "end_to_end_id": f"E2E{number:012d}",
        "attempt": 1,
        "status": "scheduled",
        "fee": 0,
    }


def _measurements(engine: str) -> Iterator[Measurement]:
    figures = (
        Figure(f"pain.008 of {DEBITS:,} debits, {engine}", "s", goal=30),
        Figure(f"memory of that file, {engine}", "MiB"),
    )
    yield Measurement(figures, partial(_file, engine=engine), rounds=1)


MEASUREMENTS = [each for engine in ENGINES for each in _measurements(engine)]
