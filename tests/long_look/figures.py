"""What a figure is: what it promises, what a whole run counts, and how it is measured."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from tests import postgresql

BOTH = ("sqlite", "postgresql")
#: What a measurement that needs no database says.
NEITHER = ("none",)


@dataclass
class Run:
    """One piece of a measurement: on which database, where its files may lie, and when it has done enough."""

    database: str
    folder: Path
    count: int | None = None
    minutes: float | None = None
    began: float = field(default_factory=time.monotonic)
    told_to_end: bool = False
    durable: bool = True

    def listen(self) -> None:
        """From now on a signal ends the piece early; what it has counted until then is recorded."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: setattr(self, "told_to_end", True))

    def goes_on(self, done: float, full: int) -> bool:
        """Whether there is more to do, of a measurement that counts to `full` where nothing else is asked for."""
        if self.told_to_end or (self.minutes is not None and self.seconds >= self.minutes * 60):
            return False
        return done < (self.count if self.count is not None else full if self.minutes is None else float("inf"))

    @property
    def seconds(self) -> float:
        """How long it has been running."""
        return time.monotonic() - self.began

    @cached_property
    def cluster(self) -> postgresql.Cluster:
        """A server of PostgreSQL of this run alone; where it is durable it waits for the disk as in production."""
        return postgresql.Cluster(durable=self.durable)

    def new_database(self, name: str) -> dict[str, str]:
        """The variables of a portal with an empty database of its own, in a folder of that name."""
        folder = self.folder / name
        folder.mkdir(parents=True)
        variables = {"PORTAL_INSTANCE": str(folder), "PORTAL_LOG_FORMAT": "json"}
        if self.database == "postgresql":
            variables["PORTAL_DATABASE_URL"] = postgresql.new_database(self.cluster.url, f"look_{name}")
        return variables

    def close(self) -> None:
        """Stop what the run has started for itself."""
        if "cluster" in self.__dict__:
            self.cluster.stop()


@dataclass(frozen=True)
class Outcome:
    """What a piece did, in numbers with their words, and each thing that it found to be wrong."""

    did: Mapping[str, float]
    wrong: tuple[str, ...] = ()


@dataclass(frozen=True)
class Figure:
    """A promise, and the measurement of it.

    `goal` names the counts of a whole run: `{"kills": 200}`. Counts of pieces add up where `adds_up`. `tests` are the
    tests that hold a part of it every day. What asks nothing of the disk is measured `in_memory`, which is faster.
    """

    id: str
    promise: str
    goal: Mapping[str, int]
    measure: Callable[[Run], Outcome]
    databases: tuple[str, ...] = BOTH
    adds_up: bool = False
    tests: tuple[str, ...] = ()
    in_memory: bool = False
