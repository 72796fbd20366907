"""Parsers of commands are built late, and all of them can be."""

from __future__ import annotations

from flask import Flask

from portal.wire import parsers
from portal.wire.commands import Command


def test_the_parser_of_every_command_can_be_built(app: Flask) -> None:
    """What is wrong in one would else be found by its first call."""
    assert len(Command.__subclasses__()) > 100
    parsers.build()
    assert [each for each in Command.__subclasses__() if not each.__pydantic_complete__] == []
