"""The decorator that declares a page: its URL rule, who may see it, and the flows it belongs to.

How a page is made, by the example of `details`:

- The view gets the `Visit` (visits.py) and opens database sessions with `visit.reading()` and `visit.writing()`, which
  see only the rows of its merchant and mode. It calls a use case of `portal.billing` and renders a template.
- A form (forms.py) becomes the use case's command: the one that the API takes too. A page with a form answers
  `GET` and `POST`, and redirects with 303 once it is done. templates/macros/forms.html renders fields and errors; the
  template puts the form's token by `csrf_token()`, which form_protection.py checks.
- The template extends hosted/base.html, which draws the frame (frames.py) by itself: merchant, navigation, customer.
- Texts are `_("…")` with named placeholders. Money, dates and countries become text by the filters of languages.py.
- The module has a `blueprint` and is named in `PAGES` (__init__.py). For the navigation it gets a row in navigation.py.
"""

from collections.abc import Callable

from flask import Blueprint, abort
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from portal.hosted import visit_sessions
from portal.hosted.expired import expired_page
from portal.hosted.visits import Visit
from portal.rules.permissions import FeatureCheck
from portal.web.policies import declare_policy

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
    types in which the page can be reached; outside a flow every page can. Anywhere else the page answers 404.
    """

    def register_view(view: View) -> View:
        def guarded_view(session_id: str, **path: str) -> PageResponse:
            if not current_user.is_authenticated:
                return expired_page(session_id)
            visit = visit_sessions.current()
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
