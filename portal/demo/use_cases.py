"""Runs use cases with parameters as the API takes them."""

from typing import Any

from sqlalchemy.orm import Session

from portal.wire.commands import Command, parse_command


def run_use_case(db: Session, function: Any, command: type[Command], now: int, /, *rows: Any, **sent: Any) -> Any:
    """The result of `function` with the rows that it takes and the command made from `sent`, as of `now`."""
    result = function(db, *rows, parse_command(command, sent), now=now)
    db.flush()
    return result
