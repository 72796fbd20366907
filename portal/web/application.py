"""Gives a Flask application everything that pages and API share."""

from collections.abc import Callable
from typing import Any

from flask import Flask

from portal.assembly import Services
from portal.web import access_log, errors, headers, health, hosts, limits, rates, services
from portal.web.rules import LazyRule


class Application(Flask):
    """Flask for plain functions: no view of ours is a coroutine, and to look for that ten times a request costs."""

    url_rule_class = LazyRule

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """The function itself."""
        return func


def init_app(app: Flask, parts: Services) -> None:
    """Give `app` its services, hosts, limits, headers, error answers and health checks."""
    services.init_app(app, parts)
    headers.init_app(app, parts.settings)
    access_log.init_app(app)  # before what refuses, so that a refused request has its route in the log
    hosts.init_app(app, parts)
    limits.init_app(app)
    rates.init_app(app, parts)
    errors.init_app(app)
    health.init_app(app)
