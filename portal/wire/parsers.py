"""Builds the parsers of commands before anybody needs them; one takes some milliseconds, all of them a second."""

import time
from collections.abc import Iterator

from portal.wire.commands import Command


def build(pause: float = 0.0) -> None:
    """Build the parser of each command that has none yet, with so many seconds between them for other threads."""
    for command in _list_commands(Command):
        if not command.__pydantic_complete__:
            command.model_rebuild()
            time.sleep(pause)


def _list_commands(base: type[Command]) -> Iterator[type[Command]]:
    for each in base.__subclasses__():
        yield each
        yield from _list_commands(each)
