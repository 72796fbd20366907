"""`portal import --verify`: next bills are compared with previews of the other system, and nothing is kept."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import orjson
import pytest

from portal.db import Database, Scope
from portal.transfer.files import read_objects
from portal.transfer.importing import Import
from portal.transfer.verifying import Verification, verify_bills
from tests.clients import Api
from tests.transfer import plain
from tests.transfer.plain import BASE, COUPON, END, START, discount, item, listed, subscription
from tests.transfer.test_command import account, run

__all__ = ["account"]

pytestmark = pytest.mark.usefixtures("held_clock")


def preview(total: int = 2000, id: str | None = "upcoming_in_1", **more: Any) -> dict[str, Any]:
    """A preview of the newer generation."""
    details = {"subscription_details": {"subscription": more.pop("subscription", "sub_1"), "metadata": {}}}
    own = {"currency": "eur", "total": total, "amount_due": total, "period_start": START, "period_end": END}
    found = plain.obj("invoice", "", parent=details, status="draft", lines=listed({"id": "il_1"}), **{**own, **more})
    return {key: value for key, value in {**found, "id": id}.items() if value is not None}


def verified(database: Database, scope: Scope, *objects: Any) -> Verification:
    run = Import(database, scope)
    report = run.run(read_objects(io.BytesIO(b"".join(orjson.dumps(each) + b"\n" for each in objects))))
    assert report.refused == []
    return verify_bills(database, scope, run.previews.by_subscription)


@pytest.mark.parametrize("id", ["upcoming_in_1", None])
def test_a_bill_that_was_foretold_agrees(database: Database, scope: Scope, api: Api, id: str | None) -> None:
    found = verified(database, scope, *BASE, subscription(discounts=[discount()]), preview(1000, id))
    assert (found.agreeing, found.differing, found.unforetold, found.totals) == (1, [], 0, {"eur": 1000})
    assert api.get("invoices")["data"] == []
    assert api.get("subscriptions/sub_1")["latest_invoice"] is None


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (preview(1000), "sub_1: 1000 eur (1 line) in the file, 2000 eur (1 line) here"),
        (preview(currency="usd"), "sub_1: 2000 usd (1 line) in the file, 2000 eur (1 line) here"),
        (preview(amount_due=1500), "sub_1: 2000 eur, 1500 due (1 line) in the file, 2000 eur (1 line) here"),
        (
            preview(period_end=END + 86400),
            "sub_1: 2000 eur (1 line) until 2026-12-02 in the file, 2000 eur (1 line) until 2026-12-01 here",
        ),
        (
            preview(subscription="sub_9"),
            "sub_9: 2000 eur (1 line) in the file, no such subscription that goes on here",
        ),
    ],
)
def test_another_bill_is_told_with_both_sums(
    database: Database, scope: Scope, given: dict[str, Any], words: str
) -> None:
    found = verified(database, scope, *BASE, subscription(), given)
    assert [str(each) for each in found.differing] == [words]


def test_a_bill_that_will_not_come_is_told(database: Database, scope: Scope) -> None:
    found = verified(database, scope, *BASE, subscription(cancel_at_period_end=True), preview())
    assert [str(each) for each in found.differing] == ["sub_1: 2000 eur (1 line) in the file, no bill here"]


def test_a_balance_lowers_what_is_due(database: Database, scope: Scope) -> None:
    objects = ({**plain.CUSTOMER, "balance": -500}, *BASE[1:], subscription())
    assert verified(database, scope, *objects, preview(amount_due=1500)).agreeing == 1


def test_what_was_not_foretold_is_counted_and_summed(database: Database, scope: Scope) -> None:
    others = [subscription(item(f"si_{at}"), id=f"sub_{at}") for at in range(3)]
    found = verified(database, scope, *BASE, *others, preview(subscription="sub_0"))
    assert (found.agreeing, found.unforetold, found.totals) == (1, 2, {"eur": 6000})


def test_the_bills_of_a_customer_do_not_touch_each_other(database: Database, scope: Scope) -> None:
    once = discount(source={"coupon": COUPON | {"duration": "once"}, "type": "coupon"})
    objects = ({**plain.CUSTOMER, "discount": once}, *BASE[1:], subscription(), subscription(item("si_2"), id="sub_2"))
    found = verified(database, scope, *objects, preview(1000), preview(1000, subscription="sub_2"))
    assert (found.agreeing, found.totals) == (2, {"eur": 2000})


def _write(file: Path, *objects: Any) -> str:
    file.write_bytes(b"".join(orjson.dumps(each) + b"\n" for each in objects))
    return str(file)


def test_the_command_takes_several_files_and_ends_with_1_where_a_bill_differs(tmp_path: Path, account: str) -> None:
    files = [_write(tmp_path / "subscriptions", subscription()), _write(tmp_path / "rest", *BASE, preview(1000))]
    done = run(tmp_path, "import", *files, "--account", account, "--verify")
    assert done.returncode == 1
    assert "differs  sub_1: 1000 eur (1 line) " in done.stderr
    assert "0 refused" in done.stdout
    again = run(tmp_path, "import", _write(tmp_path / "p", preview()), "--account", account, "--verify", "--json")
    assert (again.returncode, json.loads(again.stdout)["verified"]["agreeing"]) == (0, 1)


def test_the_command_names_the_file_of_what_it_refuses(tmp_path: Path, account: str) -> None:
    files = [_write(tmp_path / "a", *BASE), _write(tmp_path / "b", subscription(schedule="sub_sched_9"))]
    done = run(tmp_path, "import", *files, "--account", account)
    assert "refused  b line 1: subscription sub_1: it names 'sub_sched_9', which is neither" in done.stderr


def test_a_dry_run_can_not_be_verified(tmp_path: Path, account: str) -> None:
    done = run(tmp_path, "import", _write(tmp_path / "a", *BASE), "--account", account, "--verify", "--dry-run")
    assert (done.returncode, "--verify" in done.stderr) == (2, True)
