"""The page of security figures is what the command makes of the recorded runs, and its figures are whole."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.long_look import answers, backups, records, report, standard
from tests.long_look.every_figure import FIGURES
from tests.long_look.figures import Figure, Outcome, Run
from tests.long_look.records import Piece


def _piece(kills: float, *wrong: str, commit: str = "aaa", database: str = "sqlite") -> Piece:
    return Piece("R1", database, {"kills": kills, "p99 ms": kills}, list(wrong), 60.0, commit, "2026-11-30")


def _figure(*, adds_up: bool = True) -> Figure:
    return Figure("R1", "Nothing is lost.", {"kills": 200}, lambda run: Outcome({}), ("sqlite",), adds_up)


def test_the_page_is_what_the_command_writes() -> None:
    assert report.PAGE.read_text("utf-8") == report.write(FIGURES, records.read()), "run `make long-look REPORT=1`"


def test_every_figure_of_the_bar_is_there() -> None:
    assert [each.id for each in FIGURES if each.id.startswith("S")] == [f"S{number}" for number in range(1, 18)]
    assert [each.id for each in FIGURES if each.id.startswith("R")] == [f"R{number}" for number in range(1, 18)]


def test_tests_that_hold_a_figure_exist() -> None:
    names = [name for each in FIGURES for name in each.tests if "/" in name]
    assert [name for name in names if not (records.TOP / name).exists()] == []


def test_pieces_add_up() -> None:
    page = report.write([_figure()], [_piece(40), _piece(50)])
    assert "90 of 200 kills, 50 p99 ms – so far | nothing wrong (2 runs, the last 2026-11-30, `aaa`)" in page


def test_a_whole_run_is_not_so_far() -> None:
    assert "200 of 200 kills, 200 p99 ms |" in report.write([_figure()], [_piece(200)])


def test_the_largest_run_counts_where_pieces_do_not_add_up() -> None:
    page = report.write([_figure(adds_up=False)], [_piece(120, commit="large"), _piece(50)])
    assert "120 of 200 kills" in page
    assert "`large`" in page


def test_a_finding_begins_the_count_anew() -> None:
    found = [_piece(40), _piece(1, "lost cus_1")]
    assert "**wrong:** lost cus_1" in report.write([_figure()], found)
    assert "50 of 200 kills" in report.write([_figure()], [*found, _piece(50)])


def test_what_was_measured_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "FILE", tmp_path / "figures.jsonl")
    records.add("R1", "sqlite", Outcome({"kills": 3, "hours": 0.51234}, ("x" * 999,)), seconds=1.23, commit="aaa")
    (piece,) = records.read()
    assert piece.did == {"kills": 3, "hours": 0.5123}
    assert not piece.holds
    assert piece.wrong == ["x" * 300]


def test_a_signal_ends_a_piece_in_order(tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    try:
        run = Run("sqlite", tmp_path)
        run.listen()
        assert run.goes_on(5, 10)
        os.kill(os.getpid(), signal.SIGTERM)
        assert not run.goes_on(5, 10)
    finally:
        signal.signal(signal.SIGTERM, before[0])
        signal.signal(signal.SIGINT, before[1])


def test_a_piece_ends_when_it_has_done_enough(tmp_path: Path) -> None:
    assert not Run("sqlite", tmp_path).goes_on(10, 10)
    assert not Run("sqlite", tmp_path, count=3).goes_on(3, 10)
    assert Run("sqlite", tmp_path, minutes=1).goes_on(11, 10)
    assert not Run("sqlite", tmp_path, minutes=0).goes_on(1, 10)


GOOD = [
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", "camera=()"),
    ("Content-Security-Policy", "default-src 'none'"),
    ("Request-Id", "req_1"),
    ("Cache-Control", "no-store"),
]


def test_an_answer_as_it_should_be_is_left_alone() -> None:
    cookie = ("Set-Cookie", "__Host-a=b; Secure; HttpOnly; Path=/; SameSite=Lax")
    assert answers.find_wrong("/p/bps_1/", 200, [*GOOD, cookie], b"<p>fine") == []
    assert answers.find_wrong("/v1/customers", 400, GOOD, b'{"error": {"type": "a", "message": "b"}}') == []


@pytest.mark.parametrize("missing", [name for name, _ in GOOD])
def test_a_missing_header_is_found(missing: str) -> None:
    assert answers.find_wrong("/", 200, [each for each in GOOD if each[0] != missing], b"") != []


@pytest.mark.parametrize(
    ("path", "status", "more", "body"),
    [
        ("/", 500, [], b""),
        ("/", 200, [("Set-Cookie", "a=b; Path=/")], b""),
        ("/", 200, [("Content-Security-Policy", "script-src 'unsafe-inline'")], b""),
        ("/p/bps_1/", 200, [("Cache-Control", "public")], b""),
        ("/v1/customers", 404, [], b"not found"),
        ("/", 200, [], b"Traceback (most recent call last)"),
        ("/", 200, [], b"SELECT a FROM b"),
    ],
)
def test_what_is_wrong_with_an_answer_is_found(
    path: str, status: int, more: list[tuple[str, str]], body: bytes
) -> None:
    assert answers.find_wrong(path, status, [*GOOD, *more], body) != []


def test_every_requirement_of_the_standard_is_held_by_what_exists() -> None:
    assert [*standard.find_unheld()] == []
    assert len(standard.read_requirements()) == 226


@pytest.mark.parametrize("way", [way for ways in backups.WAYS.values() for way in ways])
def test_the_guide_has_the_commands_of_each_backup(way: backups.Way) -> None:
    assert backups.read_commands(way.backup)
    assert "systemctl start portal" in backups.read_restore(way)
