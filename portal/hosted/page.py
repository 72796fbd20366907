"""The decorator that declares a page: its URL rule, who may see it, and the flows it belongs to.

A page that the configuration does not allow, or that is not part of the session's flow, answers like
a page that does not exist.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, abort
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from portal.hosted import visits
from portal.hosted.expired import expired_page
from portal.hosted.visits import Visit
from portal.web.policies import declare_policy

#: Whether a configuration's features allow a page.
FeatureCheck = Callable[[Mapping[str, Any]], bool]
PageResponse = str | AnyResponse
View = Callable[..., PageResponse]


def page(
    blueprint: Blueprint,
    rule: str,
    *,
    allows: FeatureCheck | None = None,
    flows: tuple[str, ...] = (),
    methods: tuple[str, ...] = ("GET",),
) -> Callable[[View], View]:
    """Declare a view below `/p/<session_id>`; it gets the `Visit` first.

    `allows` checks the configuration's features; without it every visit may open the page. `flows` are the flow
    types in which the page can be reached; outside a flow every page can.
    """

    def register_view(view: View) -> View:
        def guarded_view(session_id: str, **path: str) -> PageResponse:
            if not current_user.is_authenticated:
                return expired_page(session_id)
            visit = visits.current()
            if not _is_reachable(visit, allows, flows):
                abort(404)
            return view(visit, **path)

        blueprint.add_url_rule(f"/<session_id>{rule}", view.__name__, guarded_view, methods=list(methods))
        declare_policy(f"{blueprint.name}.{view.__name__}", "visit", allows=allows, flows=flows)
        return view

    return register_view


def _is_reachable(visit: Visit, allows: FeatureCheck | None, flows: tuple[str, ...]) -> bool:
    if visit.in_flow and visit.in_flow not in flows:
        return False
    return allows is None or allows(visit.features)
