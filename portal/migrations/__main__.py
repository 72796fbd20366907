"""Writes the next migration, named by the words given: `python -m portal.migrations "notes of invoices"`."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from portal import schema
from portal.db import Database

with TemporaryDirectory() as folder:
    database = Database(f"sqlite:///{Path(folder) / 'schema.db'}")
    schema.upgrade(database)
    schema.write_migration(database, " ".join(sys.argv[1:]))
    database.dispose()
