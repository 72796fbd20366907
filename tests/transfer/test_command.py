"""`portal import` and `portal export`, run as an operator runs them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from portal import clock, schema
from portal.billing.accounts import new_accounts
from portal.billing.accounts.new_accounts import CreateAccount
from portal.db import Database

TOP = Path(__file__).parents[2]
GOOD = '{"id": "cus_1", "object": "customer", "created": 1700000000, "name": "Jenny Rosen"}\n'
BAD = '{"id": "cus_2", "object": "customer", "name": "Nobody"}\n'


@pytest.fixture
def account(tmp_path: Path) -> str:
    """An account in a database of its own."""
    database = Database(f"sqlite:///{tmp_path}/portal.db")
    schema.upgrade(database)
    with database.writing() as db:
        return new_accounts.create(db, CreateAccount("Acme"), now=clock.now()).account.id


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "portal.cli", *arguments]
    environment = {**os.environ, "PORTAL_INSTANCE": str(folder)}
    return subprocess.run(command, cwd=TOP, env=environment, capture_output=True, text=True)


def test_an_import_names_what_it_refuses_and_ends_with_1(tmp_path: Path, account: str) -> None:
    (tmp_path / "file").write_text(GOOD + BAD)
    done = run(tmp_path, "import", str(tmp_path / "file"), "--account", account)
    assert done.returncode == 1
    assert "refused  line 2: customer cus_2: created is missing" in done.stderr
    assert "1 × customer" in done.stdout


def test_a_dry_run_leaves_nothing_to_export(tmp_path: Path, account: str) -> None:
    (tmp_path / "file").write_text(GOOD)
    done = run(tmp_path, "import", str(tmp_path / "file"), "--account", account, "--dry-run", "--json")
    assert json.loads(done.stdout) == {
        "dry_run": True,
        "written": {"customer": 1},
        "skipped": {},
        "notes": {},
        "refused": [],
    }
    assert "cus_1" not in run(tmp_path, "export", "--account", account).stdout


def test_an_export_is_read_back(tmp_path: Path, account: str) -> None:
    (tmp_path / "file").write_text(GOOD)
    assert run(tmp_path, "import", str(tmp_path / "file"), "--account", account).returncode == 0
    assert run(tmp_path, "export", "--account", account, "--output", str(tmp_path / "out")).returncode == 0
    assert run(tmp_path, "import", str(tmp_path / "out"), "--account", account).returncode == 0
    assert "Jenny Rosen" in run(tmp_path, "export", "--account", account).stdout


def test_an_unknown_account_is_told_in_one_line(tmp_path: Path, account: str) -> None:
    assert "acct_none" in run(tmp_path, "export", "--account", "acct_none").stderr


def test_a_file_that_breaks_off_gives_what_it_held(tmp_path: Path, account: str) -> None:
    (tmp_path / "file").write_text("[" + GOOD)
    done = run(tmp_path, "import", str(tmp_path / "file"), "--account", account)
    assert (done.returncode, "1 × customer" in done.stdout) == (1, True)
    assert "refused  after object 1: it is no JSON: " in done.stderr


def test_a_table_is_refused_with_what_is_needed(tmp_path: Path, account: str) -> None:
    (tmp_path / "file").write_text("id,email\n1,ada@example.com\n")
    done = run(tmp_path, "import", str(tmp_path / "file"), "--account", account)
    assert done.returncode == 1
    assert "refused  at the beginning: it is no JSON: " in done.stderr
    assert "tables (CSV) are not read" in done.stderr
