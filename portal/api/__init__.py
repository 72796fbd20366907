"""The admin API: every call below `/v1`, in the wire form of the reference (Stripe's API).

Each module with a function `register` adds the calls of its nouns.
"""

from importlib import import_module
from pkgutil import iter_modules

from flask import Blueprint, Flask


def init_app(app: Flask) -> Blueprint:
    """Register the calls of every noun below `/v1`, the OpenAPI file and the reference pages; return the blueprint."""
    from portal.api import reference

    blueprint = Blueprint("api", __name__, url_prefix="/v1")
    for module in iter_modules(__path__):
        noun = import_module(f"{__name__}.{module.name}")
        if hasattr(noun, "register"):
            noun.register(blueprint)
    # a path with two slashes is an unknown one, which answers in JSON, and no redirect
    app.url_map.merge_slashes = False
    app.register_blueprint(blueprint)
    app.register_blueprint(reference.blueprint)
    return blueprint
