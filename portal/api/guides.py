"""The guides of `docs/` as pages: Markdown made into HTML, with links among them and to the reference."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from html import unescape
from itertools import pairwise
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

FOLDER = Path(__file__).resolve().parent.parent.parent / "docs"
#: In the order in which somebody who is new reads them; the rest follow by name.
FIRST = (
    "first-30-minutes",
    "moving-from-stripe",
    "clients",
    "api-basics",
    "linking",
    "login-page",
    "customer-portal",
    "branding",
    "payments",
    "going-live",
    "faq",
)
#: For those who change the portal, not for those who use it.
LEFT_OUT = frozenset({"dependencies", "performance", "security", "README"})
#: The guides are trusted text; raw HTML is off all the same, as none of them has any.
_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")


@dataclass(frozen=True)
class Chapter:
    """What stands below one heading, without markup; `id` is empty above the first one."""

    id: str
    title: str
    text: str


@dataclass(frozen=True)
class Guide:
    """A page of the folder."""

    slug: str
    title: str
    html: Markup
    chapters: tuple[Chapter, ...]


@cache
def list_guides() -> tuple[Guide, ...]:
    """Every guide, in the order in which they are listed."""
    names = sorted(file.stem for file in FOLDER.glob("*.md") if file.stem not in LEFT_OUT)
    names.sort(key=lambda name: FIRST.index(name) if name in FIRST else len(FIRST))
    return tuple(_build_guide(name, (FOLDER / f"{name}.md").read_text("utf-8")) for name in names)


def find_guide(slug: str) -> Guide | None:
    """The guide of an address."""
    return next((each for each in list_guides() if each.slug == slug), None)


def _build_guide(slug: str, source: str) -> Guide:
    tokens = _MARKDOWN.parse(source)
    _number_headings(tokens)
    for token in tokens:
        token.children = token.children and list(_resolve_links(token.children))
    html = _MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {})
    # a block that is wider than a phone is scrolled by keys as well
    html = html.replace("<pre>", '<pre tabindex="0">')
    # the corner of a table whose rows have names is no heading of anything
    html = html.replace("<th></th>", "<td></td>")
    chapters = tuple(_split_chapters(html))
    return Guide(slug, chapters[0].title, Markup(html), chapters)  # noqa: S704 - our own text, see _MARKDOWN


def _number_headings(tokens: list[Token]) -> None:
    """Give each heading but the first an id made of its words, as the Markdown viewers of repositories do."""
    for token, inline in pairwise(tokens):
        if token.type == "heading_open" and token.tag != "h1":
            token.attrSet("id", slug_of(inline.content))


def slug_of(heading: str) -> str:
    """`Statement of account` as `statement-of-account`."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _resolve_links(tokens: list[Token]) -> Iterator[Token]:
    """The tokens with links among guides made to their addresses; files that are no guide lose their link."""
    led = True
    for token in tokens:
        if token.type == "link_open":
            link = _resolve_link(str(token.attrGet("href")))
            led = link is not None
            token.attrSet("href", link or "")
        if led or token.type not in {"link_open", "link_close"}:
            yield token


def _resolve_link(link: str) -> str | None:
    page, hash, anchor = link.partition("#")
    if page.endswith(".md") and "/" not in page and page.removesuffix(".md") not in LEFT_OUT:
        return page.removesuffix(".md") + hash + anchor
    return link if not page or page.startswith(("https://", "http://", "/")) else None


def _split_chapters(html: str) -> list[Chapter]:
    parts = re.split(r'<h([1-6])(?: id="([^"]*)")?>(.*?)</h\1>', html, flags=re.DOTALL)
    found = zip(parts[2::4], parts[3::4], parts[4::4], strict=True)
    return [Chapter(id or "", _plain_text(title), _plain_text(text)) for id, title, text in found]


def _plain_text(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())
