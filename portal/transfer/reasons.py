"""The reasons for which objects are refused, in words for whoever reads the report of an import."""

import re

from sqlalchemy.exc import DBAPIError, IntegrityError

from portal.errors import PortalError
from portal.transfer.tables import RefusedObject

#: The columns of a unique constraint, as SQLite and PostgreSQL name them.
_UNIQUE_COLUMNS = (re.compile(r"^UNIQUE constraint failed: (.+)$"), re.compile(r"^DETAIL: +Key \((.+)\)=\(", re.M))


def reason_of(error: DBAPIError | RefusedObject | PortalError) -> str:
    """Why an object can't be stored."""
    refused = error if isinstance(error, IntegrityError) else error.__cause__
    if isinstance(refused, IntegrityError) and (same := _same_columns(str(refused.orig))):
        return f"another object has the same {same}"
    if isinstance(error, DBAPIError):
        return str(error.orig).splitlines()[0]
    return error.message if isinstance(error, PortalError) else str(error)


def _same_columns(words: str) -> str:
    """The columns whose values are taken, where the words of the database name them."""
    found = next((match.group(1) for pattern in _UNIQUE_COLUMNS if (match := pattern.search(words))), "")
    columns = [name.rpartition(".")[2] for name in found.split(", ")]
    return ", ".join(name for name in columns if name != "tenant_id")
