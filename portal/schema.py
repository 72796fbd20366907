"""The versions of the database schema: upgrade, downgrade and check."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from portal.db import Database


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
    with database.writer.begin() as connection:
        command.upgrade(_alembic_config(connection), revision)


def downgrade(database: Database, revision: str) -> None:
    """Take the schema back to a revision; `base` removes all tables."""
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
        return MigrationContext.configure(connection).get_current_revision()


def _known_revisions() -> set[str]:
    return {each.revision for each in ScriptDirectory(_MIGRATIONS_FOLDER).walk_revisions()}


def head_revision() -> str | None:
    """The newest revision of this program."""
    return ScriptDirectory(_MIGRATIONS_FOLDER).get_current_head()


def write_migration(database: Database, words: str) -> None:
    """Write the next migration: what the models have and the schema of this database lacks; `words` name the file."""
    with database.writer.begin() as connection:
        number = int(head_revision() or 0) + 1
        config = Config(toml_file=_SETTINGS_FILE)  # it names what formats the new file
        config.attributes["connection"] = connection
        command.revision(config, words, autogenerate=True, rev_id=f"{number:04}")


_MIGRATIONS_FOLDER = str(Path(__file__).parent / "migrations")
_SETTINGS_FILE = Path(__file__).parent.parent / "pyproject.toml"


def _alembic_config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", _MIGRATIONS_FOLDER)
    config.attributes["connection"] = connection
    return config
