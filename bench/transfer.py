"""Measures `portal import` and `portal export` on a file of 100,000 invoices with their lines."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from bench.data import Store
from portal import clock, schema
from portal.billing.accounts import new_accounts
from portal.billing.accounts.new_accounts import CreateAccount
from portal.db import Database
from portal.transfer import exporting

_RUN = """
import json, re, sys, time
from portal.db import Database, Scope
from portal.transfer.files import read_objects
from portal.transfer.importing import Import
url, tenant, account, file = sys.argv[1:]
start = time.monotonic()
with open(file, "rb") as source:
    report = Import(Database(url), Scope(int(tenant), account, False)).run(read_objects(source))
assert not report.refused
took = time.monotonic() - start
# what getrusage says begins with the memory of the process that started this one
with open("/proc/self/status") as status:
    peak = int(re.search(r"VmHWM:\\s+(\\d+)", status.read())[1]) / 1024
print(json.dumps([took, peak, report.written["invoice"]]))
"""


@dataclass(frozen=True)
class Imported:
    """How long an import took, in seconds, and the most memory it held, in MiB."""

    seconds: float
    peak: float


def imported(store: Store, target: Database, folder: Path) -> Imported:
    """The store's records, exported to a file, read into an empty database by a process of its own."""
    file = folder / "export.jsonl"
    with file.open("wb") as output:
        output.writelines(exporting.json_lines(store.database, store.scope))
    schema.upgrade(target)
    with target.writing() as db:
        new = new_accounts.create(db, CreateAccount("Bench", "DE", None, "eur"), now=clock.now())
    url = target.url.render_as_string(hide_password=False)
    arguments = [sys.executable, "-c", _RUN, url, str(new.test.id), new.account.id, str(file)]
    answer = subprocess.run(arguments, env=os.environ, check=True, capture_output=True, text=True).stdout
    seconds, peak, count = json.loads(answer)
    assert count > 0
    return Imported(seconds, peak)
