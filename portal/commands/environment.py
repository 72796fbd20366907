"""What commands take from the environment: the settings, and the database that these name."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any, NoReturn

import click

if TYPE_CHECKING:
    from portal.db import Database
    from portal.seal import Seal
    from portal.settings import Settings


def load_settings(*, exit_code: int = 1) -> Settings:
    """The settings; where one is not valid, say so and exit."""
    from portal.settings import InvalidSetting, from_environment

    try:
        return from_environment()
    except InvalidSetting as error:
        exit_with_error(str(error), exit_code)


def keep_files_private() -> None:
    """Let no other user of the machine read what this process writes: database, log, documents, exports."""
    os.umask(0o077)


def open_database(settings: Settings) -> Database:
    """The database of these settings; the instance folder is made where it is missing."""
    from portal.assembly import assemble_database

    settings.instance.mkdir(parents=True, exist_ok=True)
    return assemble_database(settings, pool_size=2)


def build_own_seal() -> Seal:
    """What encrypts the secrets of this portal."""
    from portal.assembly import build_seal

    return build_seal(load_settings())


def upgrade_schema(settings: Settings) -> None:
    """Bring the schema up to date; exit with the reason where this program can't."""
    from portal import schema

    try:
        schema.upgrade(open_database(settings))
    except schema.UnknownRevision as error:
        exit_with_error(str(error))


class Commands(click.Group):
    """A group whose commands end with one line, and 1, where a use case refuses or the schema is another one."""

    def invoke(self, context: click.Context) -> Any:
        """Run the command that was asked for."""
        try:
            return super().invoke(context)
        except (click.exceptions.Exit, click.Abort, click.ClickException):
            raise
        except Exception as error:
            exit_with_error(_explain(error))


def _explain(error: Exception) -> str:
    """What an operator can do about it. Raises the error itself where that is nothing."""
    from sqlalchemy.exc import DBAPIError

    from portal.errors import PortalError

    if isinstance(error, DBAPIError | PortalError) and (lack := _schema_lack()):
        return lack
    if isinstance(error, PortalError):
        return error.message
    raise error


def _schema_lack() -> str | None:
    from sqlalchemy.exc import SQLAlchemyError

    from portal import schema
    from portal.settings import from_environment

    database = open_database(from_environment())
    try:
        return schema.explain_lack(database)
    except SQLAlchemyError:
        return None
    finally:
        database.dispose()


def exit_with_error(words: str, code: int = 1) -> NoReturn:
    """Print `words` to standard error and exit."""
    click.echo(words, err=True)
    sys.exit(code)


def print_rows(rows: list[dict[str, str]], *, as_json: bool) -> None:
    """Print rows of values, one a line or as one JSON array."""
    if as_json:
        click.echo(json.dumps(rows))
        return
    for row in rows:
        click.echo("  ".join(row.values()))


def print_values(values: dict[str, str], *, as_json: bool) -> None:
    """Print names and values, as lines or as one JSON object."""
    if as_json:
        click.echo(json.dumps(values))
        return
    for name, value in values.items():
        click.echo(f"{name:<12} {value}")
