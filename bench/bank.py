"""What a bank statement costs: taken in and matched against many open invoices, and beside many that were paid.

TRANSFERS, OPEN and PAID make it smaller, to try something out, or PAID larger, where there is disk for it.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from itertools import chain
from pathlib import Path
from subprocess import Popen
from typing import Any

from bench.figures import ENGINES, Figure, Measurement, Side, Take
from bench.sites import Merchant, Site
from bench.stores import EACH, analyze, customer_row, insert, invoice_row, new_id
from tests.statements_of_banks import OWN_IBAN, Transfer, camt

TRANSFERS = int(os.environ.get("TRANSFERS") or 100_000)
OPEN = int(os.environ.get("OPEN") or 1_000_000)
#: Paid invoices beside which the same few open ones are looked for.
FEW_PAID, PAID = 10_000, int(os.environ.get("PAID") or 1_000_000)
BESIDE, LOOKED_FOR = 5_000, 2_000


@contextmanager
def _statement(side: Side, engine: str) -> Iterator[Take]:
    """`portal bank import` of one file each of whose transfers pays an invoice, until all are booked."""

    def take() -> tuple[float, float]:
        site = side.site(engine)
        merchant = _fill(site, [("open", OPEN)])
        file = _write(side.folder / "statement.xml", TRANSFERS, OPEN // TRANSFERS)
        start = time.monotonic()
        peak = peak_own_memory(site.start("bank", "import", str(file), "--account", merchant.account))
        taken = time.monotonic() - start
        booked = _count(site, "assigned")
        assert booked == TRANSFERS, booked
        return taken, peak

    yield take


def peak_own_memory(process: Popen[bytes]) -> float:
    """The most MiB of its own that a process has held when it ends: without the database's file, which it maps."""
    peak = 0
    while process.poll() is None:
        with suppress(OSError, IndexError):
            status = Path(f"/proc/{process.pid}/status").read_text()
            peak = max(peak, int(re.findall(r"RssAnon:\s+(\d+)", status)[0]))
        time.sleep(0.05)
    if process.returncode:
        raise RuntimeError(f"the import ended with {process.returncode}")
    return peak / 1024


@contextmanager
def _beside_paid(side: Side, engine: str) -> Iterator[Take]:
    """How much longer the same statement takes beside many paid invoices than beside few."""
    few, many = (_site_with_paid(side, engine, paid) for paid in (FEW_PAID, PAID))
    numbers = iter(range(1, 1_000))

    def take() -> tuple[float]:
        file = _write(side.folder / "beside.xml", LOOKED_FOR, 1, words=f"thanks {next(numbers)}")
        seconds = [_import(*each, file) for each in (few, many)]
        return (seconds[1] / seconds[0],)

    yield take


def _site_with_paid(side: Side, engine: str, paid: int) -> tuple[Site, Merchant]:
    site = side.site(engine)
    return site, _fill(site, [("open", BESIDE), ("paid", paid)])


def _import(site: Site, merchant: Merchant, file: Path) -> float:
    start = time.monotonic()
    site.run("bank", "import", str(file), "--account", merchant.account)
    return time.monotonic() - start


def _fill(site: Site, wanted: list[tuple[str, int]]) -> Merchant:
    """A merchant with a bank account and so many invoices of each status; each customer has a few of them."""
    merchant, now = site.add_merchant(), int(time.time())
    site.run("account", "set", merchant.account, "--iban", OWN_IBAN)
    invoices = sum(count for _, count in wanted)
    owners = [new_id("cus") for _ in range(-(-invoices // EACH))]
    insert(site, "customers", (customer_row(merchant, id, n, now) for n, id in enumerate(owners)))
    statuses = chain.from_iterable([status] * count for status, count in wanted)
    rows = (_invoice_row(merchant, owners[n // EACH], n, now, status) for n, status in enumerate(statuses))
    insert(site, "invoices", rows)
    analyze(site)
    return merchant


def _invoice_row(merchant: Merchant, owner: str, index: int, now: int, status: str) -> dict[str, Any]:
    row = invoice_row(merchant, new_id("in"), owner, index, now)
    paid = status == "paid"
    amounts = {"amount_paid": row["amount_due"] if paid else 0, "amount_remaining": 0 if paid else row["amount_due"]}
    return row | amounts | {"status": status, "paid_out_of_band": paid, "paid_at": row["created"] if paid else None}


def _write(path: Path, count: int, step: int, words: str | None = None) -> Path:
    """A statement that pays every `step`th invoice, or with `words` one that names numbers that there are not."""
    transfers = (
        Transfer(
            3 * (1000 + number * step % 90000),
            f"Rechnung BENCH-{number * step:07d}" if words is None else f"Rechnung BENCH-X{number:07d} {words}",
            iban=f"DE89{number * step // EACH:018d}",
        )
        for number in range(count)
    )
    path.write_bytes(camt(*transfers, number=words or "S-1"))
    return path


def _count(site: Site, status: str) -> int:
    return int(site.scalar(f"SELECT count(*) FROM bank_transactions WHERE status = '{status}'"))  # noqa: S608


def _measurements(engine: str) -> Iterator[Measurement]:
    name = f"bank statement, {TRANSFERS:,} pay {OPEN:,} open, {engine}"
    figures = Figure(name, "s", goal=60), Figure(f"memory of that bank statement, {engine}", "MiB", goal=300)
    yield Measurement(figures, partial(_statement, engine=engine), rounds=1)
    ratio = Figure(f"bank statement beside {PAID:,} paid ÷ {FEW_PAID:,}, {engine}", goal=1.2)
    yield Measurement((ratio,), partial(_beside_paid, engine=engine))


MEASUREMENTS = [each for engine in ENGINES for each in _measurements(engine)]
