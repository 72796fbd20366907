"""`make bench`: measures this tree against its goals, or side by side with another commit, and prints the table."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench import bank, calls, debits, documents, history, pages, starts, work
from bench.figures import Measurement, Servers, Side, Taken, measure
from bench.trees import Tree, other_tree, this_tree

MEASUREMENTS = [
    *starts.MEASUREMENTS,
    *pages.MEASUREMENTS,
    *calls.MEASUREMENTS,
    *work.MEASUREMENTS,
    *bank.MEASUREMENTS,
    *debits.MEASUREMENTS,
]


def main() -> int:
    """Print each figure as soon as it is known; ends with 1 where a goal is missed."""
    # what was started is stopped, too, where the bench itself is
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    asked = _parse()
    if asked.record:
        history.refuse_unnamed(this_tree())
    with _trees(asked.against) as trees:
        taken = []
        for each in _taken(trees, asked.only):
            taken.append(each)
            print(each, flush=True)
        if asked.record:
            history.add(trees, taken)
    return 0


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--against", default="", help="a commit that is measured in turns with this tree")
    parser.add_argument("--only", default="", help="only figures with these words in their names")
    parser.add_argument("--record", action="store_true", help="add the run to what docs/performance.md shows")
    return parser.parse_args()


@contextmanager
def _trees(against: str) -> Iterator[list[Tree]]:
    with ExitStack() as stack:
        yield [this_tree(), *([stack.enter_context(other_tree(against))] if against else [])]


def _taken(trees: list[Tree], only: str) -> Iterator[Taken]:
    with tempfile.TemporaryDirectory(prefix="portal-bench-") as folder, Servers() as servers:
        sides = [Side(tree, Path(folder) / f"side{at}", servers) for at, tree in enumerate(trees)]
        for measurement in MEASUREMENTS:
            if _is_asked(measurement, only):
                yield from measure(measurement, sides)
    if len(trees) == 1:
        yield from (Taken(figure, [value], []) for figure, value in documents.figures(only))


def _is_asked(measurement: Measurement, only: str) -> bool:
    return any(only in figure.name for figure in measurement.figures)


if __name__ == "__main__":
    sys.exit(main())
