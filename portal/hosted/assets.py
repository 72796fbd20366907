"""What templates need of files and names: the address of a static file, and the initial of a name."""

import hashlib
from functools import lru_cache
from pathlib import Path

from flask import Flask

from portal import clock

_STATIC = Path(__file__).resolve().parents[2] / "static"


def init_app(app: Flask) -> None:
    """Give templates `asset` and `initial`."""
    # every static file is linked with its version, so a browser may keep it
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = 365 * clock.DAY
    app.jinja_env.globals.update(asset=asset, initial=initial)


def asset(name: str) -> str:
    """The address of a file in `static/`; it changes with the file's content."""
    return f"/static/{name}?{_file_version(name)}"


def initial(name: str) -> str:
    """The first letter or digit of a name."""
    return next((character.upper() for character in name if character.isalnum()), "·")


@lru_cache(maxsize=64)
def _file_version(name: str) -> str:
    return hashlib.sha256((_STATIC / name).read_bytes()).hexdigest()[:12]
