"""The versions of the database schema: upgrade, downgrade and check.

Alembic is imported by what changes a schema. Most starts only look whether it is the newest.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, column, inspect, select, table

from portal.db import Database

if TYPE_CHECKING:
    from alembic.config import Config


class UnknownRevision(RuntimeError):
    """The database is of another line of versions: a newer program's, or one before the first release."""

    def __init__(self, revision: str) -> None:
        super().__init__(
            f"This program doesn't know the schema {revision} of the database. A newer program made it, or one from "
            "before the first release: use that program, or begin with a new database."
        )


def upgrade(database: Database, revision: str = "head") -> None:
    """Bring the schema to a revision, the newest by default. Safe to repeat. Raises `UnknownRevision`."""
    present = current_revision(database)
    if present is not None and present not in _known_revisions():
        raise UnknownRevision(present)
    if present is not None and present == (head_revision() if revision == "head" else revision):
        return
    from alembic import command

    with database.writer.begin() as connection:
        command.upgrade(_alembic_config(connection), revision)


def downgrade(database: Database, revision: str) -> None:
    """Take the schema back to a revision; `base` removes all tables."""
    from alembic import command

    with database.writer.begin() as connection:
        command.downgrade(_alembic_config(connection), revision)


def is_current(database: Database) -> bool:
    """Whether the schema is the one this program was written for."""
    return current_revision(database) == head_revision()


def explain_lack(database: Database) -> str | None:
    """What to do where the schema is not the one this program was written for."""
    present, needed = current_revision(database), head_revision()
    if present == needed:
        return None
    state = "The database has no schema yet" if present is None else f"The schema is at {present}"
    return f"{state}, this program needs {needed}: portal db upgrade"


def current_revision(database: Database) -> str | None:
    """The schema's revision, None for an empty database."""
    with database.reader.connect() as connection:
        if not inspect(connection).has_table(_VERSIONS.name):
            return None
        revision: str | None = connection.execute(select(_VERSIONS.c.version_num)).scalar()
        return revision


def head_revision() -> str | None:
    """The newest revision of this program."""
    return max(_known_revisions(), default=None)


def _known_revisions() -> set[str]:
    """Every revision: the number that the name of its file begins with."""
    return {file.name.partition("_")[0] for file in (_MIGRATIONS_FOLDER / "versions").glob("[0-9]*.py")}


def write_migration(database: Database, words: str) -> None:
    """Write the next migration: what the models have and the schema of this database lacks; `words` name the file."""
    from alembic import command
    from alembic.config import Config

    with database.writer.begin() as connection:
        number = int(head_revision() or 0) + 1
        config = Config(toml_file=_SETTINGS_FILE)  # it names what formats the new file
        config.attributes["connection"] = connection
        command.revision(config, words, autogenerate=True, rev_id=f"{number:04}")


_MIGRATIONS_FOLDER = Path(__file__).parent / "migrations"
_SETTINGS_FILE = Path(__file__).parent.parent / "pyproject.toml"
#: Alembic's own table.
_VERSIONS = table("alembic_version", column("version_num"))


def _alembic_config(connection: Connection) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS_FOLDER))
    config.attributes["connection"] = connection
    return config
