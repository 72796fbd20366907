"""What the two databases say differently: an insert that knows what to do where the row is there already."""

from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy.dialects import postgresql, sqlite

#: Each dialect's own `insert`, which has `on_conflict_do_nothing` and `on_conflict_do_update`.
INSERTS: dict[str, Callable[..., Any]] = {"postgresql": postgresql.insert, "sqlite": sqlite.insert}

Statement = TypeVar("Statement")


def by_dialect(build: Callable[[Callable[..., Any]], Statement]) -> dict[str, Statement]:
    """A statement for each dialect by its name; `build` makes one of that dialect's `insert`."""
    return {name: build(insert) for name, insert in INSERTS.items()}
