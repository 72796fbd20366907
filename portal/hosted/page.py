"""How a page is declared: its rule, who may see it, and when it is part of a flow.

A page that a configuration does not enable, or that is not part of the session's flow, answers like
a page that does not exist.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, abort
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from portal.hosted import visits
from portal.hosted.expired import expired
from portal.hosted.visits import Visit
from portal.web import declare

#: Whether a configuration's features allow a page.
Allows = Callable[[Mapping[str, Any]], bool]
Answer = str | AnyResponse
View = Callable[..., Answer]


def page(
    blueprint: Blueprint,
    rule: str,
    *,
    allows: Allows | None = None,
    flows: tuple[str, ...] = (),
    methods: tuple[str, ...] = ("GET",),
) -> Callable[[View], View]:
    """Declare a view below `/p/<session_id>`; it gets the `Visit` first.

    `allows` asks the configuration; without it every visit may come. `flows` are the flow types in
    which the page can be reached; outside a flow every page can.
    """

    def add(view: View) -> View:
        def guarded(session_id: str, **path: str) -> Answer:
            if not current_user.is_authenticated:
                return expired(session_id)
            visit = visits.current()
            if not _reachable(visit, allows, flows):
                abort(404)
            return view(visit, **path)

        blueprint.add_url_rule(f"/<session_id>{rule}", view.__name__, guarded, methods=list(methods))
        declare(f"{blueprint.name}.{view.__name__}", "visit", allows=allows, flows=flows)
        return view

    return add


def _reachable(visit: Visit, allows: Allows | None, flows: tuple[str, ...]) -> bool:
    if visit.in_flow and visit.in_flow not in flows:
        return False
    return allows is None or allows(visit.features)
