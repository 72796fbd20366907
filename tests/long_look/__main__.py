"""`make long-look`: runs the measurements of the figures that are asked for, and keeps what they find."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.databases import MEMORY
from tests.long_look import records, report
from tests.long_look.every_figure import FIGURES
from tests.long_look.figures import Figure, Run


def main() -> int:
    """Run one measurement after the other; 1 where one of them has found something."""
    asked = _parse()
    if asked.report:
        report.PAGE.write_text(report.write(FIGURES, records.read()), encoding="utf-8")
        return 0
    chosen = [each for each in FIGURES if not asked.only or each.id in asked.only]
    if not chosen:
        raise SystemExit("The figures are " + ", ".join(each.id for each in FIGURES))
    pieces = [
        _measure(figure, database, asked)
        for figure in chosen
        for database in figure.databases
        if asked.database in {"", "both", database} or database == "none"
    ]
    return int(not all(each.holds for each in pieces))


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.long_look", description=__doc__)
    parser.add_argument("only", nargs="*", help="the figures, such as R1 S2; all by default")
    parser.add_argument("--database", default="", choices=("", "both", "sqlite", "postgresql"))
    parser.add_argument("--count", type=int, help="how much of what is counted is enough")
    parser.add_argument("--minutes", type=float, help="after how long a piece ends")
    parser.add_argument("--report", action="store_true", help="write docs/security.md, and measure nothing")
    return parser.parse_args()


def _measure(figure: Figure, database: str, asked: argparse.Namespace) -> records.Piece:
    commit = records.name_commit()
    print(f"{figure.id} {database}: {figure.promise}", flush=True)
    memory = MEMORY if figure.in_memory and MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(prefix=f"look-{figure.id}-", dir=memory, ignore_cleanup_errors=True) as folder:
        run = Run(database, Path(folder), asked.count, asked.minutes, durable=not figure.in_memory)
        run.listen()
        try:
            outcome = figure.measure(run)
        finally:
            run.close()
    piece = records.add(figure.id, database, outcome, seconds=run.seconds, commit=commit)
    print(f"  {report.describe_counts(piece.did)} in {piece.seconds:,.0f} s", flush=True)
    for each in piece.wrong:
        print(f"  WRONG: {each}", flush=True)
    return piece


if __name__ == "__main__":
    sys.exit(main())
