"""The page of figures is what the command makes of the recorded runs."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest

from bench import history, report, stores, work
from bench.figures import Figure, Measurement, Taken, measure
from bench.sites import Merchant
from portal.models import Customer, Invoice, InvoiceLine, Subscription, SubscriptionItem


def _run(commit: str, against: str | None, **figures: Any) -> dict[str, Any]:
    machine = {"cores": 2, "cpu": "EPYC"}
    own = {
        "date": "2026-11-29",
        "commit": commit,
        "against": against,
        "machine": machine,
        "versions": {"python": "3.11"},
    }
    return {**own, "figures": figures}


def test_the_page_is_what_the_command_writes() -> None:
    assert report.PAGE.read_text("utf-8") == report.write(history.read()), "run `make performance`"


def test_a_page_shows_ratios_and_how_figures_went() -> None:
    old = _run("aaa", None, rate={"unit": "/s", "more": True, "value": [90.0, 100.0, 110.0]})
    taken = {"value": [180.0, 200.0, 220.0], "other": [90.0, 100.0, 110.0], "ratio": [1.9, 2.0, 2.1]}
    new = _run("bbb", "aaa", rate={"unit": "/s", "more": True, **taken})
    page = report.write([old, new])
    assert "## bbb beside aaa, 2026-11-29" in page
    assert "| rate | 200 | 100 | 2 (1.9 to 2.1) | better |" in page
    assert "| rate | /s | 100 | 200 |" in page
    assert "| 2026-11-29 bbb | 2 × EPYC | python 3.11 |" in page


def test_parts_that_were_measured_on_one_day_stand_together() -> None:
    def figure(value: float) -> dict[str, Any]:
        return {"unit": "s", "more": False, "value": [value] * 3, "other": [1.0] * 3, "ratio": [value] * 3}

    page = report.write(
        [_run("bbb", "aaa", seconds=figure(3), memory=figure(2)), _run("bbb", "aaa", seconds=figure(4))]
    )
    assert page.count("## bbb beside aaa") == 1
    assert "| seconds | s | 4 |" in page
    assert "| memory | s | 2 |" in page


@pytest.mark.parametrize(
    ("more", "ratio", "word"),
    [(True, [0.9, 1.1, 1.2], "the same"), (True, [0.7, 0.8, 0.9], "worse"), (False, [0.7, 0.8, 0.9], "better")],
)
def test_better_is_what_every_round_says(more: bool, ratio: list[float], word: str) -> None:
    figure = {"unit": "s", "more": more, "value": [1.0] * 3, "other": [1.0] * 3, "ratio": ratio}
    assert report.write([_run("bbb", "aaa", seconds=figure)]).count(f"| {word} |") == 1


MERCHANT = Merchant("acct_1", "sk_test_1", 1)
ROWS = {
    Customer: stores.customer_row(MERCHANT, "cus_1", 1, 1),
    Invoice: stores.invoice_row(MERCHANT, "in_1", "cus_1", 1, 1),
    InvoiceLine: stores.line_row(MERCHANT, "in_1", 1, 1, 0),
    Subscription: next(work.subscription_rows(MERCHANT, [("sub_1", "cus_1")], 1)),
    SubscriptionItem: next(work.item_rows(MERCHANT, ["sub_1"], "price_1", 1)),
}


@pytest.mark.parametrize("model", ROWS, ids=lambda model: model.__name__)
def test_rows_of_stores_say_all_that_their_tables_ask_for(model: Any) -> None:
    columns = model.__table__.columns
    asked = {each.name for each in columns if not each.nullable and each.server_default is None}
    assert asked - ROWS[model].keys() == set()


def test_two_trees_are_measured_in_turns() -> None:
    order: list[Any] = []
    figure = Figure("rate", "/s", more=True)

    def prepare(side: Any) -> Any:
        return contextlib.nullcontext(lambda: (order.append(side), 4.0 if side == "own" else 2.0)[1:])

    [taken] = measure(Measurement((figure,), prepare), ["own", "other"], rounds=4)  # type: ignore[list-item]
    assert order == ["own", "other", *["own", "other", "other", "own"] * 2]
    assert taken == Taken(figure, [4.0] * 4, [2.0] * 4)
    assert taken.ratios == [2.0] * 4
