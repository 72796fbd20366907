"""Serves `/docs`: the API reference and the guides as web pages, with a search over both."""

from typing import Any

from flask import Blueprint, Response, abort, render_template, request, send_from_directory
from markupsafe import Markup, escape

from portal.api import guides, openapi
from portal.api.reference_pages import CallPage, find_noun, list_nouns, place_objects
from portal.api.reference_search import LONGEST_QUERY, find_entries
from portal.web.policies import declare_policy
from portal.web.services import services

blueprint = Blueprint("reference", __name__)


@blueprint.get("/docs")
def index() -> Response:
    """The rules of the API, the guides, and every call by noun."""
    return _render_page("reference/index.html")


@blueprint.get("/docs/<slug>")
def noun(slug: str) -> Response:
    """What a noun is, its calls and its objects."""
    shown = find_noun(slug) or abort(404)
    return _render_page("reference/noun.html", noun=shown)


@blueprint.get("/docs/<slug>/<id>")
def part(slug: str, id: str) -> Response:
    """A call with its parameters and a sample, or an object with its keys."""
    shown = find_noun(slug) or abort(404)
    page = shown.find_page(id) or abort(404)
    template = "reference/call.html" if isinstance(page, CallPage) else "reference/object.html"
    return _render_page(template, noun=shown, page=page)


@blueprint.get("/docs/search")
def search() -> Response:
    """What has every word of `q` in it."""
    query = request.args.get("q", "").strip()[:LONGEST_QUERY]
    return _render_page("reference/search.html", query=query, found=find_entries(query))


@blueprint.get("/docs/guides/<slug>")
def guide(slug: str) -> Response:
    """A guide."""
    return _render_page("reference/guide.html", guide=guides.find_guide(slug) or abort(404))


@blueprint.get("/docs/guides/images/<name>")
def image(name: str) -> Response:
    """A picture of a guide."""
    return _let_keep(send_from_directory(guides.FOLDER / "images", name))


@blueprint.app_template_filter()
def code_spans(text: str) -> Markup:
    """Words of the tables as HTML, with what stands between backticks as code."""
    parts = [escape(part) for part in text.split("`")]
    return Markup("").join(Markup("<code>{}</code>").format(part) if at % 2 else part for at, part in enumerate(parts))


def _render_page(template: str, **context: Any) -> Response:
    shared = {"nouns": list_nouns(), "guides": guides.list_guides(), "objects": place_objects()}
    base_url = services().settings.base_url
    return _let_keep(Response(render_template(template, base_url=base_url, **shared, **context)))


def _let_keep(response: Response) -> Response:
    response.headers["Cache-Control"] = f"public, max-age={openapi.MAX_AGE}"
    return response


for _endpoint in ("index", "noun", "part", "search", "guide", "image"):
    declare_policy(f"reference.{_endpoint}", "public")
