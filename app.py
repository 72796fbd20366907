"""Development entry: `flask run` finds `app` here and reloads it."""

from wsgi import app

__all__ = ["app"]
