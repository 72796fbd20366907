"""What templates need of files and names: the address of a static file, and the initial of a name."""

import hashlib
import re
from functools import cache, lru_cache
from pathlib import Path

from flask import Flask, Response, request

from portal import clock
from portal.hosted.schemes import fix_scheme
from portal.web.policies import declare_policy

#: What a browser may do with a file whose address changes with its content.
CACHE_FOREVER = f"public, max-age={365 * clock.DAY}, immutable"
_STATIC = Path(__file__).resolve().parents[2] / "static"


def init_app(app: Flask) -> None:
    """Give templates `asset` and `initial`."""
    # every static file is linked with its version, so a browser may keep it
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = 365 * clock.DAY
    app.jinja_env.globals.update(asset=asset, initial=initial)
    app.add_url_rule("/static/app.css", "stylesheet", _serve_stylesheet)
    declare_policy("stylesheet", "public")


def asset(name: str) -> str:
    """The address of a file in `static/`; it changes with the file's content."""
    return f"/static/{name}?{_file_version(name)}"


def initial(name: str) -> str:
    """The first letter or digit of a name."""
    return next((character.upper() for character in name if character.isalnum()), "·")


def _serve_stylesheet() -> Response:
    """The pages' stylesheet as it is sent."""
    sheet = fix_scheme(_read_stylesheet(), request.args.get("scheme"))
    return Response(sheet, mimetype="text/css", headers={"Cache-Control": CACHE_FOREVER})


@cache
def _read_stylesheet() -> str:
    return shorten((_STATIC / "app.css").read_text())


def shorten(sheet: str) -> str:
    """A stylesheet without comments and needless blanks, a fifth of it. No string in it may hold a mark of CSS.

    A blank before a colon stays: it may stand between an element and what is within it.
    """
    without_comments = re.sub(r"/\*.*?\*/", "", sheet, flags=re.DOTALL)
    return re.sub(r" ?([{};,]) ?|(:) ", r"\1\2", re.sub(r"\s+", " ", without_comments)).replace(";}", "}").strip()


@lru_cache(maxsize=64)
def _file_version(name: str) -> str:
    return hashlib.sha256((_STATIC / name).read_bytes()).hexdigest()[:12]
