"""Statements by command and by folder."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from portal import clock
from portal.worker import bank_folder
from tests.statements_of_banks import Transfer, camt


@pytest.fixture
def command(settings: Any, scope: Any, bank: Any) -> Any:
    """`command("list")` runs `portal bank list` for this merchant, and gives what it prints."""
    places = {"PORTAL_INSTANCE": str(settings.instance), "PORTAL_DATABASE_URL": settings.database_url}
    mode = ["--live"] if scope.livemode else []

    def run(name: str, *arguments: Any, code: int = 0) -> str:
        words = [sys.executable, "-m", "portal.cli", "bank", name, *map(str, arguments)]
        words += ["--account", scope.account_id, *mode]
        done = subprocess.run(words, env={**os.environ, **places}, capture_output=True, text=True, timeout=120)
        assert done.returncode == code, done.stderr
        return done.stdout + done.stderr

    return run


def test_a_command_takes_in_files_and_names_those_that_it_refuses(api, opened, command, tmp_path: Path) -> None:
    invoice = opened(11900)
    good, bad = tmp_path / "good.xml", tmp_path / "bad.xml"
    good.write_bytes(camt(Transfer(11900, invoice["number"]), Transfer(500, "thanks")))
    bad.write_bytes(b"hello")
    done = command("import", good, bad, code=1)
    assert done.startswith("good.xml: 2 new, 1 assigned, 1 waiting\n")
    assert "bad.xml: refused. The file was not taken in. line 1" in done
    assert api.get(f"invoices/{invoice['id']}")["status"] == "paid"
    assert command("import", good) == "good.xml: taken in before; 2 new, 1 assigned, 1 waiting\n"


def test_a_command_matches_a_large_file_to_its_end(api, command, tmp_path: Path) -> None:
    file = tmp_path / "large.xml"
    file.write_bytes(camt(*(Transfer(100 + number, f"nothing {number} {'x' * 200}") for number in range(900))))
    assert "900 new, 900 waiting" in command("import", file)
    assert api.get("bank_statements")["data"][0]["status"] == "complete"


def test_commands_list_what_waits_and_say_what_it_is_for(api, opened, command, bank, transfers) -> None:
    invoice = opened(11900)
    bank(Transfer(10000, f"part of {invoice['number']}"), Transfer(300, "thanks"))
    listed = command("list")
    assert f"{invoice['id']}=10000" in listed
    first, second = transfers()
    assert "10000 of 10000 eur assigned" in command("assign", first["id"], "--suggested")
    command("assign", second["id"], "--invoice", f"{invoice['id']}=100", "--customer-balance", invoice["customer"])
    assert api.get(f"invoices/{invoice['id']}")["amount_paid"] == 10100
    command("assign", second["id"], "--reverse", "--set-aside")
    assert api.get(f"bank_transactions/{second['id']}")["status"] == "set_aside"
    assert "Nothing waits" in command("list")


@pytest.fixture
def watched(app: Any, scope: Any, bank: Any, tmp_path: Path) -> tuple[Any, Path]:
    """The services of a portal that watches a folder, and the merchant's own one in it."""
    services = app.extensions["portal"]
    folder = tmp_path / scope.account_id / ("live" if scope.livemode else "test")
    folder.mkdir(parents=True)
    return replace(services, settings=replace(services.settings, bank_folder=tmp_path)), folder


def _put(folder: Path, name: str, content: bytes, *, old: bool = True) -> None:
    (folder / name).write_bytes(content)
    if old:
        os.utime(folder / name, (0, 0))


def test_files_of_a_folder_are_taken_in_and_moved(api, opened, watched) -> None:
    services, folder = watched
    invoice = opened(11900)
    _put(folder, "one.xml", camt(Transfer(11900, invoice["number"])))
    _put(folder, "two.xml", b"hello")
    _put(folder, "three.xml", camt(Transfer(1)), old=False)
    bank_folder.work(services, clock.now())
    assert api.get(f"invoices/{invoice['id']}")["status"] == "paid"
    places = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert places == {"done/one.xml", "refused/two.xml", "refused/two.xml.txt", "three.xml"}
    assert "line 1" in (folder / "refused/two.xml.txt").read_text()
    _put(folder, "one.xml", camt(Transfer(11900, invoice["number"])))
    bank_folder.work(services, clock.now())
    assert (folder / "done/one-2.xml").exists()
    assert len(api.get("bank_statements")["data"]) == 1


def test_a_folder_of_nobody_is_left_alone(watched, tmp_path: Path) -> None:
    services, _ = watched
    other = tmp_path / "acct_nobody" / "test"
    other.mkdir(parents=True)
    _put(other, "one.xml", camt(Transfer(1)))
    bank_folder.work(services, clock.now())
    assert (other / "one.xml").exists()
