"""Figures, and how two trees are measured against each other."""

from __future__ import annotations

import os
import statistics
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from bench.sites import Site
from bench.stores import Store, fill
from bench.trees import Tree
from tests import postgresql

ENGINES = ("sqlite", "postgresql")
#: How often each figure is taken, after once that only warms up.
ROUNDS = int(os.environ.get("ROUNDS") or 4)


@dataclass(frozen=True)
class Figure:
    """What a measurement tells: its name, its unit, and which way is better. A goal is of the value itself."""

    name: str
    unit: str = ""
    more: bool = False
    goal: float | None = None

    def reached(self, value: float) -> bool:
        """Whether a value reaches the goal; one that has none always does."""
        return self.goal is None or (value >= self.goal if self.more else value <= self.goal)


class Servers:
    """A temporary PostgreSQL cluster, from its first use to the end of the block."""

    @cached_property
    def cluster(self) -> postgresql.Cluster:
        return postgresql.Cluster(durable=True)

    def __enter__(self) -> Servers:
        return self

    def __exit__(self, *error: object) -> None:
        if "cluster" in vars(self):
            self.cluster.stop()


@dataclass(frozen=True)
class Side:
    """One of the trees that are measured, with the portals that were made of it so far."""

    tree: Tree
    folder: Path
    servers: Servers
    _stores: dict[tuple[str, int], Store] = field(default_factory=dict)
    _count: Iterator[int] = field(default_factory=lambda: iter(range(10_000)))

    def site(self, engine: str) -> Site:
        """A new portal without rows."""
        name = f"{self.folder.name}_{next(self._count)}"
        folder = self.folder / name
        folder.mkdir(parents=True)
        url = f"sqlite:///{folder}/portal.db"
        if engine == "postgresql":
            url = postgresql.new_database(self.servers.cluster.url, f"bench_{name}")
        made = Site(self.tree, folder, url)
        made.run("db", "upgrade")
        return made

    def store(self, engine: str, invoices: int) -> Store:
        """A portal with so many invoices, made at the first call."""
        if (engine, invoices) not in self._stores:
            self._stores[engine, invoices] = fill(self.site(engine), invoices)
        return self._stores[engine, invoices]


#: Takes the figures of a measurement once.
Take = Callable[[], tuple[float, ...]]


@dataclass(frozen=True)
class Measurement:
    """Figures that are taken together: `prepare` starts what is measured on one side until the end of its block."""

    figures: tuple[Figure, ...]
    prepare: Callable[[Side], AbstractContextManager[Take]]
    #: At most so many rounds, and none to warm up, where each takes long.
    rounds: int | None = None


@dataclass(frozen=True)
class Taken:
    """The values of a figure in the order of the rounds, and those of the other tree, if there is one."""

    figure: Figure
    own: list[float]
    other: list[float]

    @property
    def ratios(self) -> list[float]:
        """This tree ÷ the other one, by rounds."""
        return [own / other for own, other in zip(self.own, self.other, strict=True)] if self.other else []

    def __str__(self) -> str:
        figure, value = self.figure, statistics.median(self.own)
        line = f"{figure.name:<62} {value:>10.3f} {figure.unit:<4}"
        if self.other:
            low, middle, high = min(self.ratios), statistics.median(self.ratios), max(self.ratios)
            line += f" ÷ {statistics.median(self.other):>10.3f} = {middle:.3f} ({low:.3f} to {high:.3f})"
        if figure.goal is not None:
            line += f"  {'≥' if figure.more else '≤'} {figure.goal:g} {'' if figure.reached(value) else 'MISSED'}"
        return line.rstrip()


def measure(measurement: Measurement, sides: list[Side], *, rounds: int = ROUNDS) -> list[Taken]:
    """Take every figure in turns: this tree and the other, then the other and this one, and so on."""
    rounds = min(rounds, measurement.rounds or rounds)
    values: list[list[tuple[float, ...]]] = [[] for _ in sides]
    with ExitStack() as stack:
        takes = [stack.enter_context(measurement.prepare(side)) for side in sides]
        if measurement.rounds is None:
            for take in takes:
                take()
        for number in range(rounds):
            turn = list(zip(takes, values, strict=True))
            for take, kept in reversed(turn) if number % 2 else turn:
                kept.append(take())
    own, other = values[0], values[1] if len(values) > 1 else []
    return [
        Taken(figure, [each[at] for each in own], [each[at] for each in other])
        for at, figure in enumerate(measurement.figures)
    ]
