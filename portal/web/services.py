"""Gives views the database and the other services of the portal that handles their request."""

from flask import Flask, current_app, g
from sqlalchemy import Connection

from portal.assembly import Services


def services() -> Services:
    """The services of the portal that handles this request."""
    parts: Services = current_app.extensions["portal"]
    return parts


def read_connection() -> Connection:
    """The connection on which this request reads: opened once, in autocommit, closed at its end.

    For prebuilt statements that name their tenant. Loading entities needs a session.
    """
    if "reader" not in g:
        g.reader = services().database.reader.connect()
    connection: Connection = g.reader
    return connection


def init_app(app: Flask, parts: Services) -> None:
    """Give `app` its services and its secret key."""
    app.extensions["portal"] = parts
    app.secret_key = parts.settings.secret_key
    app.config["SECRET_KEY_FALLBACKS"] = list(parts.settings.secret_key_fallbacks)
    app.teardown_appcontext(_close_connection)


def _close_connection(error: BaseException | None) -> None:
    connection = g.pop("reader", None)
    if connection is not None:
        connection.close()
